package vmstate

import "strconv"

// A trail is the way from the top to the field at hand. Walking it costs no
// allocation; it becomes text only for an error or a note.
type trail []step

type step struct {
	name  string // "": a second index on the step before, for an array of queues
	index int    // -1: none
}

func (t *trail) push(name string) { *t = append(*t, step{name, -1}) }
func (t *trail) pop()             { *t = (*t)[:len(*t)-1] }

// at sets the element that the last step stands for; -1: the field itself.
func (t trail) at(i int) { t[len(t)-1].index = i }

// field is the name of the field at hand.
func (t trail) field() string {
	for i := len(t) - 1; i >= 0; i-- {
		if t[i].name != "" {
			return t[i].name
		}
	}
	return ""
}

func (t trail) String() string {
	var b []byte
	for i, s := range t {
		if i > 0 && s.name != "" {
			b = append(b, '/')
		}
		b = append(b, s.name...)
		if s.index >= 0 {
			b = append(b, '[')
			b = strconv.AppendInt(b, int64(s.index), 10)
			b = append(b, ']')
		}
	}
	return string(b)
}
