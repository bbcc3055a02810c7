package savevm

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"vmconform/impl/jsonwriter"
)

func TestDescWriter(t *testing.T) {
	w := NewDescWriter(jsonwriter.JSONWriter, []byte(`{"vmsd_name": "configuration", "version": 1, "fields": []}`), 4096)
	w.Device("d/\"x\"", 0xffffffff, []byte(`{"vmsd_name": "v", "version": 3, "fields": []}`))
	old := w.OldStyle("old", 2, 10)
	copied := w.Copy([]byte(`{"name":"c"}`))
	text := string(w.Text())
	assert.Equal(t, `{"configuration": {"vmsd_name": "configuration", "version": 1, "fields": []}, "page_size": 4096, "devices": [`+
		`{"name": "d/\"x\"", "instance_id": 4294967295, "vmsd_name": "v", "version": 3, "fields": []}, `+
		`{"name": "old", "instance_id": 2, "size": 10, "fields": [{"name": "data", "size": 10, "type": "buffer"}]}, {"name":"c"}]}`, text)
	assert.Equal(t, `{"name": "old", "instance_id": 2, "size": 10, "fields": [{"name": "data", "size": 10, "type": "buffer"}]}`, text[old.From:old.To])
	assert.Equal(t, `{"name":"c"}`, text[copied.From:copied.To])

	w = NewDescWriter(jsonwriter.QJSON, nil, 0)
	device := w.Device("d", 0, []byte(`{ "vmsd_name" : "v" }`))
	assert.EqualValues(t, len(`{ "devices" : [ `), device.From)
	assert.Equal(t, `{ "devices" : [ { "name" : "d", "instance_id" : 0, "vmsd_name" : "v" } ] }`, string(w.Text()))
	assert.Equal(t, []byte("x\x06\x00\x00\x00\x02{}"), AppendVMDesc([]byte("x"), []byte("{}")))
}

// A description that is given stands for the one that is there, with its length.
func TestReencodeWithDescription(t *testing.T) {
	s := machine().dev(0, "d", 0, "abc").done()
	got := parse(t, s.b)
	text := s.b[got.VMDescOffset+5 : got.End]
	diff, n := got.Differs(Again{VMDesc: text})
	assert.Equal(t, int64(-1), diff)
	assert.Equal(t, int64(len(text)), n.VMDesc)
	assert.Equal(t, int64(3), n.Copied) // the payload
	assert.Equal(t, int64(len(s.b)), n.Total())

	other := append([]byte{}, text...)
	other[7] ^= 1
	diff, _ = got.Differs(Again{VMDesc: other})
	assert.Equal(t, got.VMDescOffset+5+7, diff)
	diff, _ = got.Differs(Again{VMDesc: text[1:]})
	assert.Equal(t, got.VMDescOffset+4, diff) // its length
	diff, n = got.Differs(Again{VMDesc: []byte{}})
	require.Equal(t, got.VMDescOffset+4, diff)
	assert.Zero(t, n.VMDesc)
}
