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
	"github.com/cogbus/cogbus/internal/spec"
	"github.com/cogbus/cogbus/internal/workers"
	"github.com/cogbus/cogbus/wire"
)

// bubble runs f as a subtest in a bubble.
func bubble(t *testing.T, name string, f func(t *testing.T)) {
	t.Run(name, func(t *testing.T) { synctest.Test(t, f) })
}

// A tester is a *testing.T, or a *rapid.T.
type tester interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	Cleanup(f func())
}

// A world has the gates of a bot, a table of the routes, and a maker that notes the
// answers.
type world struct {
	t        tester
	pool     workers.Pool
	env      call.Env
	switches gate.Switches

	mu      sync.Mutex // protects the fields below
	table   map[string]*call.Place
	lastID  uint64
	answers map[uint64][]string
	overs   map[uint64]int
	told    map[uint64]chan struct{} // closed when the call is answered
	began   []string                 // the notes of handlers
}

func newWorld(t tester) *world {
	w := &world{t: t, table: map[string]*call.Place{}, answers: map[uint64][]string{}, overs: map[uint64]int{}, told: map[uint64]chan struct{}{}}
	w.env = call.Env{Workers: &w.pool, MaxMessage: 1000, Failed: func(*call.Call, *call.Place, error) {}, Local: w.local}
	w.env.Start()
	t.Cleanup(func() {
		time.Sleep(time.Hour) // until all goroutines have ended, otherwise synctest fails the test
		w.pool.Close()
	})
	return w
}

// A cog is the gate of a cog, with its generations.
type cog struct {
	*gate.Gate
	w      *world
	def    cogs.Cog
	number uint64
	gen    *gate.Generation // the last result of next
}

// load returns a cog whose gate is open.
func (w *world) load(def cogs.Cog, setup func(r *cogs.Registrar)) *cog {
	w.t.Helper()
	def.Setup = func(_ context.Context, r *cogs.Registrar) error { setup(r); return nil }
	c := &cog{Gate: gate.New(spec.Of(def), &w.env, &w.switches), w: w, def: def}
	c.Swap(c.next(nil))
	return c
}

// next returns a generation that takes over from old, and publishes it.
func (c *cog) next(old *gate.Generation) *gate.Generation {
	c.w.t.Helper()
	i, err := instance.Open(context.Background(), spec.Of(c.def), instance.Options{})
	if err != nil {
		c.w.t.Fatalf("Open failed: %v", err)
	}
	c.number++
	c.gen = c.Next(c.number, i, old)
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	maps.Copy(c.w.table, c.gen.Places())
	return c.gen
}

// arrive returns a call that has not reached a gate yet. parent may be nil.
func (w *world) arrive(parent *call.Call, endpoint, data string) *call.Call {
	w.mu.Lock()
	w.lastID++
	id, at := w.lastID, w.table[endpoint]
	w.told[id] = make(chan struct{})
	w.mu.Unlock()
	return w.made(w.env.New(w, at), id, parent, endpoint, data)
}

func (w *world) made(c *call.Call, id uint64, parent *call.Call, endpoint, data string) *call.Call {
	c.ID, c.Origin, c.Parent, c.Endpoint, c.Data = id, &call.Origin{}, parent, endpoint, []byte(data)
	return c
}

// call makes a call as a connection does.
func (w *world) call(endpoint, data string) *call.Call {
	c := w.arrive(nil, endpoint, data)
	if gate.Admit(c) {
		c.HandOff()
	}
	return c
}

// local makes a call from inside and waits for its answer.
func (w *world) local(ctx context.Context, parent *call.Call, _, endpoint string, data []byte) ([]byte, error) {
	c := w.arrive(parent, endpoint, string(data))
	defer context.AfterFunc(ctx, func() { c.CancelByCaller(ctx.Err()) })()
	if gate.Admit(c) {
		c.HandOff()
	}
	w.mu.Lock()
	told := w.told[c.ID]
	w.mu.Unlock()
	<-told
	w.mu.Lock()
	defer w.mu.Unlock()
	text, ok := strings.CutPrefix(w.answers[c.ID][0], "ok ")
	if !ok {
		return nil, wire.Errorf(wire.Unavailable, "%s", text)
	}
	return []byte(text), nil
}

// The maker.

func (w *world) Head(dst []byte, _ *call.Call) []byte { return append(dst, "ok "...) }
func (w *world) Tail(dst []byte) []byte               { return dst }
func (w *world) Fail(dst []byte, _ *call.Call, err error) []byte {
	return append(dst, call.Public(err).Error()...)
}

func (w *world) Answer(c *call.Call, text []byte, _ bool) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.answers[c.ID] = append(w.answers[c.ID], string(text))
	if told := w.told[c.ID]; told != nil && len(w.answers[c.ID]) == 1 {
		close(told)
	}
	return true // so that no call is used again: tests look at calls afterwards
}

func (w *world) Over(c *call.Call) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.overs[c.ID]++
}

// note adds a note of a handler.
func (w *world) note(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.began = append(w.began, fmt.Sprintf(format, args...))
}

// want checks that a call has one answer, which begins with prefix. An empty prefix wants
// no answer.
func (w *world) want(c *call.Call, prefix string) {
	w.t.Helper()
	synctest.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	got := w.answers[c.ID]
	if prefix == "" && len(got) > 0 || prefix != "" && (len(got) != 1 || !strings.HasPrefix(got[0], prefix)) {
		w.t.Errorf("answers of call %d = %q; want one that begins with %q", c.ID, got, prefix)
	}
}

// wantNotes checks the notes of handlers since the last wantNotes.
func (w *world) wantNotes(want ...string) {
	w.t.Helper()
	synctest.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	if !slices.Equal(w.began, want) {
		w.t.Errorf("handlers have noted %q; want %q", w.began, want)
	}
	w.began = nil
}

// wantDrained checks whether a closed generation is empty.
func (c *cog) wantDrained(gen *gate.Generation, want bool) {
	c.w.t.Helper()
	synctest.Wait()
	select {
	case <-c.Drained(gen):
		if !want {
			c.w.t.Errorf("%v is drained; want calls to run there", gen)
		}
	default:
		if want {
			c.w.t.Errorf("%v is not drained, with %d calls in flight; want it to be", gen, gen.InFlight())
		}
	}
}
