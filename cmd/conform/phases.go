package main

import (
	"fmt"
	"sync"
	"time"
)

// phases tells what is being done now: each phase as it begins if the progress
// is plain, else the present one in a line of its own after a while.
type phases struct {
	p     *progress
	mu    sync.Mutex
	now   string
	timer *time.Timer
}

func (f *phases) begin(phase string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = phase
	switch {
	case f.p.w == nil:
	case !f.p.line:
		fmt.Fprintln(f.p.w, "conform:", phase)
	case f.timer == nil:
		f.timer = time.AfterFunc(progressAfter, f.show)
	case f.p.shown:
		f.write()
	}
}

func (f *phases) show() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.p.w != nil {
		f.write()
	}
}

func (f *phases) write() {
	fmt.Fprintf(f.p.w, "\r\x1b[K%s", f.now)
	f.p.shown = true
}

// stop wipes the line; nothing is told any more.
func (f *phases) stop() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.p.stop()
	f.p.w = nil
}
