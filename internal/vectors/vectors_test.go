package vectors

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"vmconform/corpus"
	"vmconform/rules"
)

func set(t *testing.T) (map[string][]byte, Index) {
	t.Helper()
	files, err := Set()
	require.NoError(t, err)
	all := map[string][]byte{}
	for _, f := range files {
		require.NotContains(t, all, f.Name)
		all[f.Name] = f.Bytes
	}
	var x Index
	require.NoError(t, json.Unmarshal(all["index.json"], &x))
	return all, x
}

// The set is the corpus, and the index lists what is in it: each vector is read again
// here from its file alone.
func TestSetIsTheCorpus(t *testing.T) {
	all, x := set(t)
	again, _ := set(t)
	require.Equal(t, all, again)
	want := map[string][]byte{}
	payloads, err := corpus.Vectors()
	require.NoError(t, err)
	for _, v := range payloads {
		want["payload/"+v.ID+".vector"] = v.Payload
	}
	streams, err := corpus.StreamVectors()
	require.NoError(t, err)
	for _, v := range streams {
		want["stream/"+v.ID+".vector"] = v.Stream
	}
	require.Len(t, x.Files, len(want))
	require.Len(t, all, len(want)+len(x.Others))
	for _, name := range x.Others {
		require.Contains(t, all, name)
	}
	readme := string(all["README.md"])
	met := map[rules.ID]map[bool]bool{}
	for i, e := range x.Files {
		require.True(t, i == 0 || x.Files[i-1].File < e.File)
		header, b, ok := bytes.Cut(all[e.File], []byte("\n\n"))
		require.True(t, ok)
		require.True(t, bytes.Equal(want[e.File], b), e.File)
		sum := sha256.Sum256(b)
		require.Equal(t, hex.EncodeToString(sum[:]), e.SHA256)
		require.Equal(t, len(b), e.Bytes)
		keys := map[string]string{}
		for line := range strings.SplitSeq(string(header), "\n") {
			key, value, ok := strings.Cut(line, ": ")
			require.True(t, ok, line)
			require.NotContains(t, keys, key)
			require.Contains(t, readme, "| `"+key+"` |")
			keys[key] = value
		}
		require.Equal(t, e.ID, keys["id"])
		require.Equal(t, string(e.Kind), keys["kind"])
		require.Equal(t, e.Expect, keys["expect"])
		require.Equal(t, e.Class, keys["class"])
		require.Equal(t, e.Note, keys["note"])
		require.Equal(t, e.Kind == Payload, keys["schema"] != "")
		require.Equal(t, e.Kind == Payload && e.Expect == "accept", keys["value"] != "")
		require.Equal(t, e.Class != "" || e.Note != "", e.Offset != nil)
		require.Contains(t, []string{"accept", "refuse"}, e.Expect)
		for _, r := range e.Rules {
			if met[r] == nil {
				met[r] = map[bool]bool{}
			}
			met[r][e.Expect == "accept" && e.Note == ""] = true
		}
	}
	for _, c := range rules.Classes {
		require.Contains(t, readme, "`"+string(c)+"`")
	}
	require.Len(t, x.Rules, len(met))
	both := 0
	for _, kinds := range met {
		if len(kinds) == 2 {
			both++
		}
	}
	require.Greater(t, both, len(met)*3/4) // the others are of what no single stream shows
	require.Contains(t, string(all["json-form.md"]), "DOCUMENT  = ")
	require.Contains(t, string(all["json-form.md"]), "1,048,576")
	require.NotContains(t, string(all["json-form.md"]), "](")
}

func TestIndexFitsItsSchema(t *testing.T) {
	all, _ := set(t)
	s, err := jsonschema.NewCompiler().Compile("../../docs/vectors.schema.json")
	require.NoError(t, err)
	x, err := jsonschema.UnmarshalJSON(bytes.NewReader(all["index.json"]))
	require.NoError(t, err)
	require.NoError(t, s.Validate(x))
}

// The checker of the README, with the example adapter in the place of one's own, finds
// every payload right that it supports, and notices one that is not.
func TestCheckerOfTheREADME(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip("python3 is not installed: apt-get install python3")
	}
	all, _ := set(t)
	_, rest, ok := strings.Cut(string(all["README.md"]), "## A checker\n\nof payloads:\n\n")
	require.True(t, ok)
	var code strings.Builder
	for line := range strings.Lines(rest) {
		if line != "\n" && !strings.HasPrefix(line, "    ") {
			break
		}
		code.WriteString(strings.TrimPrefix(line, "    "))
	}
	adapters, err := filepath.Abs("../../examples/adapters/python")
	require.NoError(t, err)
	mine := `sys.path.insert(0, ` + "r'" + adapters + "'" + `)
    import adapter
    try:
        schema, l = adapter.read_schema(schema), adapter.Load(payload)
        value = schema.fresh()
        schema.judge(version, l.refuse)
        l.vmsd(schema, value, version)
        return value, l.at
    except adapter.Skipped:
        raise NotImplementedError
    except adapter.Refused as e:
        raise Refused(e.reply["class"], e.reply["offset"], e.reply["path"])
`
	text := strings.Replace(code.String(), "raise NotImplementedError\n", mine, 1)
	require.NotEqual(t, code.String(), text)
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "check.py"), []byte(text), 0o600))
	files, err := Set()
	require.NoError(t, err)
	require.NoError(t, Write(filepath.Join(dir, "set"), files))
	run := func() (string, error) {
		cmd := exec.Command(python, "-B", filepath.Join(dir, "check.py"), filepath.Join(dir, "set"))
		cmd.Stderr = os.Stderr
		out, err := cmd.Output()
		return string(out), err
	}
	out, err := run()
	require.NoError(t, err, out)
	require.NotContains(t, out, "WRONG")
	require.Greater(t, strings.Count(out, "right "), 50, out)

	name := filepath.Join(dir, "set", "payload", "pending-events.vector")
	b, err := os.ReadFile(name)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(name, b[:len(b)-1], 0o600))
	out, err = run()
	require.Error(t, err)
	require.Contains(t, out, "WRONG pending-events refused: ('truncated', ")
}

func TestWrite(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "set")
	files, err := Set()
	require.NoError(t, err)
	require.NoError(t, Write(dir, files))
	count := func() (n int) {
		require.NoError(t, filepath.WalkDir(filepath.Dir(dir), func(_ string, e os.DirEntry, err error) error {
			if !e.IsDir() {
				n++
			}
			return err
		}))
		return n
	}
	require.Equal(t, len(files), count())
	require.NoError(t, Write(dir, files[:3])) // an earlier set is replaced, whole
	require.Equal(t, 3, count())
	require.ErrorContains(t, Write(dir, files), "no set of vectors") // it has no index
	require.NoError(t, os.RemoveAll(dir))
	require.NoError(t, os.Mkdir(dir, 0o777))
	require.NoError(t, Write(dir, files))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "payload", "mine"), nil, 0o666))
	require.ErrorContains(t, Write(dir, files), filepath.Join("payload", "mine")+" in it is no part")
	require.Equal(t, len(files)+1, count())

	// What cannot be written leaves nothing.
	other := filepath.Join(filepath.Dir(dir), "other")
	require.Error(t, Write(other, []File{{"a", nil}, {"a/b", nil}}))
	require.Equal(t, len(files)+1, count())
	require.NoDirExists(t, other)
	require.Error(t, Write(filepath.Join(dir, "README.md"), files))
	require.Error(t, Write(filepath.Join(dir, "no", "such"), files))
}
