package router

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/internal/gate"
	"github.com/cogbus/cogbus/internal/instance"
	"github.com/cogbus/cogbus/internal/spec"
	"github.com/cogbus/cogbus/wire"
)

// after returns a generation of the bench's cog that takes over from old. It is
// not published.
func (b *bench) after(old *gate.Generation) *gate.Generation {
	b.t.Helper()
	i, err := instance.Open(b.t.Context(), spec.Of(b.cog), instance.Options{})
	if err != nil {
		b.t.Fatal(err)
	}
	b.number++
	b.current = b.gate.Next(b.number, i, old)
	return b.current
}

// TestGate_holdsBeforeTheFirstGeneration makes calls when the routes are published and
// the gate has no generation yet: at a load, and at a restart that has refused calls
// before.
func TestGate_holdsBeforeTheFirstGeneration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, sleeper())
		b.gate = b.NewGate(spec.Of(b.cog))
		first := b.next()
		b.call(1, "sleep", "")
		synctest.Wait()
		b.want(1, "")
		if held := b.gate.Swap(first); held != 1 {
			t.Errorf("Swap released %d calls; want the one that came before it", held)
		}
		synctest.Wait()
		b.want(1, `ok "2"`)

		b.gate.RefuseAll(wire.Errorf(wire.Unavailable, "it restarts"))
		b.call(2, "sleep", "")
		b.gate.Hold()
		second := b.next()
		b.call(3, "sleep", "")
		synctest.Wait()
		b.want(2, "unavailable")
		b.want(3, "")
		b.gate.Swap(second)
		synctest.Wait()
		b.want(3, `ok "3"`)
	})
}

// TestGate_heldCallsPassTheLimit holds as many calls as may be in flight while others
// are in flight. All were let in before.
func TestGate_heldCallsPassTheLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cog := sleeper()
		cog.MaxInFlight = 2
		b := newBench(t, cog)
		b.gate.Hold()
		for id := range uint64(5) {
			b.call(id+1, "sleep", `{"S":1}`)
		}
		b.gate.Swap(b.next())
		b.call(6, "sleep", `{"S":1}`) // this one was not held
		b.want(6, "overloaded")
		time.Sleep(2 * time.Second)
		for id := range uint64(5) {
			b.want(id+1, `ok "2"`)
		}
	})
}

// TestGeneration_takesLanesOver has calls of two generations in the lanes of a route,
// with a limit that changes.
func TestGeneration_takesLanesOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		atOnce, waiting := 1, 0
		b := newBench(t, sleeper())
		b.cog.Setup = func(_ context.Context, r *cogs.Registrar) error {
			cogs.HandleWith(r, "few", cogs.RouteOptions[seconds]{MaxInFlight: atOnce, MaxWaiting: waiting}, func(ctx context.Context, q seconds) (string, error) {
				time.Sleep(time.Duration(q.S) * time.Second)
				return fmt.Sprint(cogs.CallInfo(ctx).Generation), nil
			})
			return nil
		}
		switchOver := func() *gate.Generation {
			old := b.current
			next := b.after(old)
			if err := b.Publish(b.cog.Name, next); err != nil {
				t.Fatal(err)
			}
			b.gate.Swap(next)
			return old
		}
		switchOver()
		b.call(1, "few", `{"S":3600}`)
		waiting = 1
		hung := switchOver()
		b.call(2, "few", `{"S":1}`)
		b.call(3, "few", `{"S":1}`)
		b.want(3, "overloaded") // by the new limit
		time.Sleep(10 * time.Second)
		b.want(2, "")
		hung.Evict()
		time.Sleep(1500 * time.Millisecond)
		b.want(2, `ok "3"`)
		b.call(4, "few", `{"S":1}`)
		time.Sleep(1500 * time.Millisecond)
		b.want(4, `ok "3"`)

		atOnce = 2 // another kind of lanes, so these calls do not wait for the old ones
		b.call(5, "few", `{"S":5}`)
		switchOver()
		b.call(6, "few", `{"S":1}`)
		b.call(7, "few", `{"S":1}`)
		time.Sleep(1500 * time.Millisecond)
		b.want(6, `ok "4"`)
		b.want(7, `ok "4"`)
		time.Sleep(time.Hour) // the evicted calls return, which changes nothing
		b.want(5, `ok "3"`)
		b.call(8, "few", `{"S":1}`)
		time.Sleep(1500 * time.Millisecond)
		b.want(8, `ok "4"`)
	})
}

// TestPublish_severalGenerations publishes the routes of two generations. The first
// one's serve the names that both have. All others go when only one generation is
// published.
func TestPublish_severalGenerations(t *testing.T) {
	b := newBench(t, sleeper())
	old := b.current
	b.cog.Setup = func(_ context.Context, r *cogs.Registrar) error {
		for _, name := range []wire.Route[seconds, string]{"sleep", "new"} {
			cogs.Handle(r, name, func(context.Context, seconds) (string, error) { return "", nil })
		}
		return nil
	}
	next := b.after(old)
	serves := func(endpoint string, want uint64) {
		t.Helper()
		var got uint64
		if at := (*b.table.Load())[endpoint]; at != nil {
			got = at.Generation
		}
		if got != want {
			t.Errorf("route %s is that of generation %d; want %d", endpoint, got, want)
		}
	}
	if err := b.Publish("c", next, old); err != nil {
		t.Fatal(err)
	}
	serves("sleep", next.Number)
	serves("new", next.Number)
	serves("error", old.Number)
	other := b.NewGate(instance.Spec{Name: "other"})
	i, err := instance.Open(t.Context(), spec.Of(b.cog), instance.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Publish("other", other.Next(1, i, nil)); !errors.Is(err, ErrRouteTaken) {
		t.Errorf("Publish of routes that another cog has = %v; want %v", err, ErrRouteTaken)
	}
	if err := b.Publish("c", next); err != nil {
		t.Fatal(err)
	}
	serves("error", 0)
	if err := b.Publish("c"); err != nil {
		t.Fatal(err)
	}
	serves("sleep", 0)
}
