package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A review is an entry of the list: why a mutant may survive. In the list it is
//
//	file, function, MUTATION[, nth]
//		the line, with the operator in «»
//	The reason, in one or more lines.
//
// and a blank line follows.
type review struct {
	id
	reason string
}

func parseReviewed(list string) ([]review, error) {
	var all []review
	for block := range strings.SplitSeq(list, "\n\n") {
		block = strings.TrimSpace(block)
		if block == "" {
			continue
		}
		lines := strings.Split(block, "\n")
		head := strings.Split(lines[0], ", ")
		if len(lines) < 3 || len(head) < 3 || len(head) > 4 {
			return nil, fmt.Errorf("no entry with a reason: %q", block)
		}
		r := review{id: id{head[0], head[1], head[2], 1, strings.TrimSpace(lines[1])}, reason: strings.Join(strings.Fields(strings.Join(lines[2:], " ")), " ")}
		if len(head) == 4 {
			nth, err := strconv.Atoi(head[3])
			if err != nil {
				return nil, fmt.Errorf("%q: %w", lines[0], err)
			}
			r.nth = nth
		}
		if slices.ContainsFunc(all, func(other review) bool { return other.id == r.id }) {
			return nil, fmt.Errorf("twice: %q", block)
		}
		all = append(all, r)
	}
	return all, nil
}

// compare gives the survivors that nobody has reviewed, and the reviews of
// mutants that do not survive, or are none any more.
func compare(mutants []mutant, reviewed []review) (open []mutant, stale []review) {
	survivors := map[id]bool{}
	for _, m := range mutants {
		if !m.survived() {
			continue
		}
		survivors[m.id] = true
		if !slices.ContainsFunc(reviewed, func(r review) bool { return r.id == m.id }) {
			open = append(open, m)
		}
	}
	for _, r := range reviewed {
		if !survivors[r.id] {
			stale = append(stale, r)
		}
	}
	return open, stale
}

// tally counts what became of mutants.
type tally struct{ killed, alive, timedOut, notCompiled int }

func count(mutants []mutant) (t tally) {
	for _, m := range mutants {
		switch m.status {
		case killed:
			t.killed++
		case lived:
			t.alive++
		case timedOut:
			t.timedOut++
		case notCompiled:
			t.notCompiled++
		default:
			panic("a status that gremlins 0.6.0 does not give: " + m.status)
		}
	}
	return t
}

func (t tally) score() string {
	if t.killed+t.alive == 0 {
		return "–"
	}
	return fmt.Sprintf("%.1f %%", 100*float64(t.killed)/float64(t.killed+t.alive))
}

func (t tally) String() string {
	return fmt.Sprintf("score %s: %d killed, %d alive; %d timed out; %d do not compile", t.score(), t.killed, t.alive, t.timedOut, t.notCompiled)
}

// report is the package's page in docs/mutation.
func report(pkg string, files []string, mutants []mutant, reviewed []review, open []mutant) string {
	var b strings.Builder
	command := "make mutate PKG=" + pkg
	if len(files) > 0 {
		command += fmt.Sprintf(" FILES=%q", strings.Join(files, " "))
	}
	fmt.Fprintf(&b, "# Mutation tests of %s\n\nWritten by `%s`; %s\n", pkg, command, explanation)
	b.WriteString("\n| file | killed | alive | score | timed out | do not compile |\n|---|---|---|---|---|---|\n")
	row := func(name string, t tally) {
		fmt.Fprintf(&b, "| %s | %d | %d | %s | %d | %d |\n", name, t.killed, t.alive, t.score(), t.timedOut, t.notCompiled)
	}
	for rest := mutants; len(rest) > 0; {
		file := rest[0].file
		n := slices.IndexFunc(rest, func(m mutant) bool { return m.file != file })
		if n < 0 {
			n = len(rest)
		}
		row("`"+file+"`", count(rest[:n]))
		rest = rest[n:]
	}
	row("all", count(mutants))

	section := func(title string) { fmt.Fprintf(&b, "\n## %s\n\n", title) }
	entry := func(m mutant) {
		nth := ""
		if m.nth > 1 {
			nth = fmt.Sprintf(" (%d)", m.nth)
		}
		fmt.Fprintf(&b, "- `%s` %s, %s%s, %s: `%s`", m.file, m.function, m.mutation, nth, strings.ToLower(m.status), m.text)
	}
	if len(reviewed) > 0 {
		section("Reviewed")
	}
	for _, m := range mutants {
		if i := slices.IndexFunc(reviewed, func(r review) bool { return r.id == m.id }); i >= 0 && m.survived() {
			entry(m)
			fmt.Fprintf(&b, "\n  %s\n", reviewed[i].reason)
		}
	}
	if len(open) > 0 {
		section("Not reviewed")
		for _, m := range open {
			entry(m)
			b.WriteByte('\n')
		}
	}
	return b.String()
}

const explanation = `the reasons come from the list beside.
A mutant is one operator changed (gremlins 0.6.0, all its kinds). It is killed
where a test of the package fails, alive where none does. The score is
killed / (killed + alive): a mutant that times out, which is mostly a loop without
end, and one that does not compile count as neither.`
