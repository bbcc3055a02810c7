package gen

import (
	"vmconform/model"

	"pgregory.net/rapid"
)

// specialKinds lists what else may stand at a place.
func (b *builder) specialKinds(at place) []kind {
	var list []kind
	offer := func(f Features, t model.Type, k kind) {
		if b.features.has(f) && b.space.holds(t) {
			list = append(list, k)
		}
	}
	offer(Rest, model.TypeBitmap, bitmap)
	if b.features.has(Locals) && len(b.compared()) > 0 {
		list = append(list, comparison)
	}
	offer(Conditions, model.TypeValidate, validate)
	if b.features.has(Conditions) {
		list = append(list, mandatory)
	}
	if b.features.has(Pointers) && !b.space.Never.has(Arrays) {
		list = append(list, scalarArray)
	}
	if at.depth > 0 {
		offer(Temporary, model.TypeTmp, temporary)
		offer(Temporary, model.TypeVStruct, versioned)
		if !at.queued || b.features.has(Nested) {
			offer(Trees, model.TypeTree, tree)
			offer(Trees|Arrays, model.TypeTree, treeArray)
			offer(Queues|Elements, model.TypeQueue, unlike)
		}
	}
	return list
}

func bitmap(b *builder, t *rapid.T, at place, i int) []model.Field {
	if b.features.has(Counts) && rapid.Bool().Draw(t, "counted") {
		return b.counted(t, at, i, func(i int) model.Field { return b.field(t, at, i, model.TypeBitmap) })
	}
	f := b.field(t, at, i, model.TypeBitmap)
	f.Size = rapid.SampledFrom([]int{1, 0, 63, 64, 65, 128}).Draw(t, "bits")
	return []model.Field{f}
}

// compared are the types whose value is compared with memory's.
func (b *builder) compared() []model.Type {
	return b.allowed(model.TypeUint8Equal, model.TypeUint16Equal, model.TypeUint32Equal, model.TypeUint64Equal,
		model.TypeInt32Equal, model.TypeInt32LE)
}

func comparison(b *builder, t *rapid.T, at place, i int) []model.Field {
	f := b.field(t, at, i, rapid.SampledFrom(b.compared()).Draw(t, "type"))
	f.Local = localOf(f.Type, rapid.Uint64().Draw(t, "local value"))
	if f.Type == model.TypeInt32LE {
		f.Local &= 1<<31 - 1 // else no value is right
	}
	if b.features.has(Arrays) && rapid.IntRange(0, 3).Draw(t, "array") == 3 {
		f.Array, f.Count = true, rapid.IntRange(0, maxSmall).Draw(t, "count")
	}
	return []model.Field{f}
}

// localOf cuts a number to what an integer type, or bool, can hold.
func localOf(typ model.Type, u uint64) int64 {
	switch x := number(typ, u).(type) {
	case model.Bool:
		if x {
			return 1
		}
		return 0
	case model.Int:
		return int64(x)
	default:
		return int64(x.(model.Uint))
	}
}

// pointers may make pointers of the elements of an array.
func (b *builder) pointers(t *rapid.T, f *model.Field) {
	if !b.features.has(Pointers) || f.Type == model.TypeNull || rapid.IntRange(0, 3).Draw(t, "pointers") == 0 {
		return
	}
	f.Pointers = true
	n := f.Count
	if f.CountFrom == "" && rapid.IntRange(0, 2).Draw(t, "marked") == 2 {
		f.Marked, f.Local = true, 0
		return
	}
	if f.CountFrom != "" {
		n = f.Room
	}
	for i := range n {
		if rapid.IntRange(0, 2).Draw(t, "NULL") == 2 {
			f.Null = append(f.Null, i)
		}
	}
}

// roomy says whether memory may have fixed room for elements of a type.
func roomy(t model.Type) bool {
	switch t {
	case model.TypeBool, model.TypeTimer, model.TypeCPUDouble, model.TypeBuffer, model.TypeBitmap, model.TypeNull:
		return true
	}
	return t >= model.TypeInt8 && t <= model.TypeUint64
}

// flat draws a vmsd of scalars alone: a tree's key, a temporary struct.
func (b *builder) flat(t *rapid.T, at place) *model.Schema {
	s := &model.Schema{Name: b.name(t), Version: at.base, Minimum: at.base}
	b.vmsds++
	for i := range rapid.IntRange(1, 3).Draw(t, "flat fields") {
		f := model.Field{Name: fieldName(i), Type: rapid.SampledFrom(b.scalars()).Draw(t, "type")}
		if b.features.has(Arrays) && rapid.IntRange(0, 3).Draw(t, "array") == 3 {
			f.Array, f.Count = true, rapid.IntRange(0, maxSmall).Draw(t, "count")
		}
		s.Fields = append(s.Fields, f)
	}
	return s
}

func tree(b *builder, t *rapid.T, at place, i int) []model.Field {
	f := b.field(t, at, i, model.TypeTree)
	f.Version = at.base
	if rapid.Bool().Draw(t, "keys are vmsds") {
		f.Key = b.flat(t, at)
	}
	f.Elem = b.vmsd(t, b.name(t), at.below(true))
	return []model.Field{f}
}

func treeArray(b *builder, t *rapid.T, at place, i int) []model.Field {
	return b.array(t, at, i, func(i int) model.Field { return tree(b, t, at, i)[0] })
}

func temporary(b *builder, t *rapid.T, at place, i int) []model.Field {
	f := b.field(t, at, i, model.TypeTmp)
	f.Version = at.base
	f.Elem = b.flat(t, at)
	return []model.Field{f}
}

func versioned(b *builder, t *rapid.T, at place, i int) []model.Field {
	of := func(i int) model.Field {
		f := b.field(t, at, i, model.TypeVStruct)
		f.Elem = b.vmsd(t, b.name(t), at.below(false))
		f.StructVersion = rapid.Uint32Range(f.Elem.Minimum, f.Elem.Version).Draw(t, "struct version")
		return f
	}
	if b.features.has(Arrays) && rapid.IntRange(0, 2).Draw(t, "array") == 2 {
		return b.array(t, at, i, of)
	}
	return []model.Field{of(i)}
}

// unlike draws a queue whose first elements have vmsds of their own.
func unlike(b *builder, t *rapid.T, at place, i int) []model.Field {
	f := b.queueOf(t, at, i, b.vmsd(t, b.name(t), at.below(true)))
	f.Version = at.base
	for range rapid.IntRange(1, 2).Draw(t, "first elements") {
		f.Elems = append(f.Elems, b.vmsd(t, b.name(t), at.below(true)))
	}
	return []model.Field{f}
}
