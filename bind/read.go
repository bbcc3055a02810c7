package bind

import (
	"errors"
	"fmt"
	"unsafe"

	"vmconform/model"
	"vmconform/rules"
)

// read makes the value of an object. It follows and checks the links of every
// queue by itself; an error is a *rules.Error of class bad-link.
func (c *Class) read(obj unsafe.Pointer) (*model.Struct, error) {
	return c.body.read(obj)
}

func (t *body) read(obj unsafe.Pointer) (*model.Struct, error) {
	v := &model.Struct{Fields: make([]model.Value, len(t.members)), Subs: make([]*model.Struct, len(t.subs))}
	for i := range t.members {
		m := &t.members[i]
		x, err := m.read(obj)
		if err != nil {
			return nil, in(err, m.f.Name)
		}
		v.Fields[i] = x
	}
	for i := range t.subs {
		u := &t.subs[i]
		if *(*byte)(unsafe.Add(obj, u.present)) == 0 {
			continue
		}
		s, err := u.body.read(obj)
		if err != nil {
			return nil, in(err, u.body.schema.Name)
		}
		v.Subs[i] = s
	}
	return v, nil
}

// in puts a component in front of an error's path.
func in(err error, name string) error {
	var e *rules.Error
	if errors.As(err, &e) {
		if e.Path != "" && e.Path[0] != '[' {
			name += "/"
		}
		e.Path = name + e.Path
	}
	return err
}

func (m *member) read(obj unsafe.Pointer) (model.Value, error) {
	base, n := m.in(obj)
	switch {
	case m.f.Type == model.TypeValidate:
		return model.Null{}, nil
	case m.f.Type == model.TypeBuffer:
		return model.Bytes(append([]byte{}, unsafe.Slice((*byte)(base), n)...)), nil
	case !m.f.Array && m.f.Type != model.TypeBitmap:
		return m.readOne(base)
	}
	if l := m.numbers(base, n); l != nil {
		return l, nil
	}
	l := make(model.List, n)
	for i := range l {
		l[i] = model.Null{}
		p := m.at(base, i)
		if m.f.Pointers && p == nil {
			continue
		}
		x, err := m.readOne(p)
		if err != nil {
			return nil, in(err, index(i))
		}
		l[i] = x
	}
	return l, nil
}

func index(i int) string { return fmt.Sprintf("[%d]", i) }

func (m *member) readOne(p unsafe.Pointer) (model.Value, error) {
	switch m.f.Type {
	case model.TypeUnused, model.TypeNull:
		return model.Null{}, nil
	case model.TypeStruct, model.TypeVStruct, model.TypeTmp:
		return structValue(m.child.body.read(p))
	case model.TypeQueue:
		return m.readQueue(p, rules.QueueLinks)
	case model.TypeList:
		return m.readQueue(p, rules.ListLinks)
	case model.TypeTree:
		return m.readTree(p)
	}
	return m.integer(p), nil
}

// numbers makes a list of n numbers that lie one behind the other; nil where the
// elements are something else.
func (m *member) numbers(base unsafe.Pointer, n int) model.List {
	if m.f.Pointers {
		return nil
	}
	switch plain(m.f.Type) {
	case model.TypeUint8:
		return list[model.Uint, uint8](base, n)
	case model.TypeUint16:
		return list[model.Uint, uint16](base, n)
	case model.TypeUint32:
		return list[model.Uint, uint32](base, n)
	case model.TypeUint64:
		return list[model.Uint, uint64](base, n)
	case model.TypeInt8:
		return list[model.Int, int8](base, n)
	case model.TypeInt16:
		return list[model.Int, int16](base, n)
	case model.TypeInt32:
		return list[model.Int, int32](base, n)
	case model.TypeInt64:
		return list[model.Int, int64](base, n)
	}
	return nil
}

func list[V interface {
	model.Value
	~int64 | ~uint64
}, T int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64](base unsafe.Pointer, n int) model.List {
	l := make(model.List, n)
	for i, x := range unsafe.Slice((*T)(base), n) {
		l[i] = V(x)
	}
	return l
}

// integer reads a number or a bool.
func (m *member) integer(p unsafe.Pointer) model.Value {
	switch plain(m.f.Type) {
	case model.TypeBool:
		return model.Bool(*(*byte)(p) != 0)
	case model.TypeInt8:
		return model.Int(*(*int8)(p))
	case model.TypeInt16:
		return model.Int(*(*int16)(p))
	case model.TypeInt32:
		return model.Int(*(*int32)(p))
	case model.TypeInt64:
		return model.Int(*(*int64)(p))
	case model.TypeUint8:
		return model.Uint(*(*uint8)(p))
	case model.TypeUint16:
		return model.Uint(*(*uint16)(p))
	case model.TypeUint32:
		return model.Uint(*(*uint32)(p))
	}
	return model.Uint(*(*uint64)(p))
}

// structValue keeps a nil *Struct from becoming a Value that is not nil.
func structValue(s *model.Struct, err error) (model.Value, error) {
	if err != nil {
		return nil, err
	}
	return s, nil
}

func (m *member) readQueue(head unsafe.Pointer, rule rules.ID) (model.Value, error) {
	l := model.List{}
	at, last := queueHead(head)
	if *at == nil && *last == nil {
		return l, nil // not initialised, or a list: empty
	}
	for e := *at; e != nil; e = *at {
		c := m.class(len(l))
		next, prev := c.links(e)
		if *prev != at {
			return nil, &rules.Error{Class: rules.BadLink, Rule: rule, Path: index(len(l)), Detail: "prev is wrong"}
		}
		s, err := c.body.read(e)
		if err != nil {
			return nil, in(err, index(len(l)))
		}
		l = append(l, s)
		at = next
	}
	if m.f.Type == model.TypeQueue && *last != at {
		return nil, &rules.Error{Class: rules.BadLink, Rule: rule, Detail: "last is wrong"}
	}
	return l, nil
}
