package savevm

import (
	"bytes"
	"slices"
)

// headWindow is what header and configuration of any real stream fit into.
const headWindow = 64 << 10

// maxEarly is how far the end of a device that is saved before the guest's memory
// is looked for: virtio-mem's bitmap has a bit for each of its blocks.
const maxEarly = 1 << 20

// A scanner walks the items of a stream as far as their length is known without
// a description, which is as far as guest memory mostly goes.
type scanner struct {
	w       *window
	src     *Source
	record  func(*RAMRecord) error
	foreign bool // it is no stream

	stream   Stream // header and configuration
	postcopy bool
	names    map[uint32]string // of the sections that were started
	ended    bool              // the guest's memory is through
	readers  recordReaders
}

// scan stops, without an error, in front of the first item that it does not
// know, or that is wrong: Parse sees to that. The error is of record.
func (s *scanner) scan() error {
	if !s.head() {
		return nil
	}
	s.names, s.readers = map[uint32]string{}, recordReaders{}
	for {
		var kind byte
		if !s.w.read(func(c *cursor) { kind = c.u8(); c.off-- }) {
			return nil
		}
		ok, err := false, error(nil)
		switch kind {
		case KindStart, KindFull, KindPart, KindEnd:
			ok, err = s.section()
		case KindCommand:
			ok = s.command()
		}
		if err != nil || !ok {
			return err
		}
	}
}

func (s *scanner) head() bool {
	ok := false
	for len(s.w.b) < headWindow && s.w.more() {
	}
	c := s.w.cursor() // once: what does not fit is for Parse to see
	got := c.bytes(int64(len(magic)))
	if !c.short && string(got) != magic {
		s.foreign = true
		return false
	}
	if c.be32() == streamVersion && !c.short {
		ok = readConfig(&c, &s.stream) == nil
	}
	if ok {
		s.w.pos = int(c.off)
	}
	return ok
}

// section passes a section whose layout is known.
func (s *scanner) section() (ok bool, err error) {
	var kind byte
	var id, version uint32
	var name string
	from := s.w.pos
	if !s.w.read(func(c *cursor) {
		from = int(c.off)
		kind, id = c.u8(), c.be32()
		if kind == KindStart || kind == KindFull {
			name = string(cString(c.counted()))
			c.be32()
			version = c.be32()
		}
	}) {
		return false, nil
	}
	if kind == KindPart || kind == KindEnd {
		name = s.names[id]
	} else if b, known := builtins[name]; !known || b.version != version {
		name = ""
	}
	if name == "" {
		if s.ended || kind != KindFull || !s.bridge(id) {
			s.w.pos = from
			return false, nil
		}
		return true, nil
	}
	s.names[id] = name
	if builtins[name].records == nil {
		ok, err = s.memory(id)
	} else {
		ok = s.records(s.readers.of(kind, id, name))
	}
	if !ok || err != nil {
		return false, err
	}
	s.ended = s.ended || kind == KindEnd && builtins[name].records == nil
	// A stream of an old machine type has no footers.
	s.w.read(func(c *cursor) {
		if p := c.bytes(footerSize); p != nil && string(p) != string(footerOf(id)) {
			c.off -= footerSize
		}
	})
	return true, nil
}

// bridge passes the rest of a device that is saved before the guest's memory, up to
// its footer with a record behind it. What it is Parse will see, and judge.
func (s *scanner) bridge(id uint32) bool {
	started := func(id uint32) bool { return s.names[id] != "" }
	footer := footerOf(id)
	for passed := 0; ; {
		at := bytes.Index(s.w.b[s.w.pos+passed:], footer)
		if at < 0 {
			// The footer may have begun.
			passed = max(passed, len(s.w.b)-s.w.pos-len(footer)+1)
		} else {
			passed += at
			c := s.w.cursor()
			c.bytes(int64(passed + len(footer)))
			switch recordAt(c, started) {
			case yes:
				s.w.pos = int(c.off)
				return true
			case no:
				passed++
				continue
			}
		}
		if passed > maxEarly || !s.w.more() {
			return false
		}
	}
}

func (s *scanner) memory(id uint32) (ok bool, err error) {
	st := stateOf(s.src.ram, id)
	m := &Memory{leftOut: true}
	at := s.w.offset()
	s.src.memory[at] = m
	s.w.leave(true)
	f := formatOf(s.stream.Config, s.postcopy, s.src.Origin)
	r := memoryReader{w: s.w, f: f, st: st, m: m, record: s.record}
	if f.pageSize == 0 {
		r.f.pageSize, r.guess = s.src.pageSize, s.src.pageSize == 0
	}
	err = r.read()
	if f.pageSize == 0 && !r.guess {
		s.src.pageSize = r.f.pageSize
	}
	s.w.leave(m.err != nil) // what follows a broken record is of no use
	return m.err == nil, err
}

func (s *scanner) records(r recordReader) bool {
	for {
		last, bad := false, false
		if !s.w.read(func(c *cursor) {
			rec, err := r.read(c)
			last, bad = rec.last, err != nil && err != errShort
		}) || bad {
			return false
		}
		if last {
			return true
		}
	}
}

func (s *scanner) command() bool {
	var code, n uint16
	from := s.w.pos
	known := s.w.read(func(c *cursor) {
		from = int(c.off)
		c.u8()
		code, n = c.be16(), c.be16()
		c.bytes(int64(n))
	})
	if !known || !commandFits(code, n) || code == cmdPackaged {
		s.w.pos = from
		return false
	}
	if code == cmdPostcopyAdvise {
		s.postcopy = n > 0
	}
	return true
}

// formatOf is the layout of RAM records, but for the size of a page where the
// configuration does not say it.
func formatOf(c *Config, postcopy bool, origin int64) ramFormat {
	f := ramFormat{postcopy: postcopy, origin: origin}
	if c != nil {
		if c.PageBits != 0 {
			f.pageSize = 1 << c.PageBits
		}
		f.ignoreShared = slices.Contains(c.Capabilities, "x-ignore-shared")
		f.mapped = slices.Contains(c.Capabilities, "mapped-ram")
	}
	return f
}
