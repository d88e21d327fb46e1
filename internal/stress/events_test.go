//go:build stress

package stress

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

	"github.com/cogbus/cogbus/cogs"
	inst "github.com/cogbus/cogbus/internal/instance"
)

// A host delivers events to the listening cogs, to each in its order.
type host struct {
	mu   sync.Mutex // protects the fields below
	subs map[string]map[int]func([]byte)
	last int
}

func newHost() *host { return &host{subs: map[string]map[int]func([]byte){}} }

// Call does nothing, since this host has no functions.
func (h *host) Call(context.Context, string, []byte) ([]byte, error) {
	return nil, errors.New("the host has no functions")
}

// Subscribe delivers the events of a name.
func (h *host) Subscribe(event string, deliver func([]byte)) (cancel func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.last++
	id := h.last
	if h.subs[event] == nil {
		h.subs[event] = map[int]func([]byte){}
	}
	h.subs[event][id] = deliver
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.subs[event], id)
	}
}

func (h *host) emit(event string, data []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, deliver := range h.subs[event] {
		deliver(data)
	}
}

// eventOf returns the name of a member's events. It contains the member's name, so that
// refusals tell the member.
func eventOf(member string) string { return "joined " + member }

const listenersEach = 3

type event struct {
	N   int `json:"n"`
	Key int `json:"key"`
}

// listeners records three listeners of the same event. Every other generation has them
// in another order, as after an edit.
func (i *instance) listeners(r *cogs.Registrar) {
	for n := range listenersEach {
		who := n
		if i.generation%2 == 0 {
			who = listenersEach - 1 - n
		}
		(*inst.Recorder)(r).Listen(i.w.host, eventOf(i.name), func(data []byte) string {
			var e event
			_ = json.Unmarshal(data, &e)
			return strconv.Itoa(e.Key)
		}, func(_ context.Context, data []byte) error {
			var e event
			if err := json.Unmarshal(data, &e); err != nil {
				i.w.bad.add("an event's data is wrong", "%q: %v", data, err)
			}
			defer i.enter(i.w.anonymous(), "")()
			i.w.events.seen(i, who, e)
			if rand.IntN(100) == 0 {
				panic("planned: a listener panics")
			}
			if rand.IntN(20) == 0 {
				time.Sleep(time.Duration(rand.IntN(1000)) * time.Microsecond)
			}
			return nil
		})
	}
}

// An eventBook notes which listeners have seen which events.
type eventBook struct {
	bad *violations

	mu      sync.Mutex // protects the fields below
	emitted map[string]int
	seenBy  map[string]int
	missed  map[string]int // number of refusals, by event
	marks   map[string][]mark
	newest  map[string]map[[2]int]int // by member, then listener and key
}

// A mark is the outcome of an event in one cog.
type mark struct {
	generation uint64
	listeners  uint8 // a bit for each listener that saw it
}

func newEventBook(bad *violations) *eventBook {
	return &eventBook{bad: bad, emitted: map[string]int{}, seenBy: map[string]int{}, missed: map[string]int{}, marks: map[string][]mark{}, newest: map[string]map[[2]int]int{}}
}

// begin makes the next event for a member.
func (b *eventBook) begin(member string) event {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.emitted[member]++
	b.marks[member] = append(b.marks[member], mark{})
	return event{N: b.emitted[member], Key: rand.IntN(4)}
}

// seen notes that a listener has got an event.
func (b *eventBook) seen(i *instance, who int, e event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.seenBy[i.name]++
	m := &b.marks[i.name][e.N-1]
	if m.listeners&(1<<who) != 0 {
		b.bad.add("a listener sees an event twice", "listener %d of %v: event %d, generation %d had it", who, i, e.N, m.generation)
	}
	if m.listeners != 0 && m.generation != i.generation {
		b.bad.add("an event reaches two generations", "event %d: listeners %03b of %s@%d, then listener %d of generation %d", e.N, m.listeners, i.name, m.generation, who, i.generation)
	}
	m.generation, m.listeners = i.generation, m.listeners|1<<who
	if b.newest[i.name] == nil {
		b.newest[i.name] = map[[2]int]int{}
	}
	at := [2]int{who, e.Key}
	if last := b.newest[i.name][at]; last >= e.N {
		b.bad.add("events of a key are out of order", "listener %d of %v: event %d after %d", who, i, e.N, last)
	}
	b.newest[i.name][at] = max(b.newest[i.name][at], e.N)
}

// refused notes that one listener, or all, did not get an event.
func (b *eventBook) refused(member string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.missed[member]++
}

// judge counts the events that no listener saw. Of refused events only the number is
// known. The refusal of a held event stands for every listener.
func (b *eventBook) judge(m *member) {
	b.mu.Lock()
	defer b.mu.Unlock()
	missing := 0
	for _, k := range b.marks[m.name] {
		for who := range listenersEach {
			if k.listeners&(1<<who) == 0 {
				missing++
			}
		}
	}
	if may := b.missed[m.name] * listenersEach; m.strict && missing > may {
		b.bad.add("an event is lost", "in %s: %d times a listener missed one, %d times that was said", m.name, missing, b.missed[m.name])
	}
}
