package actors_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/actors"
	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/internal/instance"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/admin"
)

// A trap is a cog whose named functions hang from the time it is armed until it is
// opened. It counts its cleanups, and notes the code that runs beside them.
type trap struct {
	name   string // of the cog, and of its route
	hangs  []string
	armed  atomic.Bool
	open   chan struct{}
	made   atomic.Int64 // instances
	ended  atomic.Int64 // cleanups of the instances
	beside atomic.Value // the text of an error
}

func (tr *trap) cog() cogs.Cog {
	return cogs.Cog{Name: tr.name, DrainTimeout: 2 * time.Second, SetupTimeout: 3 * time.Second, Setup: func(_ context.Context, r *cogs.Registrar) error {
		number := tr.made.Add(1)
		var inside, cleaned atomic.Int64
		run := func(what string) {
			if what == "kill" { // it runs beside everything
				tr.run(what)
				return
			}
			if n := inside.Add(1); n > 1 && what != "handler" && what != "task" {
				tr.beside.Store(fmt.Sprintf("%s of instance %d beside another function", what, number))
			}
			defer inside.Add(-1)
			if cleaned.Load() > 0 {
				tr.beside.Store(fmt.Sprintf("%s of instance %d, which is cleaned up", what, number))
			}
			tr.run(what)
		}
		r.Cleanup(func() {
			run("cleanup")
			if cleaned.Add(1) > 1 {
				tr.beside.Store(fmt.Sprintf("instance %d is cleaned up twice", number))
			}
			tr.ended.Add(1)
		})
		r.KeepFunc("n", func() ([]byte, error) { run("save"); return []byte("1"), nil }, func([]byte) error { run("restore"); return nil })
		(*instance.Recorder)(r).Kill(func() { run("kill") })
		if slices.Contains(tr.hangs, "task") { // else it is saved while it serves
			r.Go(func(ctx context.Context) error {
				<-ctx.Done()
				run("task")
				return nil
			})
		}
		cogs.Handle(r, wire.Route[wire.Empty, int](tr.name), func(ctx context.Context, _ wire.Empty) (int, error) {
			run("handler")
			return 1, ctx.Err()
		})
		run("setup")
		return nil
	}}
}

func (tr *trap) run(what string) {
	if tr.armed.Load() && slices.Contains(tr.hangs, what) {
		<-tr.open
	}
}

// The longest times of operations, with the limits of a trap; docs/architecture.md has
// the list.
const (
	drain      = 3 * time.Second // with the grace
	killing    = 2 * time.Second // also for the code that ends then
	cleaning   = 5 * time.Second
	handover   = 5 * time.Second // saving, and restoring
	setting    = 4 * time.Second // Setup, with its grace
	loading    = setting + handover + killing + cleaning
	unloading  = drain + killing + cleaning
	reloading  = loading + handover + unloading
	checkpoint = 5020 * time.Millisecond
)

// TestLimits_ofEveryOperation runs every operation on a cog, with each combination of
// functions that hang for ever. It ends within its limits, and no code of an instance
// runs beside code that was left behind. When that has returned, each instance has been
// cleaned up once.
func TestLimits_ofEveryOperation(t *testing.T) {
	reload := func(o actors.ReloadOptions) func(context.Context, *actors.Server, *client.Client, string) error {
		return func(ctx context.Context, srv *actors.Server, _ *client.Client, cog string) error {
			_, err := srv.Reload(ctx, cog, &o)
			return err
		}
	}
	unload := func(ctx context.Context, srv *actors.Server, _ *client.Client, cog string) error {
		return srv.Unload(ctx, cog)
	}
	for _, op := range []struct {
		name string
		most time.Duration
		do   func(ctx context.Context, srv *actors.Server, bot *client.Client, cog string) error // nil: to load it
	}{
		{"load", loading, nil},
		{"reload", reloading, reload(actors.ReloadOptions{})},
		{"reload with Force", reloading, reload(actors.ReloadOptions{Force: true})},
		{"reload with Fresh", reloading, reload(actors.ReloadOptions{Fresh: true})},
		{"unload", unloading, unload},
		{"save, unload", checkpoint + loading + unloading + killing, unload}, // the operation begins while the cog is being saved
		{"kill, reload", killing + unloading + loading, func(ctx context.Context, srv *actors.Server, bot *client.Client, cog string) error {
			if _, err := client.Call(ctx, bot, admin.Kill, admin.CogName{Name: cog}); err != nil {
				t.Errorf("Call(kill) = %v", err)
			}
			_, err := srv.Reload(ctx, cog, nil)
			return err
		}},
	} {
		t.Run(op.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := newServer(t, nil)
				bot := adminOf(t, srv)
				for _, tr := range traps() {
					what := op.name + " while these hang: " + strings.Join(tr.hangs, " ")
					if op.do == nil {
						tr.armed.Store(true)
						_ = timed(t, what, op.most, func() error { return srv.Load(t.Context(), tr.cog()) })
					} else {
						tr.prepare(t, srv, bot, strings.HasPrefix(op.name, "save"))
						_ = timed(t, what, op.most, func() error { return op.do(t.Context(), srv, bot, tr.name) })
					}
					_ = timed(t, "Unload behind "+what, unloading, func() error { return srv.Unload(t.Context(), tr.name) })
					tr.check(t, what)
				}
			})
		})
	}
}

// TestLimits_ofClose closes a server with the cogs of the test above.
func TestLimits_ofClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := newServer(t, &actors.Options{ShutdownTimeout: time.Millisecond})
		list := traps()
		for _, tr := range list {
			tr.prepare(t, srv, adminOf(t, srv), false)
		}
		const leaving = 6 * time.Second // the time that the server gives clients to leave
		_ = timed(t, "Close", time.Duration(len(list))*unloading+leaving, srv.Close)
		for _, tr := range list {
			tr.check(t, "Close while these hang: "+strings.Join(tr.hangs, " "))
		}
	})
}

// traps returns a trap for each combination of functions.
func traps() []*trap {
	functions := []string{"setup", "save", "restore", "task", "cleanup", "kill", "handler"}
	var list []*trap
	for set := range 1 << len(functions) {
		tr := &trap{name: fmt.Sprintf("c%d", set), open: make(chan struct{})}
		for i, f := range functions {
			if set>>i&1 == 1 {
				tr.hangs = append(tr.hangs, f)
			}
		}
		list = append(list, tr)
	}
	return list
}

// prepare loads the cog, calls it and arms the trap; with saving it then waits until
// the cog is being saved.
func (tr *trap) prepare(t *testing.T, srv *actors.Server, bot *client.Client, saving bool) {
	t.Helper()
	if err := srv.Load(t.Context(), tr.cog()); err != nil {
		t.Fatal(err)
	}
	if saving {
		time.Sleep(9990 * time.Millisecond)
	}
	tr.armed.Store(true)
	if slices.Contains(tr.hangs, "handler") {
		go func() { _, _ = bot.Request(t.Context(), tr.name, nil) }()
	}
	if saving {
		time.Sleep(10 * time.Millisecond)
	}
	synctest.Wait()
}

// check opens the trap and checks the state of all instances.
func (tr *trap) check(t *testing.T, what string) {
	t.Helper()
	close(tr.open)
	time.Sleep(time.Second)
	if text := tr.beside.Load(); text != nil {
		t.Errorf("%s: there was %v", what, text)
	}
	if tr.made.Load() != tr.ended.Load() || tr.made.Load() == 0 {
		t.Errorf("%s: %d instances were made and %d cleaned up; want all", what, tr.made.Load(), tr.ended.Load())
	}
}

func adminOf(t *testing.T, srv *actors.Server) *client.Client {
	t.Helper()
	bot, err := client.New("ws://bot", &client.Options{Secret: adminSecret, DialContext: srv.DialContext})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = bot.Close() })
	return bot
}
