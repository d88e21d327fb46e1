package gate_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/internal/call"
	"github.com/cogbus/cogbus/internal/gate"
	"github.com/cogbus/cogbus/internal/instance"
)

// A host delivers events to its subscribers. It delivers the event early during
// Subscribe.
type host struct {
	early string

	mu    sync.Mutex // protects the fields below
	subs  map[string]func(data []byte)
	asked []string // the names of all events that were subscribed to
}

func (*host) Call(context.Context, string, []byte) ([]byte, error) { return nil, errGone }

func (h *host) Subscribe(event string, deliver func(data []byte)) (cancel func()) {
	if h.early != "" {
		deliver([]byte(h.early))
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.subs[event] = deliver
	h.asked = append(h.asked, event)
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.subs, event)
	}
}

func (h *host) emit(event, data string) {
	h.mu.Lock()
	deliver := h.subs[event]
	h.mu.Unlock()
	if deliver != nil {
		deliver([]byte(data))
	}
}

func (h *host) names() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return strings.Join(slices.Sorted(maps.Keys(h.subs)), " ")
}

// event makes an Event of the data of a host. Placed notes why no listener gets it.
func (w *world) event(h instance.Host, name string, data []byte) *gate.Event {
	return &gate.Event{
		Host: h,
		Name: name,
		Call: func(at *call.Place) *call.Call {
			if string(data) == "nobody" {
				return nil
			}
			w.mu.Lock()
			w.lastID++
			id := w.lastID
			w.mu.Unlock()
			return w.made(w.env.New(w, at), id, nil, at.Endpoint.Name, string(data))
		},
		Placed: func(err error) {
			if err != nil {
				w.note("%s lost: %.11v", data, err)
			} else {
				w.note("%s placed", data)
			}
		},
	}
}

// listens records n listeners for each of the events. Each notes the events that it gets,
// and takes a second. Events with the same text have the same key.
func listens(w *world, h instance.Host, n int, events ...string) func(r *cogs.Registrar) {
	return func(r *cogs.Registrar) {
		for _, event := range events {
			for range n {
				(*instance.Recorder)(r).Listen(h, event, func(data []byte) string { return string(data) }, func(ctx context.Context, data []byte) error {
					w.note("%s in %d", data, cogs.CallInfo(ctx).Generation)
					time.Sleep(time.Second)
					return nil
				})
			}
		}
	}
}

// TestEvent_oneGeneration delivers events before, during and after switches: each goes
// to all listeners of one generation.
func TestEvent_oneGeneration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, h := newWorld(t), &host{subs: map[string]func([]byte){}}
		c := w.load(cogs.Cog{Name: "c", MaxInFlight: 2}, listens(w, h, 2, "join"))
		c.Subscribe(c.gen, w.event)
		h.emit("join", "one")
		w.wantNotes("one placed", "one in 1") // the second listener's turn comes next
		time.Sleep(5 * time.Second)
		w.wantNotes("one in 1")

		c.Hold()
		h.emit("join", "two")
		h.emit("join", "three")
		if s := c.Stats(); s.Held != 2 || s.Calls != 0 {
			t.Errorf("Stats() = %+v; want 2 events held, which are no calls", s)
		}
		w.wantNotes()
		if n := c.Swap(c.next(c.gen)); n != 2 {
			t.Errorf("Swap() = %d; want 2 events", n)
		}
		h.emit("join", "four") // refused, because the held events have passed the limit
		time.Sleep(5 * time.Second)
		synctest.Wait()
		slices.Sort(w.began)
		w.wantNotes("four lost: overloaded:", "three in 2", "three in 2", "three placed", "two in 2", "two in 2", "two placed")

		h.emit("join", "nobody") // the server has ended, so Event.Call returns nil
		w.wantNotes("nobody placed")
		c.RefuseAll(errGone)
		h.emit("join", "five")
		w.wantNotes("five lost: unavailable")
		if n := c.InFlight(); n != 0 {
			t.Errorf("InFlight() = %d; want 0", n)
		}
	})
}

// TestEvent_orderOverASwitch delivers events of one key before and after a switch: the
// listener of the next generation waits for the listener of the previous one, whether or
// not the cog is serial.
func TestEvent_orderOverASwitch(t *testing.T) {
	for _, serial := range []bool{false, true} {
		bubble(t, fmt.Sprintf("serial %v", serial), func(t *testing.T) {
			w, h := newWorld(t), &host{subs: map[string]func([]byte){}}
			c := w.load(cogs.Cog{Name: "c", Serial: serial}, listens(w, h, 1, "join"))
			c.Subscribe(c.gen, w.event)
			h.emit("join", "one")
			w.wantNotes("one placed", "one in 1")
			c.Swap(c.next(c.gen))
			h.emit("join", "one")
			w.wantNotes("one placed")
			time.Sleep(time.Second)
			w.wantNotes("one in 2")
		})
	}
}

// TestEvent_limit delivers an event when the limit has no room for all its listeners: no
// listener gets it.
func TestEvent_limit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, h := newWorld(t), &host{subs: map[string]func([]byte){}}
		c := w.load(cogs.Cog{Name: "c", MaxInFlight: 5, MaxHeld: 2}, listens(w, h, 2, "join"))
		c.Subscribe(c.gen, w.event)
		for n := range 3 {
			h.emit("join", fmt.Sprint(n))
			time.Sleep(time.Millisecond) // otherwise they end in random order
		}
		if n := c.gen.InFlight(); n != 4 {
			t.Errorf("InFlight() = %d; want 2 events of 2 listeners", n)
		}
		w.wantNotes("0 placed", "0 in 1", "1 placed", "1 in 1", "2 lost: overloaded:")
		time.Sleep(5 * time.Second)
		w.wantNotes("0 in 1", "1 in 1")
		c.Hold()
		h.emit("join", "3")
		h.emit("join", "4")
		h.emit("join", "5")
		w.wantNotes("5 lost: overloaded:")
		c.RefuseAll(errGone)
		w.wantNotes("3 lost: unavailable", "4 lost: unavailable")
	})
}

// TestSubscribe changes the events to which a cog listens. The gate keeps a subscription
// that the next generation needs too, so that no event is lost or seen twice.
func TestSubscribe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, h := newWorld(t), &host{subs: map[string]func([]byte){}}
		c := w.load(cogs.Cog{Name: "c"}, listens(w, h, 1, "join", "leave"))
		h.early = "early" // Subscribe delivers it, which would hang if the gate held its lock
		c.Subscribe(c.gen, w.event)
		time.Sleep(5 * time.Second)
		synctest.Wait()
		slices.Sort(w.began)
		w.wantNotes("early in 1", "early in 1", "early placed", "early placed")
		if got := h.names(); got != "join leave" {
			t.Errorf("the host has subscriptions of %q; want join leave", got)
		}
		c.def.Setup = func(_ context.Context, r *cogs.Registrar) error { listens(w, h, 1, "leave", "ban")(r); return nil }
		h.early = ""
		h.asked = nil
		c.Swap(c.next(c.gen))
		c.Subscribe(c.gen, w.event)
		if got := h.names(); got != "ban leave" || !slices.Equal(h.asked, []string{"ban"}) {
			t.Errorf("the host has subscriptions of %q, and was asked for %q; want ban leave, the latter kept", got, h.asked)
		}
		h.emit("leave", "one")
		w.wantNotes("one placed", "one in 2")
		c.Subscribe(nil, w.event)
		if got := h.names(); got != "" {
			t.Errorf("the host has subscriptions of %q; want none", got)
		}
	})
}
