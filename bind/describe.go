package bind

import (
	"fmt"
	"slices"

	"vmconform/impl/savevm"
	"vmconform/impl/vmstate"
	"vmconform/model"
	"vmconform/rules"
)

// A Described is the Schema made of a description, which says what was written
// once and not what the C description is. What it cannot know is open: every
// minimum_version_id and every field's version_id is 0, and of the subsections
// only those are known that were saved.
type Described struct {
	Schema *model.Schema
	// Notes are remarks on the description; their offsets are 0.
	Notes []rules.Note
	// Queues says how a queue is described: a body for each element that was
	// saved.
	Queues map[*model.Field]*savevm.DescField
	// NullArrays are the arrays of which only the first element is described,
	// a NULL (QEMU 2.9 to 9.2): others may be something else, which is known
	// where the value is true. Describe takes those for NULL that it was not told
	// of.
	NullArrays map[*model.Field]bool
	// Closed says that some of the description is kept as bytes whose own
	// description is lost: it cannot be written again.
	Closed bool
	// Choices says how many readings the description allows, at least 1: which
	// integer of an element holds the size of a buffer is never said.
	Choices int

	shown map[*model.Field]*vmstate.Shown
}

// maxChoices bounds how many readings are told apart.
const maxChoices = 64

// Describe makes a Schema of a description (design: "From vmdesc to Schema"),
// in the given one of the readings that it allows, counted from 0. Known
// elements win over what is described; solid are the elements that are not NULL
// of an array of known elements that is described by its first one, a NULL. The
// error is a *rules.Error of class bad-description; its offset is 0.
func Describe(d *savevm.VMSD, choice int, solid ...int) (*Described, error) {
	t := &describer{
		out: &Described{
			Queues:     map[*model.Field]*savevm.DescField{},
			NullArrays: map[*model.Field]bool{},
			Choices:    1,
			shown:      map[*model.Field]*vmstate.Shown{},
		},
		choice: choice,
		solid:  solid,
		known:  map[fieldKey]facts{},
	}
	s, err := t.vmsd(d, "", true)
	if err != nil {
		return nil, err
	}
	if err := s.Check(); err != nil {
		return nil, bad("", "%v", err)
	}
	if n := footprint(s, map[*model.Schema]int64{}); n > maxFootprint {
		return nil, bad("", "an object of more than %d bytes", maxFootprint)
	}
	t.out.Schema = s
	t.index(s, map[*model.Schema]bool{})
	return t.out, nil
}

// maxFootprint bounds the memory of an object as described, which is there
// before a byte is loaded. The largest device of a real stream has a few MiB.
const maxFootprint = 64 << 20

// footprint is about the bytes that an object takes whatever its value. It
// saturates.
func footprint(s *model.Schema, known map[*model.Schema]int64) int64 {
	if n, ok := known[s]; ok {
		return n
	}
	n := int64(wordSize)
	for i := range s.Fields {
		f := &s.Fields[i]
		one := int64(wordSize)
		switch f.Type {
		case model.TypeUnused, model.TypeNull:
			one = 0
		case model.TypeBuffer:
			one = int64(f.Size)
		case model.TypeBitmap:
			one = int64(f.Size / 8)
		case model.TypeStruct, model.TypeVStruct:
			one = footprint(f.Elem, known)
		case model.TypeQueue, model.TypeList, model.TypeTree:
			for _, e := range leadsTo(f) {
				n = max(n, footprint(e, known))
			}
			one = int64(heads.size)
		}
		switch {
		case f.Pointers:
			one = int64(f.Count)*wordSize + one*int64(f.Count-len(f.Null))
		case f.Array:
			one *= int64(f.Count) // at most 2^27 times 2^31
		}
		n = min(n+one, 2*maxFootprint)
	}
	for _, sub := range s.Subsections {
		n = min(n+footprint(sub, known), 2*maxFootprint)
	}
	known[s] = n
	return n
}

type describer struct {
	out    *Described
	choice int
	solid  []int
	known  map[fieldKey]facts
	runs   int // fields made of the runs of arrays so far

	elems   []*model.Schema // what was unified last
	unified *model.Schema
}

// facts are what is known of a field before it has its final address.
type facts struct {
	queue *savevm.DescField // describes the one queue there is
	null  bool              // the array is described by a NULL
	known bool              // null: what an element is that is none is known
	shown vmstate.Shown
}

type fieldKey struct {
	s    *model.Schema
	name string
}

func (t *describer) index(s *model.Schema, seen map[*model.Schema]bool) {
	if seen[s] {
		return
	}
	seen[s] = true
	for i := range s.Fields {
		f := &s.Fields[i]
		k := t.known[fieldKey{s, f.Name}]
		if k.queue != nil {
			t.out.Queues[f] = k.queue
		}
		if k.null {
			t.out.NullArrays[f] = k.known
		}
		if k.shown != (vmstate.Shown{}) {
			t.out.shown[f] = &k.shown
		}
		for _, e := range leadsTo(f) {
			t.index(e, seen)
		}
	}
	for _, sub := range s.Subsections {
		t.index(sub, seen)
	}
}

// leadsTo lists the schemas that a field has.
func leadsTo(f *model.Field) []*model.Schema {
	list := slices.Clone(f.Elems)
	for _, e := range []*model.Schema{f.Elem, f.Key} {
		if e != nil {
			list = append(list, e)
		}
	}
	return list
}

// learn adds to what is known of a field.
func (t *describer) learn(s *model.Schema, name string, what func(k *facts)) {
	k := t.known[fieldKey{s, name}]
	what(&k)
	t.known[fieldKey{s, name}] = k
}

func (t *describer) note(id rules.ID, path, format string, args ...any) {
	t.out.Notes = append(t.out.Notes, rules.Note{Rule: id, Path: path, Detail: fmt.Sprintf(format, args...)})
}

func bad(path, format string, args ...any) error {
	return &rules.Error{Class: rules.BadDescription, Rule: rules.VMDescSyntax, Path: path, Detail: fmt.Sprintf(format, args...)}
}

func under(path, name string) string {
	if path == "" {
		return name
	}
	return path + "/" + name
}

// vmsd makes the schema of one vmsd; single says that the description is of
// one object, and not of one that stands for others.
func (t *describer) vmsd(d *savevm.VMSD, path string, single bool) (*model.Schema, error) {
	s := &model.Schema{Name: d.Name, Version: d.Version}
	for i := 0; i < len(d.Fields); {
		n := neighbours(d.Fields[i:])
		fields, err := t.run(s, d.Fields[i:i+n], path, single)
		if err != nil {
			return nil, err
		}
		s.Fields = append(s.Fields, fields...)
		i += n
	}
	for i := 0; i < len(d.Subsections); i++ {
		sub, err := t.vmsd(d.Subsections[i], under(path, d.Subsections[i].Name), single)
		if err != nil {
			return nil, err
		}
		s.Subsections = append(s.Subsections, sub)
	}
	return s, nil
}

// run makes fields of neighbours with one name: the elements of an array, one
// object each, or the runs of an array of pointers (QEMU 10).
func (t *describer) run(s *model.Schema, run []savevm.DescField, path string, single bool) ([]model.Field, error) {
	name := run[0].Name
	path = under(path, name)
	if len(run) == 1 {
		f, err := t.field(s, &run[0], path, single)
		return []model.Field{f}, err
	}
	if t.runs += len(run); t.runs > maxRuns {
		return nil, bad(path, "more than %d elements that are described in runs", maxRuns)
	}
	if inRuns(run) {
		return t.pointers(s, run, path)
	}
	fields := make([]model.Field, len(run))
	for i := range run {
		one := run[i]
		one.HasArrayLen = false // of NULLs, and wrong
		one.Name = fmt.Sprintf("%s[%d]", name, i)
		var err error
		if fields[i], err = t.field(s, &one, fmt.Sprintf("%s[%d]", path, i), single); err != nil {
			return nil, err
		}
		t.learn(s, one.Name, func(k *facts) { k.shown.Name, k.shown.Index, k.shown.Of = name, i, len(run) })
	}
	return fields, nil
}

// inRuns says whether the objects stand for runs of NULLs and of others, which
// take turns, and not for one element each.
func inRuns(run []savevm.DescField) bool {
	for i := range run {
		if run[i].Index >= 0 || i > 0 && isNull(run[i]) == isNull(run[i-1]) {
			return false
		}
	}
	return true
}

// isNull: NULLs in an array of pointers (QEMU 10).
func isNull(d savevm.DescField) bool { return d.Type == "nullptr" || d.Type == ptrMarker }

const ptrMarker = "ptr-marker" // QEMU 11.1

// pointers makes one field of the runs of an array of pointers. The elements that
// are no NULL share one layout.
func (t *describer) pointers(s *model.Schema, run []savevm.DescField, path string) ([]model.Field, error) {
	lengths := make([]int, len(run))
	rest := 0
	for i := range run {
		lengths[i] = 1
		if run[i].HasArrayLen {
			lengths[i] = run[i].ArrayLen
		}
		if i > 0 {
			rest += lengths[i]
		}
	}
	// QEMU 10.0 to 10.2 give a first run that is not NULL the whole array's
	// length. Where that can be, it is the reading before the one that takes the
	// description at its word.
	if run[0].HasArrayLen && !isNull(run[0]) && lengths[0] > rest && t.choose(2) == 0 {
		t.note(rules.VMDescRunLength, path, "the first run is said to have %d elements, the array's number; it has %d", lengths[0], lengths[0]-rest)
		lengths[0] -= rest
	}
	f := model.Field{Name: run[0].Name, Type: model.TypeNull, Array: true}
	var bodies []*model.Schema
	for i := range run {
		if t.runs += lengths[i]; lengths[i] < 0 || lengths[i] > maxRuns || t.runs > maxRuns {
			return nil, bad(path, "more than %d elements that are described in runs", maxRuns)
		}
		at := f.Count
		f.Count += lengths[i]
		if isNull(run[i]) {
			for j := at; j < f.Count; j++ {
				f.Null = append(f.Null, j)
			}
			continue
		}
		one := run[i]
		one.HasArrayLen = false
		e, err := t.field(s, &one, fmt.Sprintf("%s[%d]", path, at), false)
		switch {
		case err != nil:
			return nil, err
		case f.Type == model.TypeNull:
			f.Type, f.Size, f.Info, f.Pointers = e.Type, e.Size, e.Info, true
		case f.Type != e.Type || f.Size != e.Size || f.Info != e.Info:
			return nil, bad(path, "pointers to %v and to %v", f.Type, e.Type)
		}
		if e.Elem != nil {
			bodies = append(bodies, e.Elem)
		}
	}
	if !f.Pointers {
		f.Null = nil
	}
	if len(bodies) > 0 {
		e, why := t.unify(bodies)
		if why != "" {
			return nil, bad(path, "the runs have no common layout: %s", why)
		}
		f.Elem = e
	}
	return []model.Field{f}, nil
}

// maxRuns bounds the elements of arrays that are described one by one or in
// runs; the longest array known has 256.
const maxRuns = 1 << 13

// sized are the types whose bytes on the wire are known; a description's size
// has to agree.
var sized = map[string]struct {
	t    model.Type
	size int64
}{
	"bool": {model.TypeBool, 1},
	"int8": {model.TypeInt8, 1}, "int16": {model.TypeInt16, 2}, "int32": {model.TypeInt32, 4}, "int64": {model.TypeInt64, 8},
	"uint8": {model.TypeUint8, 1}, "uint16": {model.TypeUint16, 2}, "uint32": {model.TypeUint32, 4}, "uint64": {model.TypeUint64, 8},
	"uint8 equal": {model.TypeUint8, 1}, "uint16 equal": {model.TypeUint16, 2}, "uint32 equal": {model.TypeUint32, 4},
	"int32 equal": {model.TypeInt32, 4}, "int32 le": {model.TypeInt32, 4},
	"int64 equal": {model.TypeUint64, 8}, // the name that uint64_equal carries
	"timer":       {model.TypeTimer, 8}, "CPU_Double_U": {model.TypeCPUDouble, 8},
	"nullptr": {model.TypeNull, 1}, ptrMarker: {model.TypeNull, 1},
}

// field makes one field, and keeps how it is described where its shape does not
// say that.
func (t *describer) field(s *model.Schema, d *savevm.DescField, path string, single bool) (model.Field, error) {
	f, err := t.fieldOf(s, d, path, single)
	if err == nil && f.Info != "" {
		t.learn(s, f.Name, func(k *facts) { k.shown.Type = f.Info })
	}
	return f, err
}

func (t *describer) fieldOf(s *model.Schema, d *savevm.DescField, path string, single bool) (model.Field, error) {
	f := model.Field{Name: d.Name}
	if d.HasArrayLen {
		f.Array, f.Count = true, d.ArrayLen
	}
	if d.Size < 0 || d.Size > rules.MaxCount || f.Count < 0 || f.Count > rules.MaxCount {
		return f, bad(path, "a size of %d, an array_len of %d", d.Size, f.Count)
	}
	if k, ok := sized[d.Type]; ok {
		if d.Size != k.size {
			return f, bad(path, "type %s has %d bytes, not %d", d.Type, k.size, d.Size)
		}
		f.Type = k.t
		if k.t.String() != d.Type {
			f.Info = d.Type
		}
		return f, nil
	}
	switch d.Type {
	case "struct", "vstruct", "tmp":
		err := t.structField(s, &f, d, path, single)
		return f, err
	case "qtailq", "qlist":
		err := t.queue(s, &f, d, path, single)
		return f, err
	case "customized": // by the seed, whose queues are the only ones
		err := t.queue(s, &f, d, path, single)
		return f, err
	case "gtree":
		if ok, err := t.tree(&f, d, path); ok || err != nil {
			return f, err
		}
		t.bytes(&f, d)
	case "unused_buffer":
		f.Type = model.TypeUnused
	case "bitmap":
		if d.Size%8 == 0 && d.Size <= rules.MaxCount/8 && !f.Array {
			f.Type, f.Size = model.TypeBitmap, int(d.Size)*8
			return f, nil
		}
		fallthrough
	default: // a buffer, or a device's own type
		t.bytes(&f, d)
	}
	size := d.Size
	if f.Array {
		if f.Count > 0 && size > rules.MaxCount/int64(f.Count) {
			return f, bad(path, "%d elements of %d bytes", f.Count, size)
		}
		size *= int64(f.Count)
		t.learn(s, f.Name, func(k *facts) { k.shown.Len = d.ArrayLen })
		f.Array, f.Count = false, 0
	}
	f.Size = int(size)
	return f, nil
}

// bytes makes a field of bytes, whatever is said of what they are.
func (t *describer) bytes(f *model.Field, d *savevm.DescField) {
	f.Type = model.TypeBuffer
	if d.Type != "buffer" {
		f.Info = d.Type
	}
	t.out.Closed = t.out.Closed || d.Struct != nil || len(d.Bodies) > 0
}

func (t *describer) structField(s *model.Schema, f *model.Field, d *savevm.DescField, path string, single bool) error {
	body := d.Struct
	if body == nil && len(d.Bodies) == 1 {
		body = d.Bodies[0] // vstruct, tmp
	}
	switch {
	case body == nil:
		return bad(path, "a %s with %d bodies", d.Type, len(d.Bodies))
	case body.Name == "" && d.Size == 1: // a NULL pointer (QEMU 2.9 to 9.2)
		return t.nullStruct(s, f, path)
	case f.Array && d.Size == 0 && f.Count > maxRuns:
		return bad(path, "%d elements that take no bytes", f.Count)
	}
	f.Type = model.TypeStruct
	switch d.Type {
	case "vstruct":
		f.Type, f.StructVersion = model.TypeVStruct, body.Version
	case "tmp":
		f.Info = d.Type
	}
	var err error
	f.Elem, err = t.vmsd(body, path, single && !f.Array)
	return err
}

// nullStruct makes a pointer to a struct of one that is NULL, or an array of
// which the first is: all are but those that are told of, if it is known what
// these are.
func (t *describer) nullStruct(s *model.Schema, f *model.Field, path string) error {
	f.Type = model.TypeNull
	if !f.Array {
		t.learn(s, f.Name, func(k *facts) { k.shown.Type = "struct" })
		return nil
	}
	if t.runs += f.Count; f.Count > maxRuns || t.runs > maxRuns {
		return bad(path, "more than %d pointers", maxRuns)
	}
	pointee := knownPointees[queueKey{s.Name, f.Name}]
	t.learn(s, f.Name, func(k *facts) { k.null, k.known = true, pointee != nil })
	f.Type, f.Elem, f.Pointers = model.TypeStruct, pointee, true
	if pointee == nil {
		f.Elem = undescribed
	}
	for i := range f.Count {
		if pointee == nil || !slices.Contains(t.solid, i) {
			f.Null = append(f.Null, i)
		}
	}
	return nil
}

// queue finds the one schema of a queue's elements.
func (t *describer) queue(s *model.Schema, f *model.Field, d *savevm.DescField, path string, single bool) error {
	f.Type = model.TypeQueue
	switch d.Type {
	case "qlist":
		f.Type = model.TypeList
	case "customized":
		f.Info = d.Type
	}
	if f.Array && f.Count != 1 {
		single = false
	}
	if single {
		t.learn(s, f.Name, func(k *facts) { k.queue = d })
	}
	f.Elem = undescribed
	known := knownQueues[queueKey{s.Name, f.Name}]
	if known != nil {
		f.Elem = known
	}
	if len(d.Bodies) == 0 {
		return nil
	}
	bodies := make([]*model.Schema, len(d.Bodies))
	for i, b := range d.Bodies {
		var err error
		if bodies[i], err = t.vmsd(b, path, false); err != nil {
			return err
		}
	}
	e, why := t.unify(bodies)
	switch {
	case known != nil && why == "" && e.Version != known.Version: // a later one than is known
		f.Elem = e
	case known != nil && (why != "" || !alike(e, known)):
		t.note(rules.VMDescKnown, path, "the elements are known, and described otherwise")
	case known == nil && why != "":
		t.note(rules.VMDescElementUnknown, path, "the %d elements have no common layout: %s", len(bodies), why)
		f.Elems = bodies
	default:
		f.Elem = e
	}
	return nil
}

// tree finds the schemas of a tree's keys and values. It reports false where the
// description does not tell them: the field is bytes then.
//
// A description has a body for each value, and one before it for each key, but
// none for a key that is a number. Which of both it is the size says: count, a
// marker a pair and the terminator are in it, and such keys.
func (t *describer) tree(f *model.Field, d *savevm.DescField, path string) (bool, error) {
	const around, number = 4 + 1, 8
	n, rest := int64(len(d.Bodies)), d.Size-around
	for _, b := range d.Bodies {
		rest -= b.WireSize()
	}
	var key *model.Schema
	value := undescribed
	switch {
	case f.Array || rest < 0:
		return false, nil
	case n == 0 && rest == 0:
	case n > 0 && rest == n*(1+number):
		values, err := t.unifyBodies(d.Bodies, path)
		if values == nil || err != nil {
			return false, err
		}
		value = values
	case n > 0 && n%2 == 0 && rest == n/2:
		var odd, even []*savevm.VMSD
		for pair := range slices.Chunk(d.Bodies, 2) {
			odd, even = append(odd, pair[0]), append(even, pair[1])
		}
		var err error
		if key, err = t.unifyBodies(odd, path); key == nil || err != nil || !isKey(key) {
			return false, err
		}
		if value, err = t.unifyBodies(even, path); value == nil || err != nil {
			return false, err
		}
	default:
		return false, nil
	}
	f.Type, f.Key, f.Elem = model.TypeTree, key, value
	return true, nil
}

// isKey says whether keys may be such structs: they are compared as they are on the
// wire.
func isKey(s *model.Schema) bool {
	f := model.Field{Name: "t", Type: model.TypeTree, Key: s, Elem: undescribed}
	return (&model.Schema{Name: "s", Fields: []model.Field{f}}).Check() == nil
}

// unifyBodies gives the one schema that bodies have, or nil.
func (t *describer) unifyBodies(bodies []*savevm.VMSD, path string) (*model.Schema, error) {
	list := make([]*model.Schema, len(bodies))
	for i, b := range bodies {
		var err error
		if list[i], err = t.vmsd(b, path, false); err != nil {
			return nil, err
		}
	}
	e, _ := t.unify(list)
	return e, nil
}

// undescribed is the element of a queue, or the value of a tree, of no known layout:
// any element is beyond all limits.
var undescribed = &model.Schema{
	Name:   Undescribed,
	Fields: []model.Field{{Name: Undescribed, Type: model.TypeUnused, Size: rules.MaxCount}},
}

// Undescribed is the name of the field where a load stops that meets an element
// of no known layout.
const Undescribed = "(undescribed)"
