package compat

import (
	"fmt"
	"sync"
	"time"
)

// An event is something that happened in the bot: a route returned an error, or a counting
// route ran.
type event struct {
	kind   string // "ipc_error" or "call"
	route  string
	typ    string // the type of the error
	caller string // the client's address
}

// events collects the events of one server.
type events struct {
	mu      sync.Mutex // protects the fields below
	list    []event
	counts  map[string]int
	changed chan struct{} // closed and replaced at every event
}

func newEvents() *events {
	return &events{counts: map[string]int{}, changed: make(chan struct{})}
}

func (e *events) add(ev event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.list = append(e.list, ev)
	close(e.changed)
	e.changed = make(chan struct{})
}

// count notes a run of a route and returns the number of its runs so far.
func (e *events) count(route, caller string) int {
	e.mu.Lock()
	e.counts[route]++
	n := e.counts[route]
	e.mu.Unlock()
	e.add(event{kind: "call", route: route, caller: caller})
	return n
}

// times returns the number of events that match want. Empty fields of want match all
// values.
func (e *events) times(want event) (n int) {
	n, _ = e.timesAndChange(want)
	return n
}

func (e *events) timesAndChange(want event) (n int, changed chan struct{}) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, ev := range e.list {
		if ev.kind == want.kind && (want.route == "" || ev.route == want.route) &&
			(want.typ == "" || ev.typ == want.typ) && (want.caller == "" || ev.caller == want.caller) {
			n++
		}
	}
	return n, e.changed
}

// wait waits until want has happened.
func (e *events) wait(want event) error {
	timeout := time.After(patience)
	for {
		n, changed := e.timesAndChange(want)
		if n > 0 {
			return nil
		}
		select {
		case <-changed:
		case <-timeout:
			return fmt.Errorf("no event %+v on the bot's side", want)
		}
	}
}

// patience is the time for which the replay waits for things that should happen at once.
// It is long because the race detector is slow on a busy machine.
const patience = 10 * time.Second

// recorded returns the recorded events that a Go bot has, too. It leaves out all others,
// such as the death of a handler of the Python package.
func recorded(list []node, caller string) (out []event) {
	for _, n := range list {
		switch kind := n.get("event").str; kind {
		case "ipc_error":
			out = append(out, event{kind, n.get("endpoint").str, n.get("type").str, caller})
		case "call":
			out = append(out, event{kind: kind, route: n.get("route").str, caller: caller})
		}
	}
	return out
}
