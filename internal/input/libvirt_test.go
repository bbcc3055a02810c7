package input

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"vmconform/impl/savevm"
	"vmconform/internal/check"
	"vmconform/internal/report"
	"vmconform/rules"
)

// image makes a save image by the table of the wire format.
func image(order binary.ByteOrder, magic string, packing uint32, described, body []byte) []byte {
	var b bytes.Buffer
	b.WriteString(magic)
	for _, v := range []uint32{2, uint32(len(described)), 1, packing, 20} {
		binary.Write(&b, order, v)
	}
	b.Write(make([]byte, 14*4))
	b.Write(described)
	b.Write(body)
	return b.Bytes()
}

// The description of a domain with a cookie and zeros behind it.
var domain = append([]byte("<domain type='qemu'\x00<cookie/>"), make([]byte, 65537)...)

func TestLibvirt(t *testing.T) {
	want := stream(t, "none-7.2")
	packings := map[uint32]string{0: "none", 1: "gzip", 3: "xz", 5: "zstd", 6: "none"} // bzip2 has no writer: see the recorded ones
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		for number, name := range packings {
			body := want
			if name != "none" {
				body = pack(t, name, want)
			}
			b := image(order, "LibvirtQemudSave", number, domain, body)
			got, s := unwrapped(t, b)
			require.True(t, bytes.Equal(want, got))
			require.Equal(t, "libvirt", s.Container)
			require.Equal(t, name, s.Compression)
			require.Empty(t, s.Findings())
			if name == "none" {
				require.EqualValues(t, 92+len(domain), *s.Offset)
				require.EqualValues(t, len(want), s.Size)
				open, err := Open(file(t, b), nil)
				require.NoError(t, err)
				defer open.Close()
				head := make([]byte, 4)
				_, err = open.File.ReadAt(head, *open.Offset)
				require.NoError(t, err)
				require.Equal(t, "QEVM", string(head))
			} else {
				require.Nil(t, s.Offset)
				require.Nil(t, s.File)
			}

			b = image(order, "LibvirtQemudPart", number, domain, body)
			got, s = unwrapped(t, pack(t, "gzip", b))
			require.True(t, bytes.Equal(want, got))
			require.Nil(t, s.Offset)
			x := only(t, s)
			require.Equal(t, rules.LibvirtIncomplete, x.Rule)
			require.Equal(t, rules.SeverityWarning, x.Severity)
		}
	}
	_, err := Open(Stdin, bytes.NewReader(image(binary.LittleEndian, "LibvirtQemudSave", 4, domain, []byte("\x89LZO\x00"))))
	require.ErrorContains(t, err, fmt.Sprintf(": tail -c +%d FILE | lzop -dc | conform check -", 92+len(domain)+1))
}

// A sparse image holds a stream of mapped-ram, whose offsets count from the first
// byte of the image, however that is read.
func TestSparseImage(t *testing.T) {
	be32 := func(b []byte, v uint32) []byte { return binary.BigEndian.AppendUint32(b, v) }
	be64 := func(b []byte, v uint64) []byte { return binary.BigEndian.AppendUint64(b, v) }
	named := func(b []byte, name string) []byte { return append(append(b, byte(len(name))), name...) }
	b := be32([]byte("QEVM"), 3)
	b = append(be32(append(b, 7), 1), 'm')
	b = be32(be32(named(append(b, 5), "configuration/capabilities"), 1), 1)
	b = named(b, "mapped-ram")
	b = be32(be32(named(be32(append(b, 1), 2), "ram"), 0), 4)
	b = be64(named(be64(b, 4096|4), "a"), 4096)
	origin := uint64(92 + len(domain))
	bitmap := origin + uint64(len(b)) + 4 + 3*8
	b = be64(be64(be64(be32(b, 1), 4096), bitmap), bitmap+8)
	b = append(binary.LittleEndian.AppendUint64(b, 1), make([]byte, 4096)...)
	b = be32(append(be64(b, 0x10), 0x7e), 2)
	b = be32(append(be64(be32(append(b, 3), 2), 0x10), 0x7e), 2)
	sparse := image(binary.LittleEndian, "LibvirtQemudSave", 6, domain, append(b, 0))
	for name, r := range map[string]struct {
		name string
		in   []byte
	}{
		"a file":          {file(t, sparse), nil},
		"a pipe":          {Stdin, sparse},
		"packed":          {file(t, pack(t, "gzip", sparse)), nil},
		"packed, a pipe":  {Stdin, pack(t, "zstd", sparse)},
		"packed in a row": {file(t, pack(t, "xz", pack(t, "gzip", sparse))), nil},
	} {
		t.Run(name, func(t *testing.T) {
			src, _, err := Read(r.name, bytes.NewReader(r.in), savevm.ReadOptions{})
			require.NoError(t, err)
			defer src.Close()
			s, err := savevm.ParseSource(src, nil, savevm.Options{})
			require.NoError(t, err)
			require.Equal(t, int64(1), s.Items[0].Section.RAM.Normal)
		})
	}
}

func TestLibvirtThatIsWrong(t *testing.T) {
	body := stream(t, "none-7.2")
	whole := image(binary.LittleEndian, "LibvirtQemudSave", 0, domain, body)
	for name, c := range map[string]struct {
		off  int
		with []byte
		want string
	}{
		"version":         {16, []byte{3, 0, 0, 0}, "its version is 0x03000000 in either byte order, not 2"},
		"compression":     {28, []byte{7, 0, 0, 0}, "its compression 7 is not known"},
		"not compressed":  {28, []byte{1, 0, 0, 0}, "packed by gzip, which it is not"},
		"another":         {28, []byte{2, 0, 0, 0}, "packed by bzip2, which it is not"},
		"of 4 GiB":        {20, []byte{255, 255, 255, 255}, fmt.Sprintf("inside the 4294967295 bytes of its description, after %d", len(domain)+len(body))},
		"one byte longer": {20, binary.LittleEndian.AppendUint32(nil, uint32(len(domain)+len(body)+1)), "inside the"},
		"and no stream":   {20, binary.LittleEndian.AppendUint32(nil, uint32(len(domain)+len(body))), "it is empty"},
	} {
		b := bytes.Clone(whole)
		copy(b[c.off:], c.with)
		_, err := Open(file(t, b), nil)
		require.ErrorContains(t, err, c.want, name)
		require.NotContains(t, err.Error(), "\n")
	}
	for n := 16; n < 92; n++ {
		_, err := Open(Stdin, bytes.NewReader(whole[:n]))
		require.ErrorContains(t, err, "it is cut inside its header of 92 bytes")
	}
	for _, n := range []int{92, 100, 92 + len(domain) - 1} {
		_, err := Open(file(t, whole[:n]), nil)
		require.ErrorContains(t, err, fmt.Sprintf("it is cut inside the %d bytes of its description, after %d", len(domain), n-92))
	}
}

// What libvirt wrote, by each of its ways of packing.
func TestLibvirtImages(t *testing.T) {
	raw := recorded(t, "libvirt-raw.img")
	at := bytes.Index(raw, []byte("QEVM")) // it is not in the XML
	want := raw[at:]
	for name, packing := range map[string]string{"raw": "none", "gzip": "gzip", "bzip2": "bzip2", "xz": "xz"} {
		got, s := unwrapped(t, recorded(t, "libvirt-"+name+".img"))
		require.Equal(t, "libvirt", s.Container)
		require.Equal(t, packing, s.Compression)
		require.Empty(t, s.Findings())
		if name == "raw" {
			require.EqualValues(t, at, *s.Offset)
			require.True(t, bytes.Equal(want, got))
		}
		f, err := check.Stream(got, check.Options{Strict: true})
		require.NoError(t, err)
		require.Equal(t, report.Pass, f.Verdict, "%v", f.Findings)
		require.Equal(t, report.Identical, f.Roundtrip)
		require.Empty(t, f.Findings)
	}
	_, err := Open(Stdin, bytes.NewReader(recorded(t, "libvirt-lzop.img")))
	require.ErrorContains(t, err, fmt.Sprintf("tail -c +%d FILE | lzop -dc", at+1))

	// Zeros behind the stream are no reason to warn.
	got, s := unwrapped(t, append(bytes.Clone(raw), make([]byte, 1<<16)...))
	f, err := check.Stream(got, check.Options{Strict: true, Wrapping: s.Findings()})
	require.NoError(t, err)
	require.Equal(t, report.Pass, f.Verdict)
	require.Len(t, f.Findings, 1)
	require.Equal(t, rules.SeverityNote, f.Findings[0].Severity)
}

func TestNames(t *testing.T) {
	want := stream(t, "none-7.2")
	folder := t.TempDir()
	t.Chdir(folder)
	require.NoError(t, os.WriteFile("a#b", want, 0o666))
	require.NoError(t, os.Mkdir("d", 0o777))
	got, _, err := read("a#b", nil)
	require.NoError(t, err)
	require.Equal(t, want, got)
	for name, text := range map[string]string{
		"d":         "d: this is a directory",
		"d#x":       "d#x: no such file",
		"missing":   "missing: no such file",
		"missing#x": "missing#x: no such file",
		"#x":        "#x: no such file",
		"a#b#c":     "a#b#c: no such file, and a#b is no qcow2 image with snapshots",
	} {
		_, err := Open(name, nil)
		require.EqualError(t, err, text)
	}
}

// A CPR channel is told from a stream.
func TestCPR(t *testing.T) {
	fd := func(name string, id uint32) string {
		var b strings.Builder
		b.WriteByte(1)
		binary.Write(&b, binary.BigEndian, uint32(len(name)+1))
		b.WriteString(name + "\x00")
		binary.Write(&b, binary.BigEndian, id)
		return b.String() + "\x20"
	}
	head := "QCPR\x00\x00\x00\x01"
	two := head + fd("pc.ram", 0) + fd("vfio", 7)
	what := "this is the CPR channel of a QEMU, not its stream; "
	for b, want := range map[string]string{
		head + "\x00":                 what + "it holds no descriptors",
		two + "\x00":                  what + `it holds 2 descriptors: "pc.ram" 0, "vfio" 7`,
		two + "\x00\x05":              what + `it holds 2 descriptors: "pc.ram" 0, "vfio" 7`,
		two:                           what + `it is cut behind 2 descriptors ("pc.ram" 0, "vfio" 7)`,
		two[:len(two)-1]:              what + `it is cut behind 1 descriptors ("pc.ram" 0)`,
		head + "\x01\x00\x00\x00\x00": what + `a name of 0 bytes behind 0 descriptors ()`,
		head + "\x01\xff\xff\xff\xff": what + `a name of 4294967295 bytes behind 0 descriptors ()`,
		strings.Replace(two, "ram\x00", "ram1", 1):      what + `something else than a name and a descriptor behind 0 descriptors ()`,
		strings.Replace(two, "\x20", "\x30", 1):         what + `something else than a name and a descriptor behind 0 descriptors ()`,
		"QCPR\x00\x00\x00\x02":                          what + `its version is 2, not 1 behind 0 descriptors ()`,
		"QCPR":                                          what + `it is cut behind 0 descriptors ()`,
		head + strings.Repeat(fd("m", 1), 100) + "\x00": what + "it holds 100 descriptors: " + strings.Repeat(`"m" 1, `, 32) + "…",
	} {
		_, err := Open(Stdin, strings.NewReader(b))
		require.EqualError(t, err, "standard input: "+want)
	}
	// What QEMU sends.
	_, err := Open(Stdin, bytes.NewReader(recorded(t, "cpr-10.0.bin")))
	require.EqualError(t, err, "standard input: "+what+`it holds 6 descriptors: "/rom@etc/acpi/rsdp" 0, "/rom@etc/table-loader" 0, `+
		`"/rom@etc/acpi/tables" 0, "pc.rom" 0, "pc.bios" 0, "ram0" 0`)
}
