package model

import (
	"strconv"
	"strings"
)

// A trail is the way from the top to what is being worked on. Steps are cheap
// to push and pop; the path is spelled out only where somebody will read it.
type trail []step

// A step is a name, or, where name is empty, an index.
type step struct {
	name  string
	index int
}

func (t *trail) push(name string) { *t = append(*t, step{name: name}) }
func (t *trail) pushIndex(i int)  { *t = append(*t, step{index: i}) }
func (t *trail) pop()             { *t = (*t)[:len(*t)-1] }

// String spells the path as fine-points.md says: names joined by '/', "[i]"
// after the name for element i, "" for the top.
func (t trail) String() string {
	var b strings.Builder
	n := 0
	for _, s := range t {
		n += len(s.name) + len("/[999]")
	}
	b.Grow(n)
	for _, s := range t {
		if s.name == "" {
			b.WriteByte('[')
			b.WriteString(strconv.Itoa(s.index))
			b.WriteByte(']')
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('/')
		}
		b.WriteString(s.name)
	}
	return b.String()
}
