package check

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"vmconform/bind"
	"vmconform/impl/savevm"
	"vmconform/impl/vmstate"
	"vmconform/internal/report"
	"vmconform/rules"
)

// A description is the stream's own, and the one that is written again beside
// the devices' bytes.
type description struct {
	text    []byte
	dialect *vmstate.Dialect
	again   map[*savevm.Section][]byte // what the engine wrote of a vmsd
}

// newDescription returns nil where the stream has no description to compare
// with.
func newDescription(s *savevm.Stream) *description {
	at := s.VMDescOffset + descHeadSize
	if s.VMDescOffset < 0 || s.VMDesc == nil || at+s.VMDescSize != s.End {
		return nil
	}
	d := &description{text: s.Bytes[at:s.End], again: map[*savevm.Section][]byte{}}
	d.dialect = bind.DialectOf(s.VMDesc, d.text)
	return d
}

const descHeadSize = 5 // 06 be32

func (d *description) part(r savevm.Range) []byte { return d.text[r.From:r.To] }

// description writes the whole description again, copying what no engine wrote,
// and compares it with the stream's. It returns the text, nil where that is
// another; differs says that it is, and should not be: a device's description
// that is of another number of bytes than were saved is not of these bytes.
func (c *checker) description() (text []byte, differs bool) {
	d, s := c.desc, c.stream
	r := &report.VMDesc{Dialect: d.dialect.Name, Roundtrip: report.Identical, Bytes: int64(len(d.text))}
	c.file.VMDesc = r

	var config []byte
	if s.VMDesc.Configuration != nil {
		if config = c.configuration(); config != nil {
			r.Reencoded += int64(len(config))
		} else {
			config = d.part(s.VMDesc.ConfigurationText)
			r.Copied += int64(len(config))
		}
	}
	w := savevm.NewDescWriter(d.dialect.Style, config, s.VMDesc.PageSize)
	written := map[*savevm.Device]savevm.Range{}
	var sections []*savevm.Section // that are described, once each
	for sec := range s.Sections {
		dev := sec.Device
		if _, again := written[dev]; dev == nil || again {
			continue
		}
		switch vmsd := d.again[sec]; {
		case vmsd != nil:
			written[dev] = w.Device(sec.Name, sec.InstanceID, vmsd)
			r.Reencoded += int64(len(vmsd))
		case dev.VMSD == nil && sec.Complete():
			written[dev] = w.OldStyle(sec.Name, sec.InstanceID, sec.PayloadSize)
		default:
			written[dev] = w.Copy(d.part(dev.Text))
			r.Copied += dev.Text.To - dev.Text.From
		}
		sections = append(sections, sec)
	}
	text = w.Text()
	if bytes.Equal(text, d.text) {
		return text, false
	}
	r.Roundtrip = report.Differs
	found := false
	compare := func(path string, own []byte, theirs savevm.Range, why string) bool {
		if bytes.Equal(own, d.part(theirs)) {
			return false
		}
		found = true
		if why == "" || !c.hasFinding(rules.VMDescElements, path) {
			c.descDiffers(path, own, d.part(theirs), theirs.From, why)
		}
		return why == ""
	}
	if s.VMDesc.Configuration != nil {
		differs = compare("configuration", config, s.VMDesc.ConfigurationText, "")
	}
	for _, sec := range sections {
		r := written[sec.Device]
		own, why := text[r.From:r.To], ""
		if d.again[sec] != nil && wireSize(own) != sec.Device.VMSD.WireSize() {
			why = fmt.Sprintf("it is of %d bytes, the section has %d; ", sec.Device.VMSD.WireSize(), sec.PayloadSize)
		}
		differs = compare(sec.Path(), own, sec.Device.Text, why) || differs
	}
	if !found {
		differs = true
		c.descDiffers("", text, d.text, 0, "")
	}
	return nil, differs
}

// wireSize is the number of bytes that a device's object is of.
func wireSize(device []byte) int64 {
	d, err := savevm.ParseVMDesc(slices.Concat([]byte(`{"devices": [`), device, []byte(`]}`)))
	if err != nil {
		return -1
	}
	return d.Devices[0].VMSD.WireSize()
}

func (c *checker) hasFinding(id rules.ID, under string) bool {
	return slices.ContainsFunc(c.file.Findings, func(x report.Finding) bool {
		return x.Rule == id && strings.HasPrefix(x.Path, under+"/")
	})
}

// descDiffers says where a part of the description, which stands at from in its
// text, is another than the one that was written.
func (c *checker) descDiffers(path string, own, theirs []byte, from int64, why string) {
	at := differAt(own, theirs)
	c.add(report.Finding{
		Rule: rules.VMDescRoundTrip, Path: path, Offset: c.stream.VMDescOffset + descHeadSize + from + at,
		Message: fmt.Sprintf("%swritten again in the dialect %s, the description differs from here on: %s, not %s",
			why, c.desc.dialect.Name, excerpt(own, at), excerpt(theirs, at)),
	})
}

// excerpt quotes what stands at an offset.
func excerpt(text []byte, at int64) string {
	const most = 32
	text = text[at:]
	if len(text) > most {
		return fmt.Sprintf("%q…", text[:most])
	}
	return fmt.Sprintf("%q", text)
}

// configuration loads and saves the configuration record, and returns its
// description; nil if it is not what its description says.
func (c *checker) configuration() []byte {
	cfg := c.stream.Config
	if cfg == nil {
		return nil
	}
	d, err := bind.Describe(c.stream.VMDesc.Configuration, 0)
	if err != nil || d.Closed {
		return nil
	}
	record := c.stream.Bytes[cfg.Offset+1 : cfg.Offset+cfg.Size]
	_, saved, err := c.reference.LoadAndDescribe(d, record, d.Schema.Version, c.desc.dialect)
	if err != nil || !bytes.Equal(saved.Stream, record) {
		return nil
	}
	return saved.VMDesc
}
