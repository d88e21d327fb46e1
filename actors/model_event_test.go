package actors_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/internal/instance"
)

// A modelEvent is the model's record of one event.
type modelEvent struct {
	n      int
	key    string
	sent   time.Time
	seenBy []sighting
}

type sighting struct {
	instance *modelInstance
	listener string
}

// A happening is the data of an event.
type happening struct {
	N   int    `json:"n"`
	Key string `json:"key"`
}

// A host delivers events to cogs, one after the other.
type host struct {
	m     *machine
	queue chan []byte

	mu   sync.Mutex // protects the fields below
	subs []*delivery
	left int // number of events that are not delivered
}

type delivery struct{ deliver func([]byte) }

func newHost(m *machine) *host {
	h := &host{m: m, queue: make(chan []byte, 1<<10)}
	m.work.Go(h.run) // ends when close is called
	return h
}

func (h *host) Call(context.Context, string, []byte) ([]byte, error) { return nil, nil }

func (h *host) Subscribe(_ string, deliver func([]byte)) (cancel func()) {
	s := &delivery{deliver}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.subs = append(h.subs, s)
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.subs = slices.DeleteFunc(slices.Clone(h.subs), func(other *delivery) bool { return other == s })
	}
}

func (h *host) run() {
	for data := range h.queue {
		h.mu.Lock()
		subs := h.subs
		h.mu.Unlock()
		for _, s := range subs {
			s.deliver(data)
		}
		h.mu.Lock()
		h.left--
		h.mu.Unlock()
	}
}

func (h *host) pending() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.left
}

func (h *host) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.queue != nil {
		close(h.queue)
		h.queue = nil
	}
}

// emit adds an event.
func (m *machine) emit(key string) {
	m.mu.Lock()
	e := &modelEvent{n: len(m.events), key: key, sent: time.Now()}
	m.events = append(m.events, e)
	m.noteLocked("event %d, key %s", e.n, key)
	m.mu.Unlock()
	data, _ := json.Marshal(happening{e.n, key})
	m.host.mu.Lock()
	defer m.host.mu.Unlock()
	m.host.left++
	m.host.queue <- data
}

// listen records two listeners of the same event. Their order changes from instance to
// instance.
func (m *machine) listen(i *modelInstance, r *cogs.Registrar) {
	names := []string{"first", "second"}
	if i.swapped {
		slices.Reverse(names)
	}
	for _, name := range names {
		(*instance.Recorder)(r).Listen(m.host, "happened",
			func(data []byte) string {
				time.Sleep(m.p.eventKey)
				return eventOf(data).Key
			},
			func(ctx context.Context, data []byte) error { return m.hear(ctx, i, name, eventOf(data)) })
	}
}

func eventOf(data []byte) happening {
	var e happening
	_ = json.Unmarshal(data, &e) // the host has made the text
	return e
}

// hear is the listeners' code. It checks that each listener sees an event once, and
// that both are of one instance.
func (m *machine) hear(ctx context.Context, i *modelInstance, listener string, h happening) error {
	r := &run{
		what:     fmt.Sprintf("the %s listener for event %d", listener, h.N),
		instance: i, ctx: ctx,
		lane:  i.cog.name + " events " + h.Key,
		limit: 1,
	}
	m.mu.Lock()
	e := m.events[h.N]
	for _, seen := range e.seenBy {
		if seen.instance.cog != i.cog {
			continue
		}
		if seen.instance != i {
			m.faultLocked("event %d is seen by instances %v and %v", e.n, seen.instance, i)
		}
		if seen.listener == listener {
			m.faultLocked("event %d is seen twice by the %s listener of cog %s", e.n, listener, i.cog.name)
		}
	}
	e.seenBy = append(e.seenBy, sighting{i, listener})
	// events of equal key come in order
	order := fmt.Sprintf("%s %s %s", i.cog.name, listener, h.Key)
	if last := m.latest[order]; last > e.n {
		m.faultLocked("the %s listener of cog %s sees event %d after event %d", listener, i.cog.name, e.n, last)
	}
	m.latest[order] = e.n
	m.enterLocked(r)
	m.mu.Unlock()
	defer m.leave(r)
	time.Sleep(200 * time.Microsecond)
	return nil
}

// checkEvents looks for events that one listener of a cog has seen and the other has
// not.
func (m *machine) checkEvents() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, e := range m.events {
		for _, c := range m.cogs {
			seen := 0
			for _, s := range e.seenBy {
				if s.instance.cog == c {
					seen++
				}
			}
			if seen == 1 && !m.cutOffLocked(c, e.sent) {
				m.faultLocked("event %d is seen by one of two listeners of cog %s; want both or none", e.n, c.name)
			}
		}
	}
}
