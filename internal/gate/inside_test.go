package gate_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/internal/call"
	"github.com/cogbus/cogbus/wire"
)

// asks records routes that call other routes: first they wait for a second, in which
// tests close gates, then they call the route that the request names.
func asks(name string) func(r *cogs.Registrar) {
	return func(r *cogs.Registrar) {
		ask := func(ctx context.Context, endpoint string) (string, error) {
			time.Sleep(time.Second)
			return cogs.Call(ctx, wire.Route[wire.Empty, string](endpoint), wire.Empty{})
		}
		where := func(ctx context.Context, _ wire.Empty) (string, error) {
			i := cogs.CallInfo(ctx)
			return fmt.Sprintf("%s@%d", i.Cog, i.Generation), nil
		}
		cogs.Handle(r, wire.Route[string, string](name+".ask"), ask)
		cogs.HandleWith(r, wire.Route[string, string](name+".serial ask"), cogs.RouteOptions[string]{Serial: true}, ask)
		cogs.Handle(r, wire.Route[wire.Empty, string](name+".where"), where)
		cogs.HandleWith(r, wire.Route[wire.Empty, string](name+".serial where"), cogs.RouteOptions[wire.Empty]{Serial: true}, where)
		cogs.HandleWith(r, wire.Route[wire.Empty, string](name+".keyed where"), cogs.RouteOptions[wire.Empty]{Key: func(wire.Empty) string { return "" }}, where)
		cogs.Handle(r, wire.Route[wire.Empty, int](name+".linger"), func(context.Context, wire.Empty) (int, error) {
			time.Sleep(10 * time.Second)
			return 1, nil
		})
		cogs.Handle(r, wire.Route[string, string](name+".ask through b"), func(ctx context.Context, endpoint string) (string, error) {
			return cogs.Call(ctx, wire.Route[string, string]("b.ask"), endpoint)
		})
	}
}

// TestInside_ownCog has a handler call its own cog while its generation is closed,
// directly and through another cog: the call runs in that generation, unless an unload
// has closed it.
func TestInside_ownCog(t *testing.T) {
	for _, k := range []struct {
		name, endpoint, data string
		closes               func(a *cog)
		want                 string
	}{
		{"held", "a.ask", "a.where", func(a *cog) { a.Hold() }, `ok "a@1"`},
		{"held, keyed", "a.ask", "a.keyed where", func(a *cog) { a.Hold() }, `ok "a@1"`},
		{"held, serial", "a.ask", "a.serial where", func(a *cog) { a.Hold() }, `ok "a@1"`},
		{"swapped", "a.ask", "a.where", func(a *cog) { a.Swap(a.next(a.gen)) }, `ok "a@1"`},
		{"swapped, keyed", "a.ask", "a.keyed where", func(a *cog) { a.Swap(a.next(a.gen)) }, `ok "a@1"`},
		{"swapped twice", "a.ask", "a.where", func(a *cog) { a.Swap(a.next(a.gen)); a.Swap(a.next(a.gen)) }, `ok "a@1"`},
		{"held through b", "a.ask through b", "a.where", func(a *cog) { a.Hold() }, `ok "a@1"`},
		{"swapped through b", "a.ask through b", "a.where", func(a *cog) { a.Swap(a.next(a.gen)) }, `ok "a@1"`},
		{"refused", "a.ask", "a.where", func(a *cog) { a.RefuseAll(errGone) }, "unavailable"},
		{"reopened", "a.ask", "a.where", func(a *cog) { a.Hold(); a.Reopen() }, `ok "a@1"`},
	} {
		bubble(t, k.name, func(t *testing.T) {
			w := newWorld(t)
			a, b := w.load(cogs.Cog{Name: "a", MaxInFlight: 1}, asks("a")), w.load(cogs.Cog{Name: "b"}, asks("b"))
			old := a.gen
			c := w.call(k.endpoint, `"`+k.data+`"`)
			synctest.Wait()
			k.closes(a)
			time.Sleep(2 * time.Second)
			if k.name == "reopened" {
				k.want = "unavailable: overloaded" // an open generation applies its limit to all calls
			}
			w.want(c, k.want)
			if n := old.InFlight() + b.InFlight(); n != 0 {
				t.Errorf("%d calls are in flight; want none", n)
			}
			if k.name != "reopened" {
				a.wantDrained(old, true)
			}
		})
	}
}

// TestInside_bothSwitch switches two cogs that call each other at the same time. Each
// gate holds a call for which the old generation of the other cog waits. Such a call joins
// the old generation of its own cog while calls run there. Otherwise the gate holds it
// for the next generation.
func TestInside_bothSwitch(t *testing.T) {
	for _, lingers := range []bool{true, false} {
		bubble(t, fmt.Sprintf("others linger %v", lingers), func(t *testing.T) {
			w := newWorld(t)
			a, b := w.load(cogs.Cog{Name: "a"}, asks("a")), w.load(cogs.Cog{Name: "b"}, asks("b"))
			oldA, oldB := a.gen, b.gen
			var one *call.Call
			if lingers {
				one = w.call("a.ask", `"b.where"`)
				w.call("a.linger", "")
				w.call("b.linger", "")
			}
			two := w.call("b.ask", `"a.where"`)
			synctest.Wait()
			a.Hold()
			b.Hold()
			outside := w.call("b.where", "")
			time.Sleep(2 * time.Second)
			if lingers {
				w.want(one, `ok "b@1"`)
				w.want(two, `ok "a@1"`)
				time.Sleep(10 * time.Second)
			} else {
				w.want(two, "")
				a.wantDrained(oldA, true) // so that the switch of a goes on
				b.wantDrained(oldB, false)
			}
			w.want(outside, "")
			a.Swap(a.next(oldA))
			if !lingers {
				w.want(two, `ok "a@2"`)
			}
			b.wantDrained(oldB, true)
			b.Swap(b.next(oldB))
			w.want(outside, `ok "b@2"`)
		})
	}
}

// TestInside_behindALane closes a circle through a lane. The ending generation of a waits
// for a call in the lane of b. Before it in that lane runs a call that waits for a call
// that a's gate holds. Either of the two waits may begin last.
func TestInside_behindALane(t *testing.T) {
	for _, first := range []string{"b.ask", "a.ask"} {
		bubble(t, first+" first", func(t *testing.T) {
			w := newWorld(t)
			a, b := w.load(cogs.Cog{Name: "a"}, asks("a")), w.load(cogs.Cog{Name: "b", Serial: true}, asks("b"))
			other := map[string]string{"a.ask": "b.ask", "b.ask": "a.ask"}
			asked := map[string]string{"a.ask": `"b.where"`, "b.ask": `"a.where"`}
			want := map[string]string{"a.ask": `ok "b@1"`, "b.ask": `ok "a@1"`}
			one := w.call(first, asked[first])
			time.Sleep(time.Second / 2)
			two := w.call(other[first], asked[other[first]])
			synctest.Wait()
			a.Hold()
			time.Sleep(time.Second)
			synctest.Wait()
			if s := a.Stats(); s.Held != 0 {
				t.Errorf("Held = %d when the circle is closed; want the call let in", s.Held)
			}
			time.Sleep(time.Second)
			w.want(one, want[first])
			w.want(two, want[other[first]])
			a.wantDrained(a.gen, true)
			if n := b.InFlight(); n != 0 {
				t.Errorf("%d calls are in flight in b; want none", n)
			}
		})
	}
}

// TestInside_otherCog has a handler of an open cog call a cog that switches: no ending
// generation waits for that call, so the gate holds it, and it runs in the next generation.
func TestInside_otherCog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		a := w.load(cogs.Cog{Name: "a"}, asks("a"))
		w.load(cogs.Cog{Name: "b"}, asks("b"))
		c := w.call("b.ask", `"a.where"`)
		synctest.Wait()
		a.Hold()
		time.Sleep(2 * time.Second)
		w.want(c, "")
		a.wantDrained(a.gen, true)
		a.Swap(a.next(a.gen))
		w.want(c, `ok "a@2"`)
	})
}

// TestInside_releasedIntoALane opens a gate whose held calls share a lane: the second
// call, which a handler of a has made, waits behind the first. Then a switches, and its
// gate holds a call that the first one makes: the circle is closed.
func TestInside_releasedIntoALane(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		a, b := w.load(cogs.Cog{Name: "a"}, asks("a")), w.load(cogs.Cog{Name: "b", Serial: true}, asks("b"))
		b.Hold()
		inLane := w.call("b.ask", `"a.where"`)
		second := w.call("a.ask", `"b.where"`) // its call of b is held behind the first
		time.Sleep(2 * time.Second)
		b.Reopen()
		synctest.Wait()
		a.Hold()
		time.Sleep(2 * time.Second)
		w.want(inLane, `ok "a@1"`)
		w.want(second, `ok "b@1"`)
		a.wantDrained(a.gen, true)
	})
}

// TestInside_over has a call outlive the handler that made it: then it does not join the
// closed generation of that handler.
func TestInside_over(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		a := w.load(cogs.Cog{Name: "a"}, asks("a"))
		old := a.gen
		parent := w.call("a.where", "")
		w.want(parent, `ok "a@1"`)
		a.Hold()
		held := admit(w.arrive(parent, "a.where", ""))
		w.want(held, "")
		a.Swap(a.next(old))
		w.want(held, `ok "a@2"`)
		w.want(admit(w.arrive(parent, "a.where", "")), `ok "a@2"`)
		a.wantDrained(old, true)
	})
}
