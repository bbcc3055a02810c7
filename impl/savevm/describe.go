package savevm

import (
	"bytes"
	"encoding/binary"

	"vmconform/impl/jsonwriter"
)

// A DescWriter writes the description that ends a stream, in the order in which
// QEMU does: what describes a vmsd is given, as an object in the same style.
type DescWriter struct {
	w *jsonwriter.Writer
}

// NewDescWriter begins a description. The configuration is nil before QEMU 10,
// pageSize 0 where none is to be given.
func NewDescWriter(style *jsonwriter.Style, configuration []byte, pageSize int) *DescWriter {
	w := jsonwriter.New(style)
	w.Object("")
	if configuration != nil {
		w.Value("configuration", configuration)
	}
	if pageSize > 0 {
		w.Int("page_size", int64(pageSize))
	}
	w.Array("devices")
	return &DescWriter{w}
}

// Device describes a section by the vmsd that wrote it. Like OldStyle and Copy
// it returns where its object stands in the text.
func (d *DescWriter) Device(name string, instanceID uint32, vmsd []byte) Range {
	from := d.open(name, instanceID)
	d.w.Members(vmsd)
	d.w.EndObject()
	return d.since(from)
}

// OldStyle describes a section that no vmsd wrote, of a payload of size bytes.
func (d *DescWriter) OldStyle(name string, instanceID uint32, size int64) Range {
	from := d.open(name, instanceID)
	d.w.Int("size", size)
	d.w.Array("fields")
	d.w.Object("")
	d.w.String("name", "data")
	d.w.Int("size", size)
	d.w.String("type", "buffer")
	d.w.EndObject()
	d.w.EndArray()
	d.w.EndObject()
	return d.since(from)
}

// Copy takes the object of a device as it is.
func (d *DescWriter) Copy(device []byte) Range {
	d.w.Value("", device)
	return d.since(len(d.w.Text) - len(device))
}

// open begins the object of a device, and returns where.
func (d *DescWriter) open(name string, instanceID uint32) int {
	d.w.Object("")
	from := bytes.LastIndexByte(d.w.Text, '{')
	d.w.String("name", name)
	d.w.Int("instance_id", int64(instanceID))
	return from
}

func (d *DescWriter) since(from int) Range { return Range{int64(from), int64(len(d.w.Text))} }

// Text ends the description and returns it.
func (d *DescWriter) Text() []byte {
	d.w.EndArray()
	d.w.EndObject()
	return d.w.Text
}

// AppendVMDesc appends the record of a description's text.
func AppendVMDesc(b, text []byte) []byte {
	return append(appendVMDescHead(b, len(text)), text...)
}

func appendVMDescHead(b []byte, size int) []byte {
	return binary.BigEndian.AppendUint32(append(b, KindVMDesc), uint32(size))
}
