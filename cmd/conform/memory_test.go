package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"vmconform/internal/qmp"
	"vmconform/internal/record"
	"vmconform/internal/record/recordtest"
	"vmconform/internal/report"
)

// countingBIOS is a blank BIOS but for loops of our own, which add one to a byte
// of each page from 64 KiB to 576 KiB, four million times:
//
//	       mov dx, 40h
//	outer: mov cx, 0ffffh
//	start: mov ax, 1000h
//	next:  mov ds, ax
//	       inc byte [0]
//	       add ax, 100h
//	       cmp ax, 9000h
//	       jb next
//	       dec cx
//	       jnz start
//	       dec dx
//	       jnz outer
//	       hlt
//
// The reset vector, 16 bytes from the end, jumps there: F000:0000.
func countingBIOS() []byte {
	bios := make([]byte, 64<<10)
	copy(bios, "\xba\x40\x00\xb9\xff\xff\xb8\x00\x10\x8e\xd8\xfe\x06\x00\x00\x05\x00\x01\x3d\x00\x90\x72\xf2\x49\x75\xec\x4a\x75\xe6\xf4")
	copy(bios[0xfff0:], "\xea\x00\x00\x00\xf0")
	return bios
}

// Guest memory in files is what QEMU says the memory of the guest is: the one
// that the stream comes from, stopped, or one that has loaded the stream.
func TestMemoryIsTheGuests(t *testing.T) {
	const contentsAt, contentsSize = 4 << 20, 3 << 20
	for _, c := range []struct {
		name, target, block string
		only                string // of the installed releases
		machine             []string
		commands            []string
		from, to            int64 // physical addresses of memory that lies in the block at the same offsets
		loaded              bool
		kind                string // of pages that have to be there
	}{
		{name: "pc", target: "x86_64", block: "pc.ram", machine: []string{"-machine", "pc", "-m", "16M"}, from: 1 << 20, to: 16 << 20, kind: "normal"},
		{name: "pseries", target: "ppc64", block: "ppc_spapr.ram", machine: []string{"-machine", "pseries", "-m", "256M"}, to: 256 << 20, kind: "normal"},
		{name: "compress", target: "x86_64", block: "pc.ram", machine: []string{"-machine", "pc", "-m", "16M"}, from: 1 << 20, to: 16 << 20,
			only: "system", commands: []string{"migrate_set_capability compress on", "cont"}, kind: "compressed"}, // QEMU 9.1 gave it up
		{name: "xbzrle", target: "x86_64", block: "pc.ram", machine: []string{"-machine", "pc", "-m", "16M"}, from: 0, to: 640 << 10,
			commands: []string{"migrate_set_capability xbzrle on", "migrate_set_parameter max-bandwidth 4M", "migrate_set_parameter downtime-limit 1", "cont"},
			only:     "qemu10", loaded: true, kind: "xbzrle"}, // 7.2 is through before a page is sent for the third time
	} {
		for _, install := range record.Installs() {
			if c.only != "" && c.only != install.Name {
				continue
			}
			t.Run(c.name+" on "+install.Name, func(t *testing.T) {
				dir := t.TempDir()
				at := func(name string) string { return filepath.Join(dir, name) }
				contents := make([]byte, contentsSize)
				rand.NewChaCha8([32]byte{1}).Read(contents)
				clear(contents[1<<20 : 2<<20])
				copy(contents[2<<20:], bytes.Repeat([]byte("to be compressed"), 1<<15))
				require.NoError(t, os.WriteFile(at("contents"), contents, 0o666))
				require.NoError(t, os.WriteFile(at("bios"), countingBIOS(), 0o666))
				args := append(c.machine, "-nodefaults", "-device", fmt.Sprintf("loader,addr=%#x,force-raw=on,file=%s", contentsAt, at("contents")))
				if c.target == "x86_64" {
					args = append(args, "-bios", at("bios"))
				}
				qemu := recordtest.Need(t, install.Name, c.target, args...)
				for _, hmp := range c.commands {
					qemu.Commands = append(qemu.Commands, record.Command{HMP: hmp})
				}
				save := record.Command{QMP: json.RawMessage(fmt.Sprintf(`{"execute":"pmemsave","arguments":{"val":%d,"size":%d,"filename":%q}}`, c.from, c.to-c.from, at("saved")))}
				if !c.loaded {
					qemu.Commands = append(qemu.Commands, save)
				}
				var stream bytes.Buffer
				_, err := record.RecordTo(t.Context(), qemu, &stream)
				require.NoError(t, err)
				if c.loaded {
					require.NoError(t, os.WriteFile(at("vm.bin"), stream.Bytes(), 0o666))
					qemu.Commands = []record.Command{save}
					require.NoError(t, record.Load(t.Context(), qemu, at("vm.bin")))
				}

				status, out, errs := conform(t, stream.Bytes(), "show", "-", "ram")
				require.Zero(t, status, errs)
				require.Contains(t, out, c.kind)
				status, _, errs = conform(t, stream.Bytes(), "check", "-")
				require.Zero(t, status, errs)
				status, _, errs = conform(t, stream.Bytes(), "show", "-", "--ram", at("mem"))
				require.Zero(t, status, errs)
				got, err := os.ReadFile(filepath.Join(at("mem"), c.block+".raw"))
				require.NoError(t, err)
				want, err := os.ReadFile(at("saved"))
				require.NoError(t, err)
				require.True(t, bytes.Equal(want, got[c.from:c.to]))
				require.True(t, bytes.Equal(contents, got[contentsAt:][:contentsSize]))
			})
		}
	}
}

// With mapped-ram each page has its place in the file, multifd or not.
func TestMappedMemoryIsTheGuests(t *testing.T) {
	const contentsAt = 4 << 20
	for _, capabilities := range [][]string{{"mapped-ram"}, {"mapped-ram", "multifd"}} {
		t.Run(strings.Join(capabilities, "+"), func(t *testing.T) {
			dir := t.TempDir()
			at := func(name string) string { return filepath.Join(dir, name) }
			contents := make([]byte, 3<<20)
			rand.NewChaCha8([32]byte{2}).Read(contents)
			clear(contents[1<<20 : 2<<20])
			require.NoError(t, os.WriteFile(at("contents"), contents, 0o666))
			require.NoError(t, os.WriteFile(at("blank"), make([]byte, 64<<10), 0o666))
			qemu := recordtest.Need(t, "qemu10", "x86_64", "-machine", "pc", "-m", "16M", "-nodefaults", "-bios", at("blank"),
				"-device", fmt.Sprintf("loader,addr=%#x,force-raw=on,file=%s", contentsAt, at("contents")))
			saveToFile(t, qemu, at("vm.bin"), capabilities, at("qmp"))

			status, out, errs := conform(t, nil, "check", "--format", "json", at("vm.bin"))
			require.Zero(t, status, out+errs)
			f := unmarshal[report.Check](t, out).Files[0]
			require.Equal(t, report.Identical, f.Roundtrip)
			require.Empty(t, f.Findings)
			for _, d := range f.Devices {
				require.Equal(t, "full", d.Decoded, d.Name)
			}
			status, _, errs = conform(t, nil, "show", at("vm.bin"), "--ram", at("mem"))
			require.Zero(t, status, errs)
			got, err := os.ReadFile(filepath.Join(at("mem"), "pc.ram.raw"))
			require.NoError(t, err)
			want := make([]byte, 16<<20)
			copy(want[contentsAt:], contents)
			require.True(t, bytes.Equal(want[1<<20:], got[1<<20:]))
		})
	}
}

// saveToFile has a QEMU migrate to a file by itself, which mapped-ram needs.
func saveToFile(t *testing.T, qemu record.Options, file string, capabilities []string, socket string) {
	t.Helper()
	listener, err := net.Listen("unix", socket)
	require.NoError(t, err)
	defer listener.Close()
	c := exec.CommandContext(t.Context(), qemu.Args[0], append(qemu.Args[1:], "-S", "-display", "none", "-qmp", "unix:"+socket)...)
	c.Env = append(os.Environ(), qemu.Env...)
	require.NoError(t, c.Start())
	defer c.Wait()
	defer c.Process.Kill()
	conn, err := listener.Accept()
	require.NoError(t, err)
	client, err := qmp.New(t.Context(), conn)
	require.NoError(t, err)
	defer client.Close()
	var list []map[string]any
	for _, name := range append(capabilities, "events") {
		list = append(list, map[string]any{"capability": name, "state": true})
	}
	_, err = client.Execute(t.Context(), "migrate-set-capabilities", map[string]any{"capabilities": list})
	require.NoError(t, err)
	_, err = client.Execute(t.Context(), "migrate", map[string]string{"uri": "file:" + file})
	require.NoError(t, err)
	for status := ""; status != "completed"; {
		event, err := client.NextEvent(t.Context())
		require.NoError(t, err)
		var data struct{ Status string }
		if event.Name == "MIGRATION" {
			require.NoError(t, json.Unmarshal(event.Data, &data))
		}
		require.NotEqual(t, "failed", data.Status)
		status = data.Status
	}
}
