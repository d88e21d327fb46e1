package router

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/internal/buffer"
	"github.com/cogbus/cogbus/internal/call"
	"github.com/cogbus/cogbus/internal/gate"
	"github.com/cogbus/cogbus/internal/instance"
	"github.com/cogbus/cogbus/internal/spec"
	"github.com/cogbus/cogbus/wire"
)

// A recorder is a peer that notes the answer of every call.
type recorder struct {
	session *Session

	mu      sync.Mutex // protects answers
	answers map[uint64][]string
}

func (r *recorder) Name() string                         { return "test" }
func (r *recorder) Head(dst []byte, _ *call.Call) []byte { return append(dst, "ok "...) }
func (r *recorder) Tail(dst []byte) []byte               { return dst }
func (r *recorder) Fail(dst []byte, _ *call.Call, err error) []byte {
	return append(dst, call.Public(err).Error()...)
}

func (r *recorder) Over(*call.Call) {}

func (r *recorder) Answer(c *call.Call, text []byte, _ bool) (seen bool) {
	seen = r.session.Forget(c)
	r.note(c, text)
	r.session.Sent()
	return seen
}

func (r *recorder) note(c *call.Call, text []byte) {
	if r.answers == nil {
		return // no test asks for them
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answers[c.ID] = append(r.answers[c.ID], string(text))
}

func (r *recorder) of(id uint64) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.answers[id], " then ")
}

// A bench is a router with one cog and one caller.
type bench struct {
	t *testing.T
	*Router
	*recorder
	gate    *gate.Gate
	current *gate.Generation // the generation that next has made last
	caller  *Session
	cog     cogs.Cog
	number  uint64
}

func newBench(t *testing.T, cog cogs.Cog) *bench {
	t.Helper()
	b := &bench{t: t, Router: New(Options{Log: slog.New(slog.DiscardHandler), MaxMessage: 1000}), recorder: &recorder{answers: map[uint64][]string{}}, cog: cog}
	b.gate = b.NewGate(spec.Of(cog))
	t.Cleanup(b.Pool.Close)
	b.caller = &Session{Router: b.Router, Maker: b.recorder, Remote: "test"}
	b.session = b.caller
	b.Register(b.caller)
	b.gate.Swap(b.next())
	return b
}

// next publishes a new generation.
func (b *bench) next() *gate.Generation {
	b.t.Helper()
	i, err := instance.Open(b.t.Context(), spec.Of(b.cog), instance.Options{})
	if err != nil {
		b.t.Fatal(err)
	}
	b.number++
	gen := b.gate.Next(b.number, i, nil)
	b.current = gen
	if err := b.Publish(b.cog.Name, gen); err != nil {
		b.t.Fatal(err)
	}
	return gen
}

// call makes a call as a connection's reader does.
func (b *bench) call(id uint64, endpoint, data string) *call.Call {
	buf := buffer.New()
	buf.B = append(buf.B, data...)
	c := b.caller.NewCall(&Request{ID: id, Endpoint: []byte(endpoint), Data: buf.B, Buffer: buf})
	if err := b.caller.Enter(c); err != nil {
		buf.Free()
		b.recorder.note(c, b.Fail(nil, c, err))
		return c
	}
	if b.Admit(c) {
		c.HandOff()
	}
	return c
}

func (b *bench) want(id uint64, want string) {
	b.t.Helper()
	if got := b.of(id); !strings.HasPrefix(got, want) || strings.Contains(got, " then ") {
		b.t.Errorf("call %d got %q; want %q, once", id, got, want)
	}
}

type seconds struct{ S int }

// sleeper has routes that sleep for a given time, or until the context ends.
func sleeper() cogs.Cog {
	return cogs.Cog{Name: "c", MaxInFlight: 10, MaxHeld: 5, Setup: func(_ context.Context, r *cogs.Registrar) error {
		sleep := func(ctx context.Context, q seconds) (string, error) {
			select {
			case <-time.After(time.Duration(q.S) * time.Second):
				return fmt.Sprint(cogs.CallInfo(ctx).Generation), nil
			case <-ctx.Done():
				return "", ctx.Err()
			}
		}
		cogs.Handle(r, "sleep", sleep)
		cogs.HandleWith(r, "serial", cogs.RouteOptions[seconds]{Serial: true, MaxWaiting: 3}, sleep)
		cogs.HandleWith(r, "keyed", cogs.RouteOptions[seconds]{Key: func(q seconds) string { return fmt.Sprint(q.S) }}, sleep)
		cogs.Handle(r, "goexit", func(context.Context, wire.Empty) (int, error) { runtime.Goexit(); return 0, nil })
		cogs.Handle(r, "error", func(_ context.Context, long bool) (int, error) {
			if long {
				return 0, wire.Errorf(wire.NotFound, "%s", strings.Repeat("x", 2000))
			}
			return 0, errors.New("for the log alone")
		})
		return nil
	}}
}

func TestGate_holdAndSwap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, sleeper())
		old := b.current
		b.call(1, "sleep", `{"S":3}`)
		synctest.Wait()
		b.gate.Hold()
		for id := range uint64(6) {
			b.call(id+2, "sleep", "")
		}
		b.want(7, "overloaded")
		b.caller.Find(3).CancelByCaller(nil)
		synctest.Wait()
		b.want(3, "canceled")
		b.want(2, "")
		if got := b.gate.InFlight(); got != 5 {
			t.Errorf("%d calls in flight; want 1 that runs and 4 that are held, the one that was given up left out", got)
		}
		b.call(8, "sleep", "") // takes the place of the canceled call
		b.want(8, "")
		<-b.gate.Drained(old)
		next := b.next()
		if held := b.gate.Swap(next); held != 6 {
			t.Errorf("Swap released %d calls; want the 6 that were held", held)
		}
		synctest.Wait()
		b.want(1, `ok "1"`)
		for _, id := range []uint64{2, 4, 5, 6, 8} {
			b.want(id, `ok "2"`)
		}
		if old.InFlight() != 0 || next.InFlight() != 0 || b.caller.InFlight() != 0 {
			t.Errorf("in flight: %d old, %d new, %d of the caller; want none", old.InFlight(), next.InFlight(), b.caller.InFlight())
		}
	})
}

func TestGate_reopen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, sleeper())
		b.call(1, "sleep", `{"S":3}`)
		b.gate.Hold()
		b.call(2, "sleep", "")
		if held := b.gate.Reopen(); held != 1 {
			t.Errorf("Reopen released %d calls; want 1", held)
		}
		b.call(3, "sleep", "")
		time.Sleep(3 * time.Second)
		synctest.Wait()
		for id := range uint64(3) {
			b.want(id+1, `ok "1"`)
		}
	})
}

func TestGate_heldCallsHaveADeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, sleeper())
		b.gate.Hold()
		b.call(1, "sleep", "")
		time.Sleep(call.DefaultTimeout)
		synctest.Wait()
		b.want(1, "timeout")
		b.call(2, "sleep", "")
		b.gate.RefuseAll(wire.Errorf(wire.Unavailable, "gone"))
		b.call(3, "sleep", "")
		synctest.Wait()
		b.want(2, "unavailable")
		b.want(3, "unavailable")
	})
}

func TestAdmit_limits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, sleeper())
		for id := range uint64(11) {
			b.call(id+1, "sleep", `{"S":1}`)
		}
		b.want(11, "overloaded")
		time.Sleep(2 * time.Second)
		for id := range uint64(10) {
			b.want(id+1, `ok "1"`)
		}
		for id := range uint64(5) { // one runs, three wait
			b.call(id+21, "serial", `{"S":1}`)
		}
		b.want(25, "overloaded")
		b.caller.Find(22).CancelByCaller(nil)
		b.call(26, "serial", `{"S":1}`) // takes the place of the canceled call
		time.Sleep(10 * time.Second)
		synctest.Wait()
		b.want(22, "canceled")
		for _, id := range []uint64{21, 23, 24, 26} {
			b.want(id, `ok "1"`)
		}
		b.call(27, "keyed", `{"S":"x"}`)
		b.call(28, "nothing", "")
		b.call(29, "goexit", "")
		b.call(30, "error", "false")
		b.call(31, "error", "true")
		synctest.Wait()
		for id, want := range map[uint64]string{27: "bad_request", 28: "no_route", 29: "internal", 30: "internal", 31: "not_found: the error's text"} {
			b.want(id, want)
		}
	})
}

// TestCancelAll_beside cancels the calls of a generation while its calls arrive, are
// given up and return.
func TestCancelAll_beside(t *testing.T) {
	b := newBench(t, sleeper())
	var id atomic.Uint64
	stop := make(chan struct{})
	var work sync.WaitGroup
	for _, endpoint := range []string{"sleep", "serial", "keyed"} {
		for range 2 {
			work.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
					}
					c := b.call(id.Add(1), endpoint, `{"S":1}`)
					go c.CancelByCaller(nil)
					go c.CancelByCaller(context.DeadlineExceeded)
				}
			})
		}
	}
	for range 300 {
		gen := b.current
		b.Router.CancelAll(gen, wire.Errorf(wire.Interrupted, "it failed"))
		b.gate.Hold()
		next := b.next()
		runtime.Gosched()
		b.gate.Swap(next)
	}
	close(stop)
	work.Wait()
	b.caller.CancelAll(func(*call.Call) bool { return true }, wire.Errorf(wire.Canceled, "the caller is gone"))
	for wait := time.Now(); b.caller.InFlight()+b.gate.InFlight() > 0; runtime.Gosched() {
		if time.Since(wait) > 10*time.Second {
			t.Fatalf("%d calls of the caller and %d of the gate are in flight; want none", b.caller.InFlight(), b.gate.InFlight())
		}
	}
	b.locked(func() {
		for n := range id.Load() {
			if got := b.answers[n+1]; len(got) != 1 {
				t.Fatalf("call %d got the answers %q; want one", n+1, got)
			}
		}
	})
}

func (r *recorder) locked(f func()) { r.mu.Lock(); defer r.mu.Unlock(); f() }
