package live

import (
	"crypto/sha256"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strings"

	"vmconform/model"
	"vmconform/rules"
)

// An Expect is what the rules, and what is described, fix for a variant.
type Expect string

// The expectations.
const (
	Accept Expect = "accept"
	Warn   Expect = "warn"   // a loader takes it, no writer writes it
	Refuse Expect = "refuse" //
	Open   Expect = "open"   // it depends on what no description says
)

// A shape is one way to make variants; Kind and name tell it from all others.
type shape struct {
	kind   string
	name   string
	expect Expect
	rule   rules.ID // what a loader breaks that does otherwise; of Warn, what no writer does
	weight int      // how often it is drawn among those of its kind
	// draw makes an edit of the base. It gives false where the base has nothing to
	// make it of.
	draw func(m *maker) (what string, ok bool)
}

// id is the shape's name in a fingerprint.
func (s *shape) id() string { return s.kind + ":" + s.name }

// A variant is a stream made of the base.
type variant struct {
	id     string // KIND/N: seed and base fix the rest
	shape  *shape
	what   string
	stream []byte
	lists  map[*queue]model.List // the elements after it is loaded, where they are not the base's
	queues bool                  // it is about the queues, among others
}

// elements gives what a queue holds once the variant is loaded.
func (v *variant) elements(q *queue) model.List {
	if l, ok := v.lists[q]; ok {
		return l
	}
	return q.list
}

// kinds are the kinds of variants, in the order in which they take turns.
var kinds = func() []string {
	var list []string
	for i := range shapes {
		if !slices.Contains(list, shapes[i].kind) {
			list = append(list, shapes[i].kind)
		}
	}
	return list
}()

// A maker draws one variant.
type maker struct {
	b     *base
	r     *rand.Rand
	edits []edit
	said  []string              // what was done to the queues
	lists map[*queue]model.List // changed so far
	cut   int64                 // the stream's length; -1: whole
	n     int                   // of the variant among those of its kind
}

// attempts bounds how often a variant is drawn anew that was there already.
const attempts = 64

// draw makes variant n of a kind, which is none of those that seen holds. It
// returns nil where the base gives no more.
func (b *base) draw(seed uint64, kind string, n int, seen map[[sha256.Size]byte]bool) *variant {
	id := fmt.Sprintf("%s/%d", kind, n)
	h := fnv.New64a()
	h.Write([]byte(id)) // no error
	r := rand.New(rand.NewPCG(seed, h.Sum64()))
	var of []*shape
	for i := range shapes {
		if s := &shapes[i]; s.kind == kind {
			of = slices.Concat(of, slices.Repeat([]*shape{s}, s.weight))
		}
	}
	for range attempts {
		s := pick(r, of)
		m := &maker{b: b, r: r, lists: map[*queue]model.List{}, cut: -1, n: n}
		what, ok := s.draw(m)
		if !ok {
			continue
		}
		v := &variant{id: id, shape: s, stream: m.b.render(0, int64(len(b.b)), m.edits), lists: m.lists, queues: len(m.lists) > 0}
		if m.cut >= 0 {
			v.stream = v.stream[:m.cut]
		}
		v.what = strings.Join(append(slices.Clone(m.said), what), "; ")
		if key := sha256.Sum256(v.stream); !seen[key] {
			seen[key] = true
			return v
		}
	}
	return nil
}

// change is an edit; of several that overlap the first one counts.
func (m *maker) change(from, to int64, with ...byte) {
	m.edits = append(m.edits, edit{from, to, with})
}

// instead puts an edit before those that were made so far, which with has in it
// as far as they lie there.
func (m *maker) instead(from, to int64, with []byte) {
	m.edits = append([]edit{{from, to, with}}, m.edits...)
}

// now gives a part of the base with the edits that were made so far.
func (m *maker) now(from, to int64) []byte { return m.b.render(from, to, m.edits) }

// A filled queue is one with the elements that a variant starts from.
type filled struct {
	*queue
	list model.List
}

// fill draws a queue and elements for it: the base's own, at times with others
// between them that are made here; at least as many as asked for. It gives false
// where there is no queue whose elements are known.
func (m *maker) fill(least int) (filled, bool) {
	if len(m.b.queues) == 0 {
		return filled{}, false
	}
	q := pick(m.r, m.b.queues)
	list := slices.Clone(q.list)
	made := 0
	if m.r.IntN(2) == 0 {
		made = 1 + m.r.IntN(4)
	}
	for made = max(made, least-len(list)); made > 0; made-- {
		list = slices.Insert(list, m.r.IntN(len(list)+1), m.element(q, maxSize))
	}
	return filled{q, list}, true
}

// maxSize bounds the sizes that are drawn.
const maxSize = 4096

// element makes one.
func (m *maker) element(q *queue, most int) model.Value { return drawStruct(m.r, q.field.Elem, most) }

// put gives the queue these elements.
func (m *maker) put(q *queue, l model.List) (bytes []byte, spans []model.Span) {
	bytes, spans, err := q.encode(l)
	if err != nil {
		panic(fmt.Sprintf("%s: elements made to fit do not: %v", q.path, err))
	}
	m.change(q.from, q.to, bytes...)
	m.lists[q] = l
	return bytes, spans
}

// mix is put with elements as fill draws them, where there is a queue and the
// dice say so: what a variant is about besides stands beside a queue of its own.
func (m *maker) mix() {
	if m.r.IntN(4) == 0 {
		return
	}
	if q, ok := m.fill(0); ok {
		m.put(q.queue, q.list)
		m.say("%s has %s", q.path, many(len(q.list), "element"))
	}
}

func (m *maker) say(format string, args ...any) {
	m.said = append(m.said, fmt.Sprintf(format, args...))
}

// within changes the expected elements of the queues that lie between from and
// to.
func (m *maker) within(from, to int64, f func(q *queue, l model.List) model.List) {
	v := variant{lists: m.lists}
	for _, q := range m.b.queues {
		if from <= q.from && q.to <= to {
			m.lists[q] = f(q, v.elements(q))
		}
	}
}

func none(*queue, model.List) model.List { return model.List{} }

func twice(_ *queue, l model.List) model.List { return slices.Concat(l, l) }

func many(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}
