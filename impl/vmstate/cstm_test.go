package vmstate_test

import (
	"errors"
	"fmt"
	"testing"
	"unsafe"

	"vmconform/impl/vmstate"
	"vmconform/rules"
)

// A pascal string: one length byte, then the bytes. The meta data is the
// longest length allowed.
var infoPascal = &vmstate.Info{Name: "pascal", Min: 1}

func getPascal(l *vmstate.Loader, meta any, p unsafe.Pointer, _ uint32) error {
	at := l.Offset()
	n, err := l.Take(1)
	if err != nil {
		return err
	}
	if int(n[0]) > meta.(int) {
		return l.Fail(rules.OutOfRange, rules.CountRange, at, "too long")
	}
	b, err := l.Take(int(n[0]))
	if err != nil {
		return fmt.Errorf("the string: %w", err)
	}
	if string(b) == "bad" {
		return errHook
	}
	s := (*string)(p)
	old := *s
	l.OnUndo(func() { *s = old })
	*s = string(b)
	return nil
}

func putPascal(s *vmstate.Saver, _ any, p unsafe.Pointer) error {
	str := *(*string)(p)
	s.Write(byte(len(str)))
	if str == "bad" {
		return errHook
	}
	s.Write([]byte(str)...)
	return nil
}

func pascal(name string, flags vmstate.Flags) vmstate.Field {
	f := vmstate.CSTMField(name, 0, unsafe.Sizeof(""), 0, infoPascal, 5, getPascal, putPascal)
	f.Flags |= flags
	return f
}

func TestCSTM(t *testing.T) {
	var got string
	d := one(pascal("s", 0))
	loads(t, d, &got, "02 6869")
	same(t, got, "hi")
	saves(t, d, &got, "02 6869")
}

func TestCSTMErrors(t *testing.T) {
	type object struct{ a, b string }
	d := one(pascal("a", 0), pascal("b", 0))
	d.Fields[1].Offset = unsafe.Offsetof(object{}.b)
	for _, c := range []struct {
		stream string
		want   verdict
	}{
		{"", verdict{rules.Truncated, 0, "a"}},
		{"01 41", verdict{rules.Truncated, 2, "b"}},
		{"01 41 02 42", verdict{rules.Truncated, 4, "b"}}, // in a wrapper of the hook's
		{"01 41 06 424242424242", verdict{rules.OutOfRange, 2, "b"}},
		{"01 41 03 626164", verdict{rules.Hook, 6, "b"}},
		{"01 41 01 42 00", verdict{rules.TrailingData, 4, ""}},
	} {
		obj := object{"x", "y"}
		_, err := load(d, &obj, wire(t, c.stream), 1)
		refused(t, err, c.want)
		if _, ok := err.(*rules.Error); !ok {
			t.Fatalf("a %T", err)
		}
		same(t, obj, object{"x", "y"})
	}
	obj := object{"x", "bad"}
	_, err := vmstate.Save(d, unsafe.Pointer(&obj), 1, vmstate.SaveOptions{})
	refused(t, err, verdict{rules.Hook, 3, "b"})
	if !errors.Is(err, errHook) {
		t.Fatal(err)
	}
}

// CSTM combines with ARRAY, POINTER and ARRAY_OF_POINTER.
func TestCSTMArraysAndPointers(t *testing.T) {
	two := func(flags vmstate.Flags) *vmstate.Description {
		f := pascal("s", flags)
		f.Flags &^= vmstate.Single
		f.Num = 2
		return one(f)
	}
	x, y := "x", "y"
	var array [2]string
	loads(t, two(vmstate.Array), &array, "01 78 01 79")
	same(t, array, [2]string{x, y})
	saves(t, two(vmstate.Array), &array, "01 78 01 79")
	_, err := load(two(vmstate.Array), &array, wire(t, "01 41 01"), 1)
	refused(t, err, verdict{rules.Truncated, 3, "s[1]"})
	same(t, array, [2]string{x, y})

	pointer := new(string)
	d := one(pascal("s", vmstate.Pointer))
	loads(t, d, &pointer, "01 78")
	same(t, *pointer, "x")
	saves(t, d, &pointer, "01 78")
	pointer = nil
	_, err = load(d, &pointer, wire(t, "01 78"), 1)
	refused(t, err, verdict{rules.OutOfRange, 0, "s"})

	to := &[2]string{}
	loads(t, two(vmstate.Array|vmstate.Pointer), &to, "01 78 01 79")
	same(t, *to, [2]string{x, y})
	saves(t, two(vmstate.Array|vmstate.Pointer), &to, "01 78 01 79")

	of := [2]*string{nil, new(string)}
	loads(t, two(vmstate.Array|vmstate.ArrayOfPointer), &of, "30 01 79")
	same(t, *of[1], "y")
	saves(t, two(vmstate.Array|vmstate.ArrayOfPointer), &of, "30 01 79")
}

// The seed's dispatch order: STRUCT, then CSTM, then Info.
func TestDispatchOrder(t *testing.T) {
	f := pascal("p", vmstate.Struct)
	f.VMSD, f.Info = describePair(), vmstate.InfoUint64
	got := pair{}
	loads(t, one(f), &got, "01 02")
	f.Flags = vmstate.CSTM
	s := ""
	loads(t, one(f), &s, "02 0102")
}

// extend_get receives the field's version_id, not the version of the load.
func TestCSTMGetsTheFieldsVersion(t *testing.T) {
	var seen uint32
	f := vmstate.CSTMField("f", 0, 1, 3, nil, nil,
		func(_ *vmstate.Loader, _ any, _ unsafe.Pointer, v uint32) error { seen = v; return nil },
		func(*vmstate.Saver, any, unsafe.Pointer) error { return nil })
	d := one(f)
	d.VersionID = 7
	loads(t, d, new(uint8), "")
	same(t, seen, 3)
}

// An Info of one's own: a big-endian number of three bytes in a uint32.
func TestInfo(t *testing.T) {
	info := &vmstate.Info{Name: "uint24", Min: 3,
		Get: func(l *vmstate.Loader, p unsafe.Pointer, f *vmstate.Field) error {
			b, err := l.Take(3)
			if err != nil {
				return err
			}
			if b[0] == 0xff {
				return errHook
			}
			l.WillChange(p, 4)
			*(*uint32)(p) = uint32(b[0])<<16 | uint32(b[1])<<8 | uint32(b[2])
			return nil
		},
		Put: func(s *vmstate.Saver, p unsafe.Pointer, f *vmstate.Field) error {
			n := *(*uint32)(p)
			if n > 1<<24-1 {
				return s.Fail(rules.OutOfRange, rules.RoundTrip, "%d in 24 bits", n)
			}
			s.Write(byte(n>>16), byte(n>>8), byte(n))
			return nil
		}}
	d := one(vmstate.Field{Name: "n", Flags: vmstate.Array, Num: 2, Size: 4, Info: info})
	var got [2]uint32
	loads(t, d, &got, "010203 000004")
	same(t, got, [2]uint32{0x10203, 4})
	saves(t, d, &got, "010203 000004")
	_, err := load(d, &got, wire(t, "050607 0000"), 1)
	refused(t, err, verdict{rules.Truncated, 5, "n[1]"})
	_, err = load(d, &got, wire(t, "050607 ff0000"), 1)
	refused(t, err, verdict{rules.Hook, 6, "n[1]"})
	same(t, got, [2]uint32{0x10203, 4})
	got[1] = 1 << 24
	_, err = vmstate.Save(d, unsafe.Pointer(&got), 1, vmstate.SaveOptions{})
	refused(t, err, verdict{rules.OutOfRange, 3, "n[1]"})
}

// A hook that asks for a negative number of bytes, which it took from the
// stream perhaps, gets an error.
func TestTakeNegative(t *testing.T) {
	f := vmstate.CSTMField("f", 0, 1, 0, nil, nil,
		func(l *vmstate.Loader, _ any, _ unsafe.Pointer, _ uint32) error { _, err := l.Take(-1); return err },
		func(*vmstate.Saver, any, unsafe.Pointer) error { return nil })
	_, err := load(one(f), new(uint8), []byte{1}, 1)
	refused(t, err, verdict{rules.OutOfRange, 0, "f"})
}
