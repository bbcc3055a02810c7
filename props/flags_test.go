package props

import (
	"testing"

	"vmconform/bind"
	"vmconform/impl/vmstate"
	"vmconform/props/gen"

	"github.com/stretchr/testify/require"
)

// flags are those of the reference. What a schema says is laid out in all of the
// ways that the flags allow.
var flags = map[string]vmstate.Flags{
	"Single": vmstate.Single, "Pointer": vmstate.Pointer, "Array": vmstate.Array, "Struct": vmstate.Struct,
	"VArrayInt32": vmstate.VArrayInt32, "Buffer": vmstate.Buffer, "ArrayOfPointer": vmstate.ArrayOfPointer,
	"VArrayUint16": vmstate.VArrayUint16, "VBuffer": vmstate.VBuffer, "Multiply": vmstate.Multiply,
	"VArrayUint8": vmstate.VArrayUint8, "VArrayUint32": vmstate.VArrayUint32, "MustExist": vmstate.MustExist,
	"Alloc": vmstate.Alloc, "MultiplyElements": vmstate.MultiplyElements, "VStruct": vmstate.VStruct,
	"CSTM": vmstate.CSTM, "MarkAlways": vmstate.MarkAlways,
}

// Beside the flags: what else a description can say, and CSTM combined.
var shapes = map[string]func(f vmstate.Field) bool{
	"predicate": func(f vmstate.Field) bool { return f.Exists != nil },
	"VALIDATE": func(f vmstate.Field) bool {
		return f.Flags&vmstate.MustExist != 0 && f.Flags&vmstate.Array != 0 && f.Num == 0
	},
	"count of another type":      func(f vmstate.Field) bool { return f.NumType != 0 },
	"array of heads":             func(f vmstate.Field) bool { return f.Flags&vmstate.CSTM != 0 && f.Flags&vmstate.Array != 0 },
	"pointer to a head":          func(f vmstate.Field) bool { return f.Flags&vmstate.CSTM != 0 && f.Flags&vmstate.Pointer != 0 },
	"array of pointers to heads": func(f vmstate.Field) bool { return f.Flags&vmstate.CSTM != 0 && f.Flags&vmstate.ArrayOfPointer != 0 },
	"counted array of heads":     func(f vmstate.Field) bool { return f.Flags&vmstate.CSTM != 0 && f.Flags&vmstate.VArray != 0 },
	"counted array in place":     func(f vmstate.Field) bool { return f.Flags&vmstate.VArray != 0 && f.Flags&vmstate.Alloc == 0 },
	"buffer of fixed room":       func(f vmstate.Field) bool { return f.Flags&vmstate.VBuffer != 0 && f.Flags&vmstate.Alloc == 0 },
}

// A property says nothing of a flag that is never drawn: each is in three schemas
// of a thousand at least, and most are in far more.
func TestEveryFlagIsDrawn(t *testing.T) {
	const (
		draws = 1000
		floor = 3
	)
	count := map[string]int{}
	cases := gen.Cases(gen.Space{Depth: 3})
	for i := range draws {
		c, err := bind.Bind(cases.Example(i).Schema)
		require.NoError(t, err)
		has := map[string]bool{}
		describe(c.Description, map[*vmstate.Description]bool{}, has)
		for label, is := range has {
			if is {
				count[label]++
			}
		}
	}
	t.Log(count)
	for name := range flags {
		require.GreaterOrEqual(t, count[name], floor, name)
	}
	for name := range shapes {
		require.GreaterOrEqual(t, count[name], floor, name)
	}
	for name, info := range map[string]*vmstate.Info{
		"timer": vmstate.InfoTimer, "CPU_Double_U": vmstate.InfoCPUDouble, "nullptr": vmstate.InfoNullptr,
		"uint8 equal": vmstate.InfoUint8Equal, "uint16 equal": vmstate.InfoUint16Equal, "uint32 equal": vmstate.InfoUint32Equal,
		"int64 equal": vmstate.InfoUint64Equal, "int32 equal": vmstate.InfoInt32Equal, "int32 le": vmstate.InfoInt32LE,
	} {
		require.Equal(t, name, info.Name)
		require.GreaterOrEqual(t, count[name], floor, name)
	}
	for _, name := range []string{"qtailq", "qlist", "gtree", "tmp", "bitmap", "unused_buffer", "buffer", "bool", "uint8", "int64"} {
		require.GreaterOrEqual(t, count[name], floor, name)
	}
}

// describe labels what a description says, and all that it reaches.
func describe(d *vmstate.Description, seen map[*vmstate.Description]bool, has map[string]bool) {
	if d == nil || seen[d] {
		return
	}
	seen[d] = true
	for _, f := range d.Fields {
		for name, flag := range flags {
			has[name] = has[name] || f.Flags&flag != 0
		}
		for name, is := range shapes {
			has[name] = has[name] || is(f)
		}
		if f.Info != nil {
			has[f.Info.Name] = true
		}
		describe(f.VMSD, seen, has)
		if m, ok := f.Meta.(vmstate.Describer); ok {
			for _, e := range m.Descriptions() {
				describe(e, seen, has)
			}
		}
	}
	for _, s := range d.Subsections {
		describe(s, seen, has)
	}
}
