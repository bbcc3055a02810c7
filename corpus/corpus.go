// Package corpus holds migration streams that real QEMUs wrote, each with the
// command that made it and with the verdict that follows from that command.
//
// The streams are zstd-compressed in streams/, described by manifest.json, and
// embedded. `make corpus` records them anew. Nothing in the manifest was ever
// computed by the code that the corpus tests.
//
// Beside them stand vectors, made by hand: payloads with their schemas, and whole
// streams.
package corpus

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/klauspost/compress/zstd"
)

//go:embed manifest.json streams vectors stream-vectors
var files embed.FS

// Manifest is manifest.json.
type Manifest struct {
	Entries []Entry `json:"entries"`
}

// Entry is one stream.
type Entry struct {
	Name     string   `json:"name"`
	Kind     string   `json:"kind"`            // "stream": recorded from a live QEMU
	File     string   `json:"file"`            // within this folder
	QEMU     string   `json:"qemu"`            // the version that wrote it
	Setup    string   `json:"setup,omitempty"` // makes the files that Command needs
	Command  string   `json:"command"`         // records the stream
	SHA256   string   `json:"sha256"`          // of the stream, uncompressed
	Bytes    int64    `json:"bytes"`           // of the stream, uncompressed
	Expected Expected `json:"expected"`        // follows from Command
}

// Expected is what a right answer about a stream says.
type Expected struct {
	Verdict string  `json:"verdict"`          // pass, fail or undecided
	Class   string  `json:"class,omitempty"`  // of the error, if the verdict is fail
	Offset  *int64  `json:"offset,omitempty"` // of the error, if the verdict is fail
	Queues  []Queue `json:"queues,omitempty"` // these must be found; others may be
	// AbsentQueues are paths at which there must be no queue at all.
	AbsentQueues []string `json:"absent_queues,omitempty"`
	// Devices are identification strings of sections that must be found.
	Devices []string `json:"devices,omitempty"`
}

// Queue is a queue of known length.
type Queue struct {
	Path     string `json:"path"`
	Elements int    `json:"elements"`
}

// Entries returns the manifest's entries, sorted by name.
func Entries() ([]Entry, error) {
	text, err := files.ReadFile("manifest.json")
	if err != nil {
		return nil, err
	}
	var manifest Manifest
	if err := json.Unmarshal(text, &manifest); err != nil {
		return nil, fmt.Errorf("corpus/manifest.json: %w", err)
	}
	return manifest.Entries, nil
}

// Open returns the uncompressed stream after comparing it with the manifest.
func (e Entry) Open() ([]byte, error) {
	packed, err := files.ReadFile(e.File)
	if err != nil {
		return nil, err
	}
	decoder, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1))
	if err != nil {
		return nil, err
	}
	defer decoder.Close()
	stream, err := decoder.DecodeAll(packed, nil)
	if err != nil {
		return nil, fmt.Errorf("corpus/%s: %w", e.File, err)
	}
	if sum := sha256.Sum256(stream); hex.EncodeToString(sum[:]) != e.SHA256 || int64(len(stream)) != e.Bytes {
		return nil, fmt.Errorf("corpus/%s: not the stream that the manifest describes", e.File)
	}
	return stream, nil
}
