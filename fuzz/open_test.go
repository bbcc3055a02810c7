package fuzz

import (
	"bytes"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/zstd"

	"vmconform/internal/input"
	"vmconform/internal/report"
	"vmconform/rules"
)

// mostOpened is how much of what an input unpacks to is read, in bytes.
const mostOpened = 1 << 20

func FuzzOpen(f *testing.F) {
	for _, b := range wrapped(f) {
		f.Add(b)
	}
	for _, b := range cutShort(wrapped(f)) {
		f.Add(b)
	}
	file := filepath.Join(f.TempDir(), "image")
	f.Fuzz(func(t *testing.T, b []byte) {
		defer hangs()()
		got, findings, err := opened(t, input.Stdin, bytes.NewReader(b))
		again, same, err2 := opened(t, input.Stdin, iotest.HalfReader(bytes.NewReader(b)))
		if !bytes.Equal(got, again) || !reflect.DeepEqual(findings, same) || (err == nil) != (err2 == nil) {
			t.Fatalf("in pieces it is another: %d bytes, %v, %v; %d bytes, %v, %v", len(got), findings, err, len(again), same, err2)
		}
		if bytes.HasPrefix(b, []byte("QFI\xfb")) { // read here and there, from files alone
			if err := os.WriteFile(file, b, 0o666); err != nil {
				t.Fatal(err)
			}
			opened(t, file, nil)
			opened(t, file+"#first", nil) // what the seed has
		}
	})
}

// opened reads what a file unpacks to, and fails unless it can be said in one line
// what is wrong with it.
func opened(t *testing.T, name string, stdin io.Reader) ([]byte, []report.Finding, error) {
	t.Helper()
	s, err := input.Open(name, stdin)
	if err != nil {
		if text := err.Error(); text == "" || strings.Contains(text, "\n") {
			t.Fatalf("not one line: %q", text)
		}
		return nil, nil, err
	}
	defer s.Close()
	b, err := io.ReadAll(io.LimitReader(s, mostOpened))
	if err != nil {
		t.Fatal(err)
	}
	if len(b) == mostOpened {
		return b, nil, nil // there may be more
	}
	for _, x := range s.Findings() {
		switch {
		case x.Rule == rules.LibvirtIncomplete && x.Offset == 0:
		case x.Rule == rules.TrailingBytes && x.Offset <= int64(len(b)):
		case x.Rule == rules.Wrapping && x.Class != "" && x.Offset == int64(len(b)):
		default:
			t.Fatalf("%d bytes: %+v", len(b), x)
		}
	}
	return b, s.Findings(), nil
}

// wrapped are streams in wrappings of all kinds: what the commands make of four
// letters, an image of libvirt's of the same, and what package input keeps of real
// ones, packed. The qcow2 image is there as it is, too.
func wrapped(tb testing.TB) [][]byte {
	tb.Helper()
	var all [][]byte
	for _, text := range []string{
		"1f8b0800000000000003" + "0b740df305000f3f28c004000000",
		"28b52ffd" + "04582100005145564de1b76e7f",
		"fd377a585a00" + "0004e6d6b4460200210116000000742fe5a30100035145564d008045469f729ed82700011c046f2c9cc11fb6f37d010000000004595a",
		"425a6839" + "314159265359038a84c30000010600020221002000219a68334d32bc5dc914e142400e2a130c",
		"04224d18" + "6440a7040000805145564d00000000e7357cb1",
		"894c5a4f" + "000d0a1a0a",
		"51435052" + "0000000101000000027000" + "0000000720" + "00",
	} {
		b, err := hex.DecodeString(text)
		if err != nil {
			tb.Fatal(err)
		}
		all = append(all, b)
	}
	image := append([]byte("LibvirtQemudPart\x02\x00\x00\x00\x04"), make([]byte, 92-21)...)
	all = append(all, append(image, "<d/>QEVM"...))
	names, err := filepath.Glob("../internal/input/testdata/*.zst")
	if err != nil || len(names) == 0 {
		tb.Fatalf("no wrappings: %v", err)
	}
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			tb.Fatal(err)
		}
		all = append(all, b)
		if strings.HasSuffix(name, ".qcow2.zst") {
			d, err := zstd.NewReader(nil)
			if err != nil {
				tb.Fatal(err)
			}
			defer d.Close()
			if b, err = d.DecodeAll(b, nil); err != nil {
				tb.Fatal(err)
			}
			all = append(all, b)
		}
	}
	return all
}

// The seeds reach what they are meant to.
func TestSeedsOfWrappings(t *testing.T) {
	containers, compressions := map[string]bool{}, map[string]bool{}
	for _, b := range wrapped(t) {
		name := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(name, b, 0o666); err != nil {
			t.Fatal(err)
		}
		if bytes.HasPrefix(b, []byte("QFI\xfb")) {
			name += "#first"
		}
		if s, err := input.Open(name, nil); err == nil {
			containers[s.Container], compressions[s.Compression] = true, true
			s.Close()
		}
	}
	want := map[string]bool{"none": true, "gzip": true, "zstd": true, "xz": true, "bzip2": true, "lz4": true,
		"zstd+gzip": true, "zstd+xz": true, "zstd+bzip2": true}
	if !reflect.DeepEqual(compressions, want) || !reflect.DeepEqual(containers, map[string]bool{"qemu": true, "libvirt": true, "qcow2": true}) {
		t.Fatal(compressions, containers)
	}
}
