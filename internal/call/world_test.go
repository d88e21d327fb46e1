package call_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/internal/call"
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

// A world stands for everything around a call: the Env of a router, a gate, and a maker.
// It records how the call uses each of them.
type world struct {
	t      tester
	pool   workers.Pool
	env    call.Env
	counts call.Counts
	panics atomic.Int64
	places map[string]*call.Place

	seen    bool               // the result of the maker's Answer
	turn    func() bool        // returns the result of the gate's Commit; nil: true
	failed  func(c *call.Call) // called by the maker's Fail; nil: not called
	inside  []*call.Call       // the parents of the calls from inside
	lastID  uint64
	flushes atomic.Int64

	mu       sync.Mutex // protects the fields below
	answers  map[uint64][]string
	overs    map[uint64]int
	seeks    int
	left     map[uint64]int
	failures []string // the errors that Env.Failed got
}

// newWorld returns a world with the routes that setup records. It must be called in a
// bubble.
func newWorld(t tester, setup func(r *cogs.Registrar)) *world {
	t.Helper()
	w := &world{t: t, answers: map[uint64][]string{}, overs: map[uint64]int{}, left: map[uint64]int{}, places: map[string]*call.Place{}}
	w.env = call.Env{
		Workers:    &w.pool,
		MaxMessage: 1000,
		Failed: func(c *call.Call, at *call.Place, err error) {
			w.mu.Lock()
			defer w.mu.Unlock()
			where := "nowhere"
			if at != nil {
				where = at.Endpoint.Name
			}
			w.failures = append(w.failures, fmt.Sprintf("%d at %s: %v", c.ID, where, err))
		},
		Local: func(_ context.Context, parent *call.Call, _, endpoint string, _ []byte) ([]byte, error) {
			w.inside = append(w.inside, parent)
			return []byte(`"` + endpoint + `"`), nil
		},
	}
	w.env.Start()
	t.Cleanup(func() {
		time.Sleep(time.Hour) // until all goroutines have ended, otherwise synctest fails the test
		w.pool.Close()
	})
	i, err := instance.Open(context.Background(), spec.Of(cogs.Cog{Name: "c", Setup: func(_ context.Context, r *cogs.Registrar) error {
		setup(r)
		return nil
	}}), instance.Options{})
	if err != nil {
		t.Fatalf("Open failed: %v", err)
	}
	for _, e := range i.Endpoints() {
		w.places[e.Name] = &call.Place{
			Cog:        "c",
			Generation: 7,
			Endpoint:   e,
			Timeout:    e.Timeout,
			Ordered:    e.Keyed(),
			Keyed:      e.Keyed(),
			Gate:       w,
			Counts:     &w.counts,
			Panics:     &w.panics,
		}
	}
	return w
}

// arrive returns a call that has not reached a gate yet.
func (w *world) arrive(endpoint, data string) *call.Call {
	w.lastID++
	c := w.env.New(w, w.places[endpoint])
	c.ID, c.Origin, c.Endpoint, c.Data = w.lastID, &call.Origin{}, endpoint, []byte(data)
	return c
}

// admit returns a call that the gate has admitted.
func (w *world) admit(endpoint, data string) *call.Call {
	w.t.Helper()
	c := w.arrive(endpoint, data)
	if !c.Admitted(w.places[endpoint]) {
		w.t.Fatalf("Admitted(%q) = false; want true for a call that has just arrived", endpoint)
	}
	return c
}

// The gate.

func (w *world) Seek(*call.Call) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seeks++
}

func (w *world) Commit(*call.Call, string) bool { return w.turn == nil || w.turn() }

func (w *world) Leave(c *call.Call) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.left[c.ID]++
}

// The maker.

func (w *world) Head(dst []byte, _ *call.Call) []byte { return append(dst, "ok "...) }
func (w *world) Tail(dst []byte) []byte               { return dst }

func (w *world) Fail(dst []byte, c *call.Call, err error) []byte {
	if w.failed != nil {
		w.failed(c)
	}
	return append(dst, call.Public(err).Error()...)
}

func (w *world) Answer(c *call.Call, text []byte, flush bool) bool {
	if flush {
		w.flushes.Add(1)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.answers[c.ID] = append(w.answers[c.ID], string(text))
	return w.seen
}

func (w *world) Over(c *call.Call) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.overs[c.ID]++
}

// want checks that call id has one answer, which begins with prefix, and is over if
// over is 1. An empty prefix wants no answer.
func (w *world) want(id uint64, prefix string, over int) {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	got := w.answers[id]
	if prefix == "" && len(got) > 0 || prefix != "" && (len(got) != 1 || !strings.HasPrefix(got[0], prefix)) {
		w.t.Errorf("answers of call %d = %q; want one that begins with %q", id, got, prefix)
	}
	if w.overs[id] != over {
		w.t.Errorf("Over was told of call %d %d times; want %d", id, w.overs[id], over)
	}
}

// wantLeft checks how often call id has given its place back to the gate.
func (w *world) wantLeft(id uint64, n int) {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.left[id] != n {
		w.t.Errorf("Leave was told of call %d %d times; want %d", id, w.left[id], n)
	}
}

// wantFailures checks the errors that Env.Failed got: each must contain its part.
func (w *world) wantFailures(parts ...string) {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if !slices.EqualFunc(w.failures, parts, strings.Contains) {
		w.t.Errorf("Failed was told %q; want %q", w.failures, parts)
	}
}

// wantRefused checks the counts of calls that did not reach a handler.
func (w *world) wantRefused(code wire.Code, n uint64) {
	w.t.Helper()
	if refused, _ := w.counts.Read(); refused[code] != n {
		w.t.Errorf("Read() = %v; want %d refused as %s", refused, n, code)
	}
}
