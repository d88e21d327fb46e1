//go:build stress

package stress

import (
	"sync/atomic"
	"time"
	"unsafe"
)

// A ledger has a line for each call. The token of a call is the number of its line, and
// crosses the wire in its data. Lines stay to the end, because a call that runs a
// second time may do so late.
type ledger struct {
	routes  []string // the endpoints, by their numbers; fixed at creation
	longest []atomic.Int64
	latest  atomic.Int64  // the longest time after its deadline at which a call was answered
	last    atomic.Uint64 // the newest token
	pages   [1 << 13]atomic.Pointer[page]
}

type page [1 << 14]line

// A line is small, since there are millions of them.
type line struct {
	runs    atomic.Uint32
	answers atomic.Uint32
	fate    atomic.Uint32 // the last answer
	route   uint16
	by      caller
}

// A caller is a kind of client.
type caller uint8

const (
	byV1 caller = iota
	byIPCX
	byLibrary
	byOneShot // the client library, which makes a connection for each ipcx call
	byHandler
	byTask
	byGhost // code with a handler's context after its handler has returned
	byProcess
)

func (c caller) String() string {
	return [...]string{"raw cogbus.v1", "raw ipcx", "client ws", "client ipcx", "a handler", "a task", "a context that has ended", "a process"}[c]
}

func newLedger(routes []string) *ledger {
	return &ledger{routes: routes, longest: make([]atomic.Int64, len(routes))}
}

// open begins a line and returns its token.
func (l *ledger) open(by caller, route int) uint64 {
	token := l.last.Add(1)
	slot := &l.pages[token/uint64(len(page{}))]
	p := slot.Load()
	if p == nil {
		p = new(page)
		if !slot.CompareAndSwap(nil, p) {
			p = slot.Load()
		}
	}
	at := &p[token%uint64(len(page{}))]
	at.route, at.by = uint16(route), by
	return token
}

// line returns the line of a token, nil if there is none.
func (l *ledger) line(token uint64) *line {
	if token == 0 || token > l.last.Load() {
		return nil
	}
	p := l.pages[token/uint64(len(page{}))].Load()
	if p == nil {
		return nil
	}
	return &p[token%uint64(len(page{}))]
}

// ran notes that a handler has begun to run the call. It reports whether the call
// exists.
func (l *ledger) ran(token uint64) bool {
	at := l.line(token)
	if at != nil {
		at.runs.Add(1)
	}
	return at != nil
}

// answer notes an outcome of the call, and its duration.
func (l *ledger) answer(token uint64, f fate, took time.Duration) {
	at := l.line(token)
	at.fate.Store(uint32(f))
	at.answers.Add(1)
	raise(&l.longest[at.route], int64(took))
}

// due notes that a call with this deadline has been answered now.
func (l *ledger) due(bad *violations, r request, by caller, deadline time.Time) {
	late := time.Since(deadline)
	raise(&l.latest, int64(late))
	if late > patience {
		bad.add("an answer comes after the deadline", "call %d of %s by %v: %v after it", r.token, r.endpoint, by, late)
	}
}

// raise makes the number at least n.
func raise(number *atomic.Int64, n int64) {
	for old := number.Load(); n > old; old = number.Load() {
		if number.CompareAndSwap(old, n) {
			return
		}
	}
}

// size returns the bytes of the lines, which do not count as growth of the bot.
func (l *ledger) size() uint64 {
	pages := l.last.Load()/uint64(len(page{})) + 1
	return pages * uint64(unsafe.Sizeof(page{}))
}
