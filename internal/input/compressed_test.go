package input

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"vmconform/rules"
)

func TestAsItIs(t *testing.T) {
	want := stream(t, "none-7.2")
	got, s := unwrapped(t, want)
	require.Equal(t, want, got)
	require.Equal(t, "qemu", s.Container)
	require.Equal(t, "none", s.Compression)
	require.Equal(t, new(int64), s.Offset)
	require.EqualValues(t, len(want), s.Size)
	require.NotNil(t, s.File)
	require.Empty(t, s.Findings())
}

// The commands that people use pack it; ours unpacks it.
func TestWhatCommandsPack(t *testing.T) {
	want := stream(t, "microvm-7.2")
	for _, command := range []string{
		"gzip -c", "gzip -1c", "gzip -9c",
		"zstd -qc", "zstd -q -19 -c", "zstd -q --long=27 -c", "zstd -q --no-check -c", "zstd -q -T2 -B65536 -c", "pzstd -qc",
		"xz -c", "xz -0c", "xz -9ec", "xz -C none -c", "xz -C crc32 -c", "xz -C sha256 -c", "xz -T2 --block-size=9000 -c",
		"bzip2 -c", "bzip2 -1c",
		"lz4 -qc", "lz4 -q -9 -c", "lz4 -q -B4 -BD -c", "lz4 -q --content-size -c", "lz4 -q --no-frame-crc -c",
	} {
		words := strings.Fields(command)
		t.Run(command, func(t *testing.T) {
			if _, err := exec.LookPath(words[0]); err != nil {
				if os.Getenv("CI") == "true" {
					t.Fatal(err)
				}
				t.Skip(err)
			}
			run := func(b []byte) []byte {
				name := file(t, b) // a file, so that its length can be written down
				out, err := exec.Command(words[0], append(words[1:], name)...).Output()
				require.NoError(t, err)
				return out
			}
			kind := strings.TrimPrefix(words[0], "p")
			whole := run(want)
			got, s := unwrapped(t, whole)
			require.True(t, bytes.Equal(want, got))
			require.Equal(t, kind, s.Compression)
			require.Equal(t, "qemu", s.Container)
			require.Nil(t, s.Offset)
			require.Nil(t, s.File)
			require.EqualValues(t, -1, s.Size)
			require.Empty(t, s.Findings())

			// One file behind the other.
			got, s = unwrapped(t, append(run(want[:10000]), run(want[10000:])...))
			require.True(t, bytes.Equal(want, got))
			require.Empty(t, s.Findings())

			// Zeros behind it, or anything else, are left out.
			for _, tail := range []string{strings.Repeat("\x00", 4096), "and something that is not packed"} {
				got, s = unwrapped(t, append(bytes.Clone(whole), tail...))
				require.True(t, bytes.Equal(want, got))
				x := only(t, s)
				require.Equal(t, rules.TrailingBytes, x.Rule)
				require.Equal(t, rules.SeverityNote, x.Severity)
				require.EqualValues(t, len(want), x.Offset)
			}

			// A byte that is not what was packed. Without a checksum nothing
			// needs to be said of it.
			if strings.Contains(command, "none") || strings.Contains(command, "no-") {
				return
			}
			for i := len(whole) / 3; i < len(whole); i += len(whole)/9 + 1 {
				b := bytes.Clone(whole)
				b[i] ^= 0x10
				mustSay(t, want, b)
			}
		})
	}
}

// mustSay demands that a file that is not what was packed is said to be broken, or
// gives the same stream.
func mustSay(t *testing.T, want, b []byte) {
	t.Helper()
	got, s, err := read(Stdin, bytes.NewReader(b))
	if err != nil {
		require.NotContains(t, err.Error(), "\n")
		return
	}
	if s.Compression == "none" || bytes.Equal(want, got) {
		return
	}
	x := only(t, s)
	require.Contains(t, []rules.ID{rules.Wrapping, rules.TrailingBytes}, x.Rule)
	require.EqualValues(t, len(got), x.Offset)
}

// Every cut gives what was packed in front of it, and says so.
func TestCuts(t *testing.T) {
	want := stream(t, "none-7.2")
	packed := map[string][]byte{}
	for name := range libraries {
		packed[name] = pack(t, name, want)
	}
	packed["gzip of two"] = append(pack(t, "gzip", want[:300]), pack(t, "gzip", want[300:])...)
	packed["xz of two"] = append(pack(t, "xz", want[:300]), pack(t, "xz", want[300:])...)
	packed["gzip in xz"] = pack(t, "xz", pack(t, "gzip", want))
	for name, b := range packed {
		whole := 0
		for n := range len(b) {
			got, s, err := read(Stdin, iotest.DataErrReader(iotest.OneByteReader(bytes.NewReader(b[:n]))))
			if err != nil {
				require.NotContains(t, err.Error(), "\n")
				continue
			}
			if s.Compression == "none" {
				require.Less(t, n, 8, name)
				continue
			}
			require.True(t, bytes.HasPrefix(want, got), "%s cut at %d", name, n)
			if len(s.Findings()) == 0 {
				whole++ // between two
				require.EqualValues(t, 300, len(got))
				continue
			}
			x := only(t, s)
			require.Equal(t, rules.Wrapping, x.Rule)
			require.Equal(t, rules.SeverityError, x.Severity)
			require.Equal(t, rules.Truncated, x.Class, "%s cut at %d", name, n)
			require.EqualValues(t, len(got), x.Offset)
			if name == "gzip in xz" {
				require.Contains(t, x.Message, "xz: ") // what is inside is only cut by that
			}
		}
		if strings.HasSuffix(name, "of two") {
			require.Equal(t, 1, whole, name)
		} else {
			require.Zero(t, whole, name)
		}
	}
}

// Whatever byte is another, the stream is what it was, or something is said. In what
// follows the contents it always is: checksums, and the lengths and lists behind.
func TestDamage(t *testing.T) {
	want := stream(t, "none-7.2")
	for name, follows := range map[string]int{
		"gzip": 4 + 4,
		"zstd": 4,
		"xz":   8 + 12 + 12, // a CRC64, the index of one block, the footer
		"lz4":  4,
	} {
		b := pack(t, name, want)
		for i := range b {
			with := []byte{0x01, 0x80, 0xff}[i%3]
			b[i] ^= with
			mustSay(t, want, b)
			if i >= len(b)-follows {
				_, s, err := read(Stdin, bytes.NewReader(b))
				require.True(t, err != nil || len(s.Findings()) > 0, "%s at %d of %d", name, i, len(b))
			}
			b[i] ^= with
		}
	}
}

func TestOneInAnother(t *testing.T) {
	want := stream(t, "none-7.2")
	b, names := want, ""
	for i, name := range []string{"zstd", "gzip", "xz", "lz4"} {
		b = pack(t, name, b)
		names = strings.TrimSuffix(name+"+"+names, "+")
		got, s := unwrapped(t, b)
		require.Equal(t, want, got)
		require.Equal(t, names, s.Compression, i)
	}
	_, err := Open(Stdin, bytes.NewReader(pack(t, "gzip", b)))
	require.ErrorContains(t, err, "standard input: the stream is wrapped more than 4 times")
}

// What a header asks for beyond the limit is not taken.
func TestMemory(t *testing.T) {
	// The Frame_Header_Descriptor says that a window follows, of 2^28 bytes.
	zstd := []byte("\x28\xb5\x2f\xfd\x00\x90")
	// A header of 12 bytes: LZMA2 with a dictionary of 2^28 bytes, a checksum; then
	// a chunk.
	block := []byte("\x02\x00\x21\x01\x20\x00\x00\x00")
	xz := append(pack(t, "xz", nil)[:12], block...)
	xz = binary.LittleEndian.AppendUint32(xz, crc32.ChecksumIEEE(block))
	for name, b := range map[string][]byte{"zstd": zstd, "xz": xz} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := Open(Stdin, bytes.NewReader(append(b, make([]byte, 100)...)))
		runtime.ReadMemStats(&after)
		require.ErrorContains(t, err, "it does not unpack to a stream: limit: "+name, name)
		require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(16<<20), name)
	}
}

// Zeros without end, as little as they are: a stream may be long.
func TestBomb(t *testing.T) {
	const size = 20 << 20
	b := pack(t, "gzip", pack(t, "gzip", append([]byte("QEVM"), make([]byte, size-4)...)))
	require.Less(t, len(b), 1000)

	// Opened and read in pieces, it takes no memory that grows with it.
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	s, err := Open(Stdin, bytes.NewReader(b))
	require.NoError(t, err)
	n, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{s}, make([]byte, 1<<16))
	runtime.ReadMemStats(&after)
	require.NoError(t, err)
	require.EqualValues(t, size, n)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(2<<20))
}

// A file that cannot be read is not one that is broken.
func TestReadingFails(t *testing.T) {
	broken := errors.New("the cable is out")
	want := stream(t, "none-7.2")
	all := map[string][]byte{"none": want, "libvirt": recorded(t, "libvirt-raw.img")}
	for name := range libraries {
		all[name] = pack(t, name, want)
	}
	for name, b := range all {
		for _, n := range []int{0, 3, 50, len(b) - 5} {
			_, _, err := read(Stdin, io.MultiReader(bytes.NewReader(b[:n]), iotest.ErrReader(broken)))
			require.ErrorIs(t, err, broken, "%s after %d", name, n)
		}
	}
	// Behind what Open looks at, too.
	long := make([]byte, 4*bufferSize)
	rnd := rand.NewChaCha8([32]byte{})
	rnd.Read(long)
	copy(long, "QEVM")
	for _, b := range [][]byte{long, pack(t, "gzip", long), pack(t, "xz", pack(t, "gzip", long))} {
		s, err := Open(Stdin, io.MultiReader(bytes.NewReader(b[:3*bufferSize]), iotest.ErrReader(broken)))
		require.NoError(t, err)
		_, err = io.ReadAll(s)
		require.ErrorIs(t, err, broken)
	}
}

func TestNothing(t *testing.T) {
	for _, b := range [][]byte{{}, pack(t, "gzip", nil), pack(t, "xz", nil), pack(t, "zstd", nil)} {
		_, err := Open(Stdin, bytes.NewReader(b))
		require.EqualError(t, err, "standard input: it is empty")
	}
}

func TestLzop(t *testing.T) {
	_, err := Open(Stdin, strings.NewReader("\x89LZO\x00\x0d\x0a\x1a\x0a"))
	require.EqualError(t, err, "standard input: the stream is packed by lzop; unpack it first: lzop -dc FILE | conform check -")
}

// Who reads on at the end gets nothing new.
func TestReadingOn(t *testing.T) {
	want := stream(t, "none-7.2")
	for name := range libraries {
		whole := pack(t, name, want)
		for _, b := range [][]byte{append(bytes.Clone(whole), "behind it"...), append(bytes.Clone(whole), whole[:len(whole)-2]...)} {
			s, err := Open(Stdin, bytes.NewReader(b))
			require.NoError(t, err)
			_, err = io.ReadAll(s)
			require.NoError(t, err)
			x := only(t, s)
			for range 3 {
				n, err := s.Read(make([]byte, 100))
				require.Zero(t, n)
				require.Equal(t, io.EOF, err)
			}
			require.Equal(t, x, only(t, s), name)
			s.Close()
		}
	}
}
