// Package live puts a QEMU to the test, and the rules by it: a stream is recorded
// from it, variants of that are made, each with a verdict that a rule fixes, and each
// is given to a fresh QEMU, to the reference and to the model. Where QEMU accepts, it
// saves again, and the queues have to hold what the variant says.
//
// Out of scope: what a guest does. No instruction of it is run.
package live

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"sync"
	"time"

	"vmconform/internal/output"
	"vmconform/internal/record"
	"vmconform/internal/report"
	"vmconform/internal/test"
	"vmconform/props"
	"vmconform/rules"
)

// DefaultTimeout is how long a QEMU may take to start, load a stream and save it
// again.
const DefaultTimeout = time.Minute

// DefaultVariants has at least 20 of each kind.
var DefaultVariants = 21 * len(kinds)

// atOnce is how many QEMUs run at the same time.
const atOnce = 2

// Options say what is asked.
type Options struct {
	Command  string           // QEMU and its arguments, in the words of a shell
	Commands []record.Command // before the base stream is taken
	Seed     uint64
	Variants int           // in all
	Timeout  time.Duration // for each QEMU
	Budget   time.Duration // for all; 0 for none
	Rule     string        // glob over rules, kinds and shapes; "" for all
	Only     string        // the id of the one variant that is asked for; "" for all
	Keep     string        // the file that the stream of Only is written to; "" for none
	Known    *test.Known   // nil: what is shipped for the version
	// Asked is told of every variant as it is done; nil for nobody. It is called by
	// one at a time.
	Asked func(done, of int)
}

// Run records the base, and asks for each variant. An error is one line that says
// why the work could not be done. Nothing that was started or written is left when
// it returns, except what Keep names.
func Run(ctx context.Context, o Options) (*Report, error) {
	dir, err := os.MkdirTemp("", "conform-live-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	q := qemu{args: shell(o.Command), dir: dir, timeout: o.Timeout}
	stream, version, err := q.record(ctx, o.Commands)
	if err != nil {
		return nil, fmt.Errorf("the target does not start: %w", err)
	}
	b, err := newBase(stream)
	if err != nil {
		return nil, err
	}
	if len(o.Commands) > 0 {
		// A device that they plug in has to be there before a stream of it is loaded.
		stream, _, err := q.record(ctx, nil)
		if err != nil {
			return nil, fmt.Errorf("the target does not start: %w", err)
		}
		plain, err := newBase(stream)
		if err != nil {
			return nil, err
		}
		if !b.same(plain) {
			q.before = o.Commands
		}
	}
	if o.Known == nil {
		if o.Known, err = test.ParseKnown(Shipped(version)); err != nil {
			return nil, err
		}
	}
	r := newReport(o, version.String(), b)
	d, err := o.drawer(b)
	if err != nil {
		return nil, err
	}
	if o.Keep != "" {
		v := d.next()
		if v == nil {
			return nil, fmt.Errorf("there is no variant %s", o.Only)
		}
		if err := output.Write(o.Keep, func(w io.Writer) error { _, err := w.Write(v.stream); return err }); err != nil {
			return nil, err
		}
		if d, err = o.drawer(b); err != nil {
			return nil, err
		}
	}
	outcomes, err := o.askAll(ctx, q, b, d)
	if err != nil {
		return nil, err
	}
	if len(outcomes) == 0 {
		return nil, errors.New("the machine's stream gives no such variant")
	}
	r.add(o, outcomes, d.partial)
	return r, nil
}

// askAll asks for what d draws, several at a time. The outcomes are in the order in
// which the variants were drawn.
func (o Options) askAll(whole context.Context, q qemu, b *base, d *drawer) ([]outcome, error) {
	ctx, cancel := context.WithCancelCause(whole)
	defer cancel(nil)
	var (
		judging  sync.Mutex // of the base: reference and model judge one variant at a time
		mu       sync.Mutex // of all that follows, and of d
		outcomes []outcome
		done     int
		all      sync.WaitGroup
	)
	end := time.Now().Add(o.Budget)
	// next draws the variant that is to be asked for.
	next := func() (*variant, int) {
		mu.Lock()
		defer mu.Unlock()
		if ctx.Err() != nil {
			return nil, 0
		}
		if o.Budget > 0 && time.Now().After(end) {
			d.partial = true
			return nil, 0
		}
		v := d.next()
		if v != nil {
			outcomes = append(outcomes, outcome{})
		}
		return v, len(outcomes) - 1
	}
	for range atOnce {
		all.Go(func() {
			for {
				v, i := next()
				if v == nil {
					return
				}
				a, err := q.ask(ctx, b, v)
				if err != nil {
					cancel(fmt.Errorf("%s: %w", v.id, err))
					return
				}
				judging.Lock()
				x := outcome{variant: *v, qemu: a, reference: b.opinion(v.stream, referenceMind), model: b.opinion(v.stream, modelMind)}
				x.judge(b)
				judging.Unlock()
				x.variant.stream, x.variant.lists = nil, nil // there are many
				mu.Lock()
				outcomes[i] = x
				done++
				if o.Asked != nil {
					o.Asked(done, d.most)
				}
				mu.Unlock()
			}
		})
	}
	all.Wait()
	switch {
	case whole.Err() != nil:
		return nil, errors.New("interrupted")
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	}
	return outcomes, nil
}

// A drawer draws the variants, one kind after the other.
type drawer struct {
	b       *base
	seed    uint64
	most    int
	only    string
	rule    string
	partial bool // not all kinds, or not all of them, are drawn

	drawn int
	turn  int
	n     []int // of each kind so far
	ended []bool
	seen  map[[sha256.Size]byte]bool
}

func (o Options) drawer(b *base) (*drawer, error) {
	d := &drawer{
		b: b, seed: o.Seed, most: o.Variants, only: o.Only, rule: o.Rule, partial: o.Rule != "" || o.Only != "",
		n: make([]int, len(kinds)), ended: make([]bool, len(kinds)), seen: map[[sha256.Size]byte]bool{},
	}
	only, n, ok := cutID(o.Only)
	if o.Only != "" {
		d.most = 1
		if !ok || n >= maxNumber || !slices.Contains(kinds, only) {
			return nil, fmt.Errorf("there is no variant %s: a kind and a number below %d, such as marker/3, of %v", o.Only, maxNumber, kinds)
		}
	}
	// A kind of which nothing is asked for is not drawn.
	for i, kind := range kinds {
		d.ended[i] = o.Only != "" && kind != only || !slices.ContainsFunc(shapes, func(s shape) bool { return s.kind == kind && d.selects(&s) })
	}
	if !slices.Contains(d.ended, false) {
		return nil, fmt.Errorf("no rule, kind or shape of variants is called %s", o.Rule)
	}
	return d, nil
}

// maxNumber bounds the number in a variant's id.
const maxNumber = 1 << 11

// next draws the next one, or nil.
func (d *drawer) next() *variant {
	for d.drawn < d.most && slices.Contains(d.ended, false) {
		k := d.turn % len(kinds)
		d.turn++
		if d.ended[k] {
			continue
		}
		v := d.b.draw(d.seed, kinds[k], d.n[k], d.seen)
		d.n[k]++
		switch {
		case v == nil || d.n[k] > maxNumber || d.only != "" && !d.leadsTo():
			d.ended[k] = true
			continue
		case d.only != "" && v.id != d.only || !d.selects(v.shape):
			continue
		}
		d.drawn++
		return v
	}
	return nil
}

// leadsTo says whether the one that is asked for is still to come, or was drawn last.
func (d *drawer) leadsTo() bool {
	kind, n, _ := cutID(d.only)
	return d.n[slices.Index(kinds, kind)] <= n+1
}

// cutID cuts KIND/N.
func cutID(id string) (kind string, n int, ok bool) {
	kind, number := path.Split(id)
	_, err := fmt.Sscanf(number, "%d", &n)
	return path.Clean(kind), n, err == nil && fmt.Sprint(n) == number && n >= 0
}

// selects says whether a shape is among those that are asked for.
func (d *drawer) selects(s *shape) bool {
	if d.rule == "" {
		return true
	}
	for _, name := range []string{string(s.rule), s.kind, s.id()} {
		if ok, _ := path.Match(d.rule, name); ok { // the command has looked at the pattern
			return true
		}
	}
	return false
}

// An outcome is what came of one variant.
type outcome struct {
	variant   variant
	qemu      answer
	reference Opinion
	model     Opinion

	kind, what string // how QEMU differs from the strict rules; "": it does not
	ours       string // how reference or model differ from what is expected; ""
	alone      props.Alone
}

// judge compares the three.
func (x *outcome) judge(b *base) {
	v := &x.variant
	x.kind, x.what = x.qemu.misses(v)
	for _, o := range []struct {
		name string
		Opinion
	}{{"the reference", x.reference}, {"the model", x.model}} {
		if why := o.misses(v, b); why != "" && x.ours == "" {
			x.ours = o.name + " " + why
		}
	}
	// A warning loads.
	says := func(o Opinion) Expect {
		if o.Verdict == Warn {
			return Accept
		}
		return o.Verdict
	}
	target, reference, oracle := says(x.qemu.Opinion), says(x.reference), says(x.model)
	switch {
	case reference == oracle && target == oracle:
		x.alone = props.CaseAlone
		if x.qemu.again != "" {
			x.alone = props.TargetAlone
		}
	case reference == oracle:
		x.alone = props.TargetAlone
	case target == oracle:
		x.alone = props.ReferenceAlone
	case target == reference:
		x.alone = props.ModelAlone
	default:
		x.alone = props.NobodyAlone
	}
}

// fingerprint tells a difference from others of the same rule.
func (x *outcome) fingerprint() string {
	if x.kind == "" {
		return x.variant.shape.id() + ":ours"
	}
	return x.variant.shape.id() + ":" + x.kind
}

func (x *outcome) rule() rules.ID { return x.variant.shape.rule }

// verdict of what differs.
func (x *outcome) verdict() report.Verdict {
	switch {
	case x.ours != "":
		return report.Fail
	case x.kind == "silent":
		return report.Undecided
	case x.kind != "":
		return report.Fail
	}
	return report.Pass
}
