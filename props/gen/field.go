package gen

import (
	"slices"

	"vmconform/model"

	"pgregory.net/rapid"
)

// A kind draws the fields of one sort that are to stand next, the first of them
// at index i of the last vmsd of the place.
type kind func(b *builder, t *rapid.T, at place, i int) []model.Field

// fields draws one field, or a field that holds a size or count together with
// the one that uses it.
func (b *builder) fields(t *rapid.T, at place, i int) []model.Field {
	return rapid.SampledFrom(b.kinds(at)).Draw(t, "kind")(b, t, at, i)
}

// kinds lists what may stand at a place, the plainest first. What is listed
// more than once is drawn more often.
func (b *builder) kinds(at place) []kind {
	list := []kind{scalar, scalar}
	offer := func(f Features, t model.Type, kinds ...kind) {
		if b.features.has(f) && b.space.holds(t) {
			list = append(list, kinds...)
		}
	}
	offer(Blanks, model.TypeUnused, unused)
	offer(Blanks, model.TypeNull, null)
	offer(Buffers, model.TypeBuffer, buffer)
	offer(Buffers|Counts, model.TypeBuffer, sizedBuffer)
	if b.features.has(Arrays) {
		list = append(list, scalarArray)
	}
	offer(Blanks|Arrays, model.TypeNull, nullArray)
	if at.depth > 0 {
		offer(Structs, model.TypeStruct, structure)
		offer(Structs|Arrays, model.TypeStruct, structureArray)
		if !at.queued || b.features.has(Nested) {
			offer(Queues, model.TypeQueue, queue, queue, queue, queue, queue, queue)
			offer(Queues|Arrays, model.TypeQueue, queueArray)
		}
	}
	offer(Queues|SelfReference, model.TypeQueue, selfReference, selfReference)
	return append(list, b.specialKinds(at)...)
}

// field starts a field of a type: its name and its version.
func (b *builder) field(t *rapid.T, at place, i int, typ model.Type) model.Field {
	f := model.Field{Name: b.fieldName(t, i), Type: typ}
	owner := at.owner()
	if b.features.has(Versions) {
		f.Version = rapid.SampledFrom([]uint32{0, owner.Minimum, owner.Version, owner.Version + 1}).Draw(t, "field version")
	}
	if b.features.has(Conditions) && rapid.IntRange(0, 4).Draw(t, "conditional") == 4 {
		f.When = b.condition(t, owner)
	}
	return f
}

// scalars are the types of one integer or bool that may occur.
func (b *builder) scalars() []model.Type {
	return b.allowed(model.TypeUint8, model.TypeUint16, model.TypeUint32, model.TypeUint64,
		model.TypeInt8, model.TypeInt16, model.TypeInt32, model.TypeInt64, model.TypeBool)
}

// someScalar draws the type of one integer or bool, or of one of the types beside
// that are like them.
func (b *builder) someScalar(t *rapid.T) model.Type {
	list := b.scalars()
	if b.features.has(Rest) {
		list = append(list, b.allowed(model.TypeTimer, model.TypeCPUDouble)...)
	}
	return rapid.SampledFrom(list).Draw(t, "type")
}

// local draws what memory holds in f before a load.
func (b *builder) local(t *rapid.T, f *model.Field) {
	if !b.features.has(Locals) || !rapid.Bool().Draw(t, "local") {
		return
	}
	f.Local = localOf(f.Type, rapid.Uint64().Draw(t, "local value"))
}

// integers are the types that may hold a size or count.
func (b *builder) integers() []model.Type {
	return b.allowed(model.TypeUint32, model.TypeInt32, model.TypeUint8, model.TypeUint16,
		model.TypeUint64, model.TypeInt8, model.TypeInt16, model.TypeInt64)
}

func (b *builder) allowed(types ...model.Type) []model.Type {
	var list []model.Type
	for _, t := range types {
		if b.space.holds(t) {
			list = append(list, t)
		}
	}
	return list
}

func scalar(b *builder, t *rapid.T, at place, i int) []model.Field {
	f := b.field(t, at, i, b.someScalar(t))
	b.local(t, &f)
	return []model.Field{f}
}

func unused(b *builder, t *rapid.T, at place, i int) []model.Field {
	f := b.field(t, at, i, model.TypeUnused)
	f.Size = rapid.IntRange(0, maxSmall).Draw(t, "size")
	return []model.Field{f}
}

func null(b *builder, t *rapid.T, at place, i int) []model.Field {
	return []model.Field{b.field(t, at, i, model.TypeNull)}
}

func buffer(b *builder, t *rapid.T, at place, i int) []model.Field {
	f := b.field(t, at, i, model.TypeBuffer)
	f.Size = rapid.SampledFrom([]int{1, 0, 2, 4, 8, 12}).Draw(t, "size")
	return []model.Field{f}
}

func sizedBuffer(b *builder, t *rapid.T, at place, i int) []model.Field {
	return b.counted(t, at, i, func(i int) model.Field { return b.field(t, at, i, model.TypeBuffer) })
}

func scalarArray(b *builder, t *rapid.T, at place, i int) []model.Field {
	typ := b.someScalar(t)
	list := b.array(t, at, i, func(i int) model.Field { return b.field(t, at, i, typ) })
	if f := &list[len(list)-1]; f.CountFrom == "" {
		b.local(t, f)
	}
	return list
}

func nullArray(b *builder, t *rapid.T, at place, i int) []model.Field {
	return b.array(t, at, i, func(i int) model.Field { return null(b, t, at, i)[0] })
}

func structure(b *builder, t *rapid.T, at place, i int) []model.Field {
	f := b.field(t, at, i, model.TypeStruct)
	f.Elem = b.vmsd(t, b.name(t), at.below(false))
	return []model.Field{f}
}

func structureArray(b *builder, t *rapid.T, at place, i int) []model.Field {
	return b.array(t, at, i, func(i int) model.Field { return structure(b, t, at, i)[0] })
}

func queue(b *builder, t *rapid.T, at place, i int) []model.Field {
	return []model.Field{b.queueOf(t, at, i, b.vmsd(t, b.name(t), at.below(true)))}
}

func queueArray(b *builder, t *rapid.T, at place, i int) []model.Field {
	return b.array(t, at, i, func(i int) model.Field { return queue(b, t, at, i)[0] })
}

func selfReference(b *builder, t *rapid.T, at place, i int) []model.Field {
	up := rapid.IntRange(0, len(at.parents)-1).Draw(t, "levels up")
	return []model.Field{b.queueOf(t, at, i, at.parents[len(at.parents)-1-up])}
}

// queueOf draws a queue field of the given elements. Its version is theirs to
// obey and its owner's to be on the wire at all; the base version does both.
func (b *builder) queueOf(t *rapid.T, at place, i int, elem *model.Schema) model.Field {
	f := b.field(t, at, i, model.TypeQueue)
	if b.features.has(Lists) && b.space.holds(model.TypeList) && rapid.IntRange(0, 3).Draw(t, "list") == 3 {
		f.Type = model.TypeList
	}
	f.Version, f.Elem = at.base, elem
	if b.features.has(Versions) {
		f.Version = rapid.SampledFrom([]uint32{
			at.base, at.base, at.base, elem.Minimum, elem.Minimum, elem.Version, elem.Minimum - 1, elem.Version + 1,
		}).Draw(t, "queue version")
	}
	return f
}

// array makes an array of the field that of draws at an index: of fixed length,
// or of a length that another field holds.
func (b *builder) array(t *rapid.T, at place, i int, of func(i int) model.Field) []model.Field {
	if b.features.has(Counts) && rapid.Bool().Draw(t, "counted") {
		return b.counted(t, at, i, of)
	}
	f := of(i)
	f.Array, f.Count = true, rapid.IntRange(0, maxSmall).Draw(t, "count")
	b.pointers(t, &f)
	return []model.Field{f}
}

// counted draws a field and the integer before it that holds its size or count:
// an earlier one of the vmsd, or one of its own.
//
// Where memory has fixed room, what counts has the version of what is counted
// and no condition.
func (b *builder) counted(t *rapid.T, at place, i int, of func(i int) model.Field) []model.Field {
	var counts []string
	for _, f := range at.owner().Fields {
		if f.Type >= model.TypeInt8 && f.Type <= model.TypeUint64 && !f.Array && f.Local == 0 && !b.reserved[f.Name] {
			counts = append(counts, f.Name)
		}
	}
	var own []model.Field
	if len(counts) == 0 || !rapid.Bool().Draw(t, "shares a count") {
		typ := rapid.SampledFrom(b.integers()).Draw(t, "type of count")
		count := b.field(t, at, i, typ)
		own, counts = []model.Field{count}, []string{count.Name}
	}
	f := of(i + len(own))
	from := rapid.SampledFrom(counts).Draw(t, "count")
	if f.Type == model.TypeBuffer || f.Type == model.TypeBitmap {
		f.SizeFrom = from
	} else {
		f.Array, f.CountFrom = true, from
	}
	if b.features.has(Rooms) {
		if f.Type != model.TypeBitmap && rapid.Bool().Draw(t, "multiplied") {
			f.Times = rapid.IntRange(1, 3).Draw(t, "times")
		}
		fields := slices.Concat(at.owner().Fields, own)
		count := fields[slices.IndexFunc(fields, func(f model.Field) bool { return f.Name == from })]
		if roomy(f.Type) && count.When == nil && !count.Must && rapid.Bool().Draw(t, "fixed room") {
			f.Room = max(1, f.Times)*maxSmall - rapid.IntRange(0, 1).Draw(t, "less room")
			f.When, f.Version = nil, count.Version
			if f.Array && f.Type != model.TypeNull {
				b.pointers(t, &f)
			}
		}
	}
	return append(own, f)
}
