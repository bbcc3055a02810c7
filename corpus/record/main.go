// Record records the corpus anew: `go run ./corpus/record [NAME…]` from the
// repository's root. With names, only those streams are recorded; entries that
// are not recorded stay as they are.
package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"

	"vmconform/corpus"
	"vmconform/internal/record"
)

// perStream bounds one recording; a few tenths of a second is usual.
const perStream = time.Minute

func main() {
	dir := flag.String("C", "corpus", "the corpus's `folder`")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *dir, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "record:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, dir string, names []string) error {
	for _, name := range names {
		if !slices.ContainsFunc(recipes(), func(r recipe) bool { return r.entryName() == name }) {
			return fmt.Errorf("there is no recipe called %s", name)
		}
	}
	entries, err := corpus.Entries()
	if err != nil {
		return err
	}
	inputs, err := os.MkdirTemp("", "conform-corpus-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(inputs)

	for _, r := range recipes() {
		name := r.entryName()
		if len(names) > 0 && !slices.Contains(names, name) {
			continue
		}
		entry, packed, err := r.record(ctx, dir, inputs)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		fmt.Printf("%-24s %9d bytes, %6d packed\n", name, entry.Bytes, packed)
		entries = slices.DeleteFunc(entries, func(e corpus.Entry) bool { return e.Name == name })
		entries = append(entries, entry)
	}
	slices.SortFunc(entries, func(a, b corpus.Entry) int { return cmp.Compare(a.Name, b.Name) })
	return writeManifest(filepath.Join(dir, "manifest.json"), entries)
}

// record makes one stream and writes its file.
func (r recipe) record(ctx context.Context, dir, inputs string) (entry corpus.Entry, packed int, err error) {
	ctx, cancel := context.WithTimeout(ctx, perStream)
	defer cancel()
	command, setup, err := r.command(inputs)
	if err != nil {
		return entry, 0, err
	}
	var stream bytes.Buffer
	version, err := record.RecordTo(ctx, record.Options{
		Args: command, Env: r.install().Env(), Commands: r.commands, Stderr: os.Stderr,
	}, &stream)
	if err != nil {
		return entry, 0, err
	}
	if !strings.HasPrefix(version.String(), r.release()+".") {
		return entry, 0, fmt.Errorf("the %s QEMU is %s, the recipe is for %s", r.qemu, version, r.release())
	}
	sum := sha256.Sum256(stream.Bytes())
	entry = corpus.Entry{
		Name:     r.entryName(),
		Kind:     "stream",
		File:     r.file(),
		QEMU:     strings.TrimSpace(version.String() + " " + version.Package),
		Setup:    setup,
		Command:  r.commandLine(),
		SHA256:   hex.EncodeToString(sum[:]),
		Bytes:    int64(stream.Len()),
		Expected: r.expected,
	}
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return entry, 0, err
	}
	file := encoder.EncodeAll(stream.Bytes(), nil)
	return entry, len(file), os.WriteFile(filepath.Join(dir, entry.File), file, 0o666)
}

func writeManifest(path string, entries []corpus.Entry) error {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(corpus.Manifest{Entries: entries}); err != nil {
		return err
	}
	return os.WriteFile(path, text.Bytes(), 0o666)
}
