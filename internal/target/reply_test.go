package target

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"vmconform/internal/target/targettest"
	"vmconform/model"
	"vmconform/props"
	"vmconform/props/gen"
)

// judged is what the product says of a reply: to a hello, or to a load of a queue or
// a save.
func judged(h Hello, line string) error {
	if strings.Contains(line, `"protocol"`) {
		_, err := parseHello([]byte(line))
		return err
	}
	r, err := h.parseReply([]byte(line))
	switch {
	case err != nil || r.ok.members == nil:
		return err
	case r.ok.has("stream"):
		_, err = saved(r.ok)
	default:
		_, err = h.loaded(r.ok, queue)
	}
	return err
}

const (
	aHello   = `{"id":0,"ok":{"protocol":1,"name":"a","language":"C","version":"1","ops":["load","save"],"types":["uint8"],"features":["arrays"],"offsets":true}}`
	aLoad    = `{"id":1,"ok":{"value":{"l":[{"x":5}]},"consumed":3,"notes":[{"rule":"qtailq/marker-canonical","offset":0,"path":"l[0]"}]}}`
	aSave    = `{"id":1,"ok":{"stream":"AQUA"}}`
	aRefusal = `{"id":1,"error":{"class":"truncated","offset":4,"path":"l[1]","message":"so"}}`
	aSkip    = `{"id":1,"skipped":"why"}`
)

// replies are good ones, and changes that make each bad.
var replies = []struct {
	good string
	bad  [][2]string
}{
	{aHello, [][2]string{
		{`"id":0`, `"id":1`}, {`"id":0,`, ``}, {`"id":0`, `"id":"0"`}, {`"id":0`, `"id":0,"x":1`},
		{`"protocol":1`, `"protocol":2`}, {`"protocol":1`, `"protocol":"1"`}, {`"name":"a",`, ``}, {`"name":"a"`, `"name":""`}, {`"name":"a"`, `"name":7`},
		{`"name":"a"`, `"name":"` + strings.Repeat("a", 61) + `"`}, {`"language":"C",`, ``}, {`"version":"1",`, ``}, {`"version":"1"`, `"version":1`},
		{`["load","save"]`, `[]`}, {`["load","save"]`, `["load","load"]`}, {`["load","save"]`, `"load"`}, {`["load","save"]`, `["load","hello"]`}, {`"ops":["load","save"],`, ``},
		{`["uint8"]`, `["uint7","uint8"]`}, {`["uint8"]`, `["uint16"]`}, {`["uint8"]`, `[]`}, {`["uint8"]`, `["uint8","uint8"]`}, {`["uint8"]`, `null`}, {`["uint8"]`, `["uint8",1]`},
		{`["arrays"]`, `["array"]`}, {`["arrays"]`, `["arrays","arrays"]`}, {`["arrays"]`, `{}`},
		{`"offsets":true`, `"offsets":"true"`}, {`"offsets":true`, `"offsets":null`}, {`"offsets":true`, `"offset":true`},
	}},
	{aLoad, [][2]string{
		{`"id":1`, `"id":-1`}, {`"id":1`, `"id":1.5`}, {`"id":1`, `"id":null`}, {`"id":1,`, ``}, {`"id":1`, `"id":1,"op":"load"`},
		{`"ok":{`, `"skipped":"x","ok":{`}, {`"ok":{`, `"error":{"class":"limit"},"ok":{`}, {`"ok":{`, `"OK":{`},
		{`"value":{"l":[{"x":5}]},`, ``}, {`{"l":[{"x":5}]}`, `null`}, {`{"l":[{"x":5}]}`, `[]`}, {`,"consumed":3`, ``}, {`"consumed":3`, `"consumed":-3`},
		{`"consumed":3`, `"consumed":"3"`}, {`"consumed":3`, `"consumed":3,"stream":""`},
		{`[{"rule"`, `[7,{"rule"`}, {`"rule":"qtailq/marker-canonical",`, ``}, {`qtailq/marker-canonical`, `marker`}, {`"offset":0`, `"offset":-1`}, {`"offset":0`, `"offset":0,"at":1`},
		{`"path":"l[0]"`, `"path":0`}, {`"notes":[`, `"notes":"`},
	}},
	{aSave, [][2]string{
		{`"AQUA"`, `"AQU"`}, {`"AQUA"`, `"AQU*"`}, {`"AQUA"`, `"AQUA\n"`}, {`"AQUA"`, `"AQU\nA"`}, {`"AQUA"`, `null`}, {`"AQUA"`, `[1,5,0]`}, {`"AQUA"`, `"AQ-_"`}, {`"stream":"AQUA"`, ``},
		{`"stream":"AQUA"`, `"stream":"AQUA","consumed":3`}, {`{"stream":"AQUA"}`, `"AQUA"`},
	}},
	{aRefusal, [][2]string{
		{`"class":"truncated",`, ``}, {`"truncated"`, `"cut"`}, {`"truncated"`, `"framing"`}, {`"truncated"`, `7`}, {`"offset":4`, `"offset":-4`}, {`"offset":4`, `"offset":"4"`},
		{`"offset":4`, `"offset":4.5`}, {`"offset":4`, `"offset":null`}, {`"path":"l[1]"`, `"path":null`}, {`"message":"so"`, `"message":5`}, {`"message":"so"`, `"msg":"so"`},
		{`{"class"`, `[{"class"`},
	}},
	{aSkip, [][2]string{{`"why"`, `""`}, {`"why"`, `true`}, {`"why"`, `"why","ok":{}`}, {`"skipped":"why"`, ``}, {`,"skipped":"why"`, ``}}},
}

// Schema and code say the same of every reply, good or bad.
func TestSchemaAndCodeAgree(t *testing.T) {
	s := protocol(t)
	full, err := parseHello([]byte(`{"id":0,"ok":` + targettest.Everything + `}`))
	require.NoError(t, err)
	bySchema := func(line string) error {
		x, err := jsonschema.UnmarshalJSON(strings.NewReader(line))
		if err != nil {
			return err
		}
		return s.Validate(x)
	}
	n := 0
	for _, r := range replies {
		require.NoError(t, judged(full, r.good), r.good)
		require.NoError(t, bySchema(r.good), r.good)
		for _, c := range r.bad {
			bad := strings.Replace(r.good, c[0], c[1], 1)
			require.NotEqual(t, r.good, bad, c[0])
			require.Error(t, judged(full, bad), bad)
			require.Error(t, bySchema(bad), bad)
			n++
		}
	}
	require.Greater(t, n, 60)
}

// What the schema lists is what the code knows.
func TestSchemaListsEverything(t *testing.T) {
	text, err := os.ReadFile("../../docs/protocol.schema.json")
	require.NoError(t, err)
	document, err := os.ReadFile("../../docs/protocol.md")
	require.NoError(t, err)
	type enum struct{ Enum []string }
	var schema struct {
		Defs struct {
			Type  enum
			Hello struct {
				Properties struct {
					OK struct {
						Properties struct{ Features struct{ Items enum } }
					}
				}
			}
			Refused struct {
				Properties struct {
					Error struct{ Properties struct{ Class enum } }
				}
			}
		} `json:"$defs"`
	}
	require.NoError(t, json.Unmarshal(text, &schema))
	var types, names, list []string
	for typ := model.TypeBool; typ <= model.TypeValidate; typ++ {
		types = append(types, typ.String())
	}
	for name := range features {
		names = append(names, name)
	}
	for _, c := range classes {
		list = append(list, string(c))
	}
	require.ElementsMatch(t, types, schema.Defs.Type.Enum)
	require.ElementsMatch(t, names, schema.Defs.Hello.Properties.OK.Properties.Features.Items.Enum)
	require.ElementsMatch(t, list, schema.Defs.Refused.Properties.Error.Properties.Class.Enum)
	for _, word := range slices.Concat(types, names, list) {
		require.Contains(t, string(document), "`"+word+"`")
	}
}

// What the schema cannot say, the code does.
func TestBeyondTheSchema(t *testing.T) {
	s := protocol(t)
	full, err := parseHello([]byte(`{"id":0,"ok":` + targettest.Everything + `}`))
	require.NoError(t, err)
	for _, c := range [][3]string{
		{aLoad, `{"l":[{"x":5}]}`, `{"l":[{"y":5}]}`},
		{aLoad, `{"l":[{"x":5}]}`, `{"l":[{"x":"5"}]}`},
		{aLoad, `{"l":[{"x":5}]}`, `{"l":[{"x":5}],"m":1}`},
		{aLoad, `{"x":5}`, `{"x":5,"x":5}`},
		{aLoad, `"consumed":3`, `"consumed":3,"consumed":3`},
		{aLoad, `"offset":0,`, ``},
		{aLoad, `,"path":"l[0]"`, ``},
		{aRefusal, `"offset":4,`, ``},
		{aRefusal, `"path":"l[1]",`, ``},
		{aRefusal, `"so"`, "\"\xff\""},
		{aSkip, `}`, `} {}`},
		{aSave, `"AQUA"`, `"AQB="`}, // bits beyond the last byte
	} {
		bad := strings.Replace(c[0], c[1], c[2], 1)
		require.NotEqual(t, c[0], bad)
		require.Error(t, judged(full, bad), bad)
		if x, err := jsonschema.UnmarshalJSON(strings.NewReader(bad)); err == nil && !strings.Contains(bad, "\xff") {
			require.NoError(t, s.Validate(x), bad)
		}
	}
	for _, line := range []string{"", " ", "null", "7", "[]", "hello", `{"id":1`, `{"id":1,"ok":{}}x`} {
		_, err := full.parseReply([]byte(line))
		require.Error(t, err, line)
	}
}

// What a hello does not promise may be left out.
func TestHello(t *testing.T) {
	h, err := parseHello([]byte(aHello))
	require.NoError(t, err)
	all := gen.Counts | gen.Rooms | gen.Pointers | gen.Subsections | gen.SelfReference | gen.Versions | gen.Locals | gen.Conditions | gen.Hooks | gen.Elements
	require.Equal(t, Hello{Name: "a", Language: "C", Version: "1", caps: props.Caps{
		Types: []model.Type{model.TypeUint8}, Never: all, NoPaths: true, NoNotes: true, NoLimits: true, Apart: true,
	}}, h)
	require.NoError(t, judged(h, strings.Replace(aRefusal, `,"path":"l[1]"`, ``, 1)))
	require.Error(t, judged(h, strings.Replace(aRefusal, `"offset":4,`, ``, 1)))
	only, err := parseHello([]byte(strings.Replace(aHello, `"load","save"`, `"save"`, 1)))
	require.NoError(t, err)
	require.True(t, only.caps.NoLoad)
	require.False(t, only.caps.NoSave)
	h, err = parseHello([]byte(`{"id":0,"ok":{"protocol":1,"name":"a","language":"C","version":"1","ops":["load"]}}`))
	require.NoError(t, err)
	require.Equal(t, props.Caps{NoSave: true, NoOffsets: true, NoPaths: true, NoNotes: true, Apart: true}, h.caps)
	require.NoError(t, judged(h, `{"id":1,"error":{"class":"limit"}}`))
}
