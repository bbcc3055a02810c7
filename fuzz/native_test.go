package fuzz

import (
	"bytes"
	"fmt"
	"testing"
	"unsafe"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	gofuzz "github.com/google/gofuzz"

	"vmconform/impl/savevm"
	"vmconform/impl/tailq"
	"vmconform/impl/vmstate"
	"vmconform/model"
	"vmconform/rules"
)

// A machine is device state as a program has it: queues of several kinds of
// elements, each linked through its own entry, and a subsection.
type machine struct {
	RTC    uint64
	Slots  [3]uint16
	Booted bool
	events tailq.Head[event]
	Delta  int32
	ccs    tailq.Head[connector]
	tree   tailq.Head[branch]
	cas    *uint32 // the subsection is there where this is not nil
	heads  [2]tailq.Head[connector]
}

// An event has its entry between its data, and a log of its own length.
type event struct {
	Summary, Length uint32
	next            tailq.Entry[event]
	Log             *byte
}

type connector struct {
	next   tailq.Entry[connector]
	Index  uint32
	Offset int32
	Depth  int32
}

// A branch holds a queue of branches.
type branch struct {
	ID       uint8
	children tailq.Head[branch]
	next     tailq.Entry[branch]
}

var (
	events     = tailq.Of(func(e *event) *tailq.Entry[event] { return &e.next })
	connectors = tailq.Of(func(c *connector) *tailq.Entry[connector] { return &c.next })
	branches   = tailq.Of(func(b *branch) *tailq.Entry[branch] { return &b.next })
)

var eventVMSD = &vmstate.Description{Name: "spapr_event_log_entry", VersionID: 1, MinimumVersionID: 1, Fields: []vmstate.Field{
	vmstate.Scalar("summary", unsafe.Offsetof(event{}.Summary), 0, vmstate.InfoUint32),
	vmstate.Scalar("extended_length", unsafe.Offsetof(event{}.Length), 0, vmstate.InfoUint32),
	vmstate.AllocatedBuffer("extended_log", unsafe.Offsetof(event{}.Log), 0, unsafe.Offsetof(event{}.Length), vmstate.CountUint32),
}}

var connectorVMSD = &vmstate.Description{Name: "spapr_ccs", VersionID: 1, MinimumVersionID: 1, Fields: []vmstate.Field{
	vmstate.Scalar("drc_index", unsafe.Offsetof(connector{}.Index), 0, vmstate.InfoUint32),
	vmstate.Scalar("fdt_offset", unsafe.Offsetof(connector{}.Offset), 0, vmstate.InfoInt32),
	vmstate.Scalar("fdt_depth", unsafe.Offsetof(connector{}.Depth), 0, vmstate.InfoInt32),
}}

var branchVMSD = &vmstate.Description{Name: "branch", VersionID: 1, MinimumVersionID: 1}

var casVMSD = &vmstate.Description{Name: "machine/cas", VersionID: 1, MinimumVersionID: 1,
	Needed: func(obj unsafe.Pointer) bool { return (*machine)(obj).cas != nil },
	Fields: []vmstate.Field{{
		Name: "cas", Offset: unsafe.Offsetof(machine{}.cas), Flags: vmstate.Single | vmstate.Pointer | vmstate.Alloc,
		Info: vmstate.InfoUint32, Size: 4, New: func(int) unsafe.Pointer { return unsafe.Pointer(new(uint32)) },
	}},
}

var machineVMSD = &vmstate.Description{Name: "machine", VersionID: 3, MinimumVersionID: 3,
	Fields: []vmstate.Field{
		vmstate.Scalar("rtc", unsafe.Offsetof(machine{}.RTC), 0, vmstate.InfoUint64),
		vmstate.ScalarArray("slots", unsafe.Offsetof(machine{}.Slots), 0, vmstate.InfoUint16, 3),
		vmstate.Scalar("booted", unsafe.Offsetof(machine{}.Booted), 0, vmstate.InfoBool),
		tailq.Field("pending_events", unsafe.Offsetof(machine{}.events), 1, events.Metadata(eventVMSD)),
		vmstate.Scalar("delta", unsafe.Offsetof(machine{}.Delta), 0, vmstate.InfoInt32),
		tailq.Field("ccs_list", unsafe.Offsetof(machine{}.ccs), 1, connectors.Metadata(connectorVMSD)),
		tailq.Field("tree", unsafe.Offsetof(machine{}.tree), 1, branches.Metadata(branchVMSD)),
		headsField(),
	},
	Subsections: []*vmstate.Description{casVMSD},
}

// headsField is an array of queues.
func headsField() vmstate.Field {
	f := tailq.Field("heads", unsafe.Offsetof(machine{}.heads), 1, connectors.Metadata(connectorVMSD))
	f.Flags = f.Flags&^vmstate.Single | vmstate.Array
	f.Num = 2
	return f
}

func init() {
	branchVMSD.Fields = []vmstate.Field{
		vmstate.Scalar("id", unsafe.Offsetof(branch{}.ID), 0, vmstate.InfoUint8),
		tailq.Field("children", unsafe.Offsetof(branch{}.children), 1, branches.Metadata(branchVMSD)),
	}
}

// machineSchema is what machineVMSD puts on the wire.
var machineSchema = func() *model.Schema {
	b := &model.Schema{Name: "branch", Version: 1, Minimum: 1}
	b.Fields = []model.Field{
		scalar("id", model.TypeUint8, 0),
		{Name: "children", Type: model.TypeQueue, Version: 1, Elem: b},
	}
	return &model.Schema{Name: "machine", Version: 3, Minimum: 3,
		Fields: []model.Field{
			scalar("rtc", model.TypeUint64, 0),
			{Name: "slots", Type: model.TypeUint16, Array: true, Count: 3},
			scalar("booted", model.TypeBool, 0),
			{Name: "pending_events", Type: model.TypeQueue, Version: 1, Elem: eventElem},
			scalar("delta", model.TypeInt32, 0),
			{Name: "ccs_list", Type: model.TypeQueue, Version: 1, Elem: ccsElem},
			{Name: "tree", Type: model.TypeQueue, Version: 1, Elem: b},
			{Name: "heads", Type: model.TypeQueue, Version: 1, Elem: ccsElem, Array: true, Count: 2},
		},
		Subsections: []*model.Schema{{Name: "machine/cas", Version: 1, Minimum: 1, Fields: []model.Field{scalar("cas", model.TypeUint32, 0)}}},
	}
}()

// The same without links: what gofuzz fills, and what is compared.
type (
	machineValue struct {
		RTC    uint64
		Slots  [3]uint16
		Booted bool
		Events []eventValue
		Delta  int32
		CCS    []connectorValue
		Tree   []branchValue
		CAS    *uint32
		Heads  [2][]connectorValue
	}
	eventValue struct {
		Summary uint32
		Log     []byte
	}
	connectorValue struct {
		Index         uint32
		Offset, Depth int32
	}
	branchValue struct {
		ID       uint8
		Children []branchValue
	}
)

// build makes the machine that holds v, by the typed operations.
func (v machineValue) build() *machine {
	m := &machine{RTC: v.RTC, Slots: v.Slots, Booted: v.Booted, Delta: v.Delta}
	for _, e := range v.Events {
		events.InsertTail(&m.events, &event{Summary: e.Summary, Length: uint32(len(e.Log)), Log: unsafe.SliceData(bytes.Clone(e.Log))})
	}
	buildConnectors(&m.ccs, v.CCS)
	for i := range m.heads {
		buildConnectors(&m.heads[i], v.Heads[i])
	}
	buildBranches(&m.tree, v.Tree)
	if v.CAS != nil {
		m.cas = new(uint32)
		*m.cas = *v.CAS
	}
	return m
}

func buildConnectors(h *tailq.Head[connector], list []connectorValue) {
	for _, c := range list {
		connectors.InsertTail(h, &connector{Index: c.Index, Offset: c.Offset, Depth: c.Depth})
	}
}

func buildBranches(h *tailq.Head[branch], list []branchValue) {
	for _, v := range list {
		b := &branch{ID: v.ID}
		buildBranches(&b.children, v.Children)
		branches.InsertTail(h, b)
	}
}

// value reads the machine; the links must hold together.
func (m *machine) value() (machineValue, error) {
	v := machineValue{RTC: m.RTC, Slots: m.Slots, Booted: m.Booted, Delta: m.Delta}
	if err := events.Check(&m.events); err != nil {
		return v, err
	}
	for e := range events.All(&m.events) {
		v.Events = append(v.Events, eventValue{e.Summary, bytes.Clone(unsafe.Slice(e.Log, e.Length))})
	}
	var err error
	if v.CCS, err = connectorValues(&m.ccs); err != nil {
		return v, err
	}
	for i := range m.heads {
		if v.Heads[i], err = connectorValues(&m.heads[i]); err != nil {
			return v, err
		}
	}
	if v.Tree, err = branchValues(&m.tree); err != nil {
		return v, err
	}
	if m.cas != nil {
		v.CAS = new(uint32)
		*v.CAS = *m.cas
	}
	return v, nil
}

func connectorValues(h *tailq.Head[connector]) ([]connectorValue, error) {
	if err := connectors.Check(h); err != nil {
		return nil, err
	}
	var list []connectorValue
	for c := range connectors.All(h) {
		list = append(list, connectorValue{c.Index, c.Offset, c.Depth})
	}
	return list, nil
}

func branchValues(h *tailq.Head[branch]) ([]branchValue, error) {
	if err := branches.Check(h); err != nil {
		return nil, err
	}
	var list []branchValue
	for b := range branches.All(h) {
		children, err := branchValues(&b.children)
		if err != nil {
			return nil, err
		}
		list = append(list, branchValue{b.ID, children})
	}
	return list, nil
}

// model is v as a value of machineSchema.
func (v machineValue) model() *model.Struct {
	slots, queued := model.List{}, model.List{}
	for _, s := range v.Slots {
		slots = append(slots, model.Uint(s))
	}
	for _, e := range v.Events {
		queued = append(queued, &model.Struct{Fields: []model.Value{model.Uint(e.Summary), model.Uint(len(e.Log)), model.Bytes(e.Log)}})
	}
	s := &model.Struct{
		Fields: []model.Value{
			model.Uint(v.RTC), slots, model.Bool(v.Booted), queued, model.Int(v.Delta),
			connectorModels(v.CCS), branchModels(v.Tree),
			model.List{connectorModels(v.Heads[0]), connectorModels(v.Heads[1])},
		},
		Subs: []*model.Struct{nil},
	}
	if v.CAS != nil {
		s.Subs[0] = &model.Struct{Fields: []model.Value{model.Uint(*v.CAS)}}
	}
	return s
}

func connectorModels(list []connectorValue) model.List {
	out := model.List{}
	for _, c := range list {
		out = append(out, &model.Struct{Fields: []model.Value{model.Uint(c.Index), model.Int(c.Offset), model.Int(c.Depth)}})
	}
	return out
}

func branchModels(list []branchValue) model.List {
	out := model.List{}
	for _, b := range list {
		out = append(out, &model.Struct{Fields: []model.Value{model.Uint(b.ID), branchModels(b.Children)}})
	}
	return out
}

// drawMachine has gofuzz fill a machine from bytes, which it never runs out of.
func drawMachine(b []byte) machineValue {
	var v machineValue
	f := gofuzz.NewFromGoFuzz(b).NilChance(0.3).NumElements(0, 4).MaxDepth(8).Funcs(
		// Trees of four branches each would grow without bound.
		func(list *[]branchValue, c gofuzz.Continue) {
			*list = drawBranches(c, 3)
		})
	f.Fuzz(&v)
	return v
}

func drawBranches(c gofuzz.Continue, depth int) []branchValue {
	if depth == 0 {
		return nil
	}
	var list []branchValue
	for range c.Intn(4) {
		list = append(list, branchValue{uint8(c.Uint32()), drawBranches(c, depth-1)})
	}
	return list
}

// nativeRoundTrip saves a machine that gofuzz made of the bytes, compares with
// the model, and loads it: whole into a new one, cut and foreign into the same.
func nativeRoundTrip(t *testing.T, b []byte) {
	t.Helper()
	v := drawMachine(b)
	m := v.build()
	saved, err := vmstate.Save(machineVMSD, unsafe.Pointer(m), machineVMSD.VersionID, vmstate.SaveOptions{VMDesc: vmstate.Strict})
	if err != nil {
		t.Fatalf("%+v is not saved: %v", v, err)
	}
	want, err := model.Encode(machineSchema, v.model(), machineSchema.Version)
	if err != nil {
		t.Fatalf("the model does not save %+v: %v", v, err)
	}
	if !bytes.Equal(want, saved.Stream) {
		t.Fatalf("%+v is saved as\n%x, by the model as\n%x", v, saved.Stream, want)
	}
	describes(t, saved)

	loaded := &machine{}
	got, err := vmstate.Load(machineVMSD, unsafe.Pointer(loaded), saved.Stream, machineVMSD.VersionID, vmstate.LoadOptions{All: true})
	if err != nil || got.Consumed != int64(len(saved.Stream)) || len(got.Notes) > 0 {
		t.Fatalf("%x is loaded as %+v, %v", saved.Stream, got, err)
	}
	holds(t, loaded, v, "after the load of %x", saved.Stream)

	// All or nothing, over memory that is in use.
	cut := saved.Stream[:len(b)*7%len(saved.Stream)]
	_, err = vmstate.Load(machineVMSD, unsafe.Pointer(m), cut, machineVMSD.VersionID, vmstate.LoadOptions{})
	// Cut inside its name, a subsection is none: what is before it is whole.
	if e := asError(err); e == nil && v.CAS == nil || e != nil && (e.Class != rules.Truncated || e.Offset != int64(len(cut))) {
		t.Fatalf("%x, which is cut, is loaded: %v", cut, err)
	}
	if err != nil {
		holds(t, m, v, "after the load of %x, which is cut", cut)
	}

	m = v.build()
	_, modelErr := model.Decode(machineSchema, b, machineSchema.Version, model.Options{})
	foreign, err := vmstate.Load(machineVMSD, unsafe.Pointer(m), b, machineVMSD.VersionID, vmstate.LoadOptions{})
	if e, w := asError(err), asError(modelErr); (e == nil) != (w == nil) || e != nil && differ(e, w) {
		t.Fatalf("%x over a machine: %v, by the model: %v", b, err, modelErr)
	}
	if err != nil {
		holds(t, m, v, "after the load of %x: %v", b, err)
		return
	}
	after, err := m.value()
	if err != nil {
		t.Fatalf("after the load of %x (%d bytes): %v", b, foreign.Consumed, err)
	}
	if len(after.Events) < len(v.Events) || len(after.Heads[1]) < len(v.Heads[1]) {
		t.Fatalf("%x over a machine lost elements", b)
	}
}

// holds fails unless the machine holds v.
func holds(t *testing.T, m *machine, v machineValue, format string, args ...any) {
	t.Helper()
	got, err := m.value()
	if err != nil {
		t.Fatalf("%s: %v", fmt.Sprintf(format, args...), err)
	}
	if diff := cmp.Diff(v, got, cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("%s (-want +got):\n%s", fmt.Sprintf(format, args...), diff)
	}
}

// describes fails unless the description that was saved beside a stream is as
// savevm reads them, and its sizes add up to the stream.
func describes(t *testing.T, saved vmstate.Saved) {
	t.Helper()
	text := fmt.Appendf(nil, `{"page_size": 4096, "devices": [{"name": "machine", "instance_id": 0, %s]}`, saved.VMDesc[1:])
	d, err := savevm.ParseVMDesc(text)
	if err != nil {
		t.Fatalf("the description is not readable: %v\n%s", err, text)
	}
	if n := d.Devices[0].VMSD.WireSize(); n != int64(len(saved.Stream)) {
		t.Fatalf("%d bytes, of which the description describes %d\n%s", len(saved.Stream), n, text)
	}
}

func TestNativeRoundTrip(t *testing.T) {
	full := 0
	for seed := range 300 {
		b := noise(uint64(seed), seed)
		nativeRoundTrip(t, b)
		v := drawMachine(b)
		if len(v.Events) > 0 && len(v.CCS) > 0 && len(v.Tree) > 1 && v.CAS != nil {
			full++
		}
	}
	if full < 10 {
		t.Fatalf("only %d of 300 machines have something in everything", full)
	}
}
