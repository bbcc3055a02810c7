package corpus

import "vmconform/model"

// Shorthands for the schemas of vectors.

// vmsd is known in version 1 and in no other.
func vmsd(name string, fields ...model.Field) *model.Schema {
	return &model.Schema{Name: name, Version: 1, Minimum: 1, Fields: fields}
}

func field(name string, t model.Type) model.Field { return model.Field{Name: name, Type: t} }

func u8(name string) model.Field  { return field(name, model.TypeUint8) }
func u16(name string) model.Field { return field(name, model.TypeUint16) }
func u32(name string) model.Field { return field(name, model.TypeUint32) }
func i32(name string) model.Field { return field(name, model.TypeInt32) }

// in has memory hold n before the load.
func in(n int64, f model.Field) model.Field {
	f.Local = n
	return f
}

// since has the field exist from a version on.
func since(version uint32, f model.Field) model.Field {
	f.Version = version
	return f
}

// when has the field exist where a condition holds.
func when(c *model.Condition, f model.Field) model.Field {
	f.When = c
	return f
}

func structure(name string, elem *model.Schema) model.Field {
	return model.Field{Name: name, Type: model.TypeStruct, Elem: elem}
}

// array has a number of elements.
func array(n int, f model.Field) model.Field {
	f.Array, f.Count = true, n
	return f
}

// counted has as many elements as a member says.
func counted(from string, f model.Field) model.Field {
	f.Array, f.CountFrom = true, from
	return f
}

// room has memory for n elements or bytes.
func room(n int, f model.Field) model.Field {
	f.Room = n
	return f
}

func buffer(name string, size int) model.Field {
	return model.Field{Name: name, Type: model.TypeBuffer, Size: size}
}

// sized is a buffer of as many bytes as a member says, times a factor.
func sized(from string, times int, name string) model.Field {
	return model.Field{Name: name, Type: model.TypeBuffer, SizeFrom: from, Times: times}
}

func queue(name string, elem *model.Schema) model.Field {
	return model.Field{Name: name, Type: model.TypeQueue, Version: 1, Elem: elem}
}

func list(name string, elem *model.Schema) model.Field {
	return model.Field{Name: name, Type: model.TypeList, Version: 1, Elem: elem}
}

// tree has be64 keys.
func tree(name string, value *model.Schema) model.Field {
	return model.Field{Name: name, Type: model.TypeTree, Version: 1, Elem: value}
}

func is(field, op string, n int64) *model.Condition {
	return &model.Condition{Field: field, Op: op, Value: n}
}

func isOther(field, op, other string) *model.Condition {
	return &model.Condition{Field: field, Op: op, Other: other}
}

func validate(name string, c *model.Condition) model.Field {
	return model.Field{Name: name, Type: model.TypeValidate, When: c}
}

// checked has a post_load that fails unless c holds.
func checked(c *model.Condition, s *model.Schema) *model.Schema {
	s.Hooks.PostLoad = c
	return s
}

// with has subsections.
func with(s *model.Schema, subsections ...*model.Schema) *model.Schema {
	s.Subsections = subsections
	return s
}

// versions is from the oldest to the newest.
func versions(minimum, version uint32, s *model.Schema) *model.Schema {
	s.Minimum, s.Version = minimum, version
	return s
}
