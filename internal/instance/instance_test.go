package instance

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func setup(f func(r *Recorder)) func(context.Context, *Recorder) error {
	return func(_ context.Context, r *Recorder) error { f(r); return nil }
}

func TestOpen_wrongUse(t *testing.T) {
	run := func(context.Context, []byte, []byte) ([]byte, error) { return nil, nil }
	for want, f := range map[string]func(*Recorder){
		`route twice: "a"`:              func(r *Recorder) { r.Route(&Endpoint{Name: "a", Run: run}); r.Route(&Endpoint{Name: "a", Run: run}) },
		"the interval must be positive": func(r *Recorder) { r.Every(0, func(context.Context) error { return nil }) },
		"Listen of cog \"c\" without a host": func(r *Recorder) {
			r.Listen(nil, "e", func([]byte) string { return "" }, func(context.Context, []byte) error { return nil })
		},
		"hosts are compared with ==": func(r *Recorder) {
			r.Listen(sliceHost{}, "e", func([]byte) string { return "" }, func(context.Context, []byte) error { return nil })
		},
		"Listen of cog \"c\" without a function": func(r *Recorder) {
			r.Listen(new(sliceHost), "e", nil, func(context.Context, []byte) error { return nil })
		},
		"RelayEvents of cog \"c\" without a host": func(r *Recorder) {
			r.RelayEvents(nil, "e", 0, func(context.Context, []byte, func([]byte, error)) {})
		},
		"Relay of cog \"c\" has a negative limit": func(r *Recorder) {
			r.Relay("a", -1, func(context.Context, []byte, func([]byte, error)) {})
		},
		"RelayEvents of cog \"c\" has a negative limit": func(r *Recorder) {
			r.RelayEvents(new(sliceHost), "e", -1, func(context.Context, []byte, func([]byte, error)) {})
		},
		"RelayTicks of cog \"c\" has a negative limit": func(r *Recorder) {
			r.RelayTicks(time.Second, -1, func(context.Context, []byte, func([]byte, error)) {})
		},
	} {
		_, err := open(t, f)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), `"c"`) {
			t.Errorf("Open = %v; want it to say %q and name the cog", err, want)
		}
	}
	if _, err := Open(t.Context(), Spec{Name: "c"}, Options{}); err == nil {
		t.Error("Open of a cog without Setup succeeded; want an error")
	}
}

// open returns an instance whose Setup calls f, and the error of that Setup.
func open(t *testing.T, f func(r *Recorder)) (*Instance, error) {
	t.Helper()
	return Open(t.Context(), Spec{Name: "c", Setup: setup(f)}, Options{})
}

// A sliceHost is a Host that cannot be compared with ==.
type sliceHost []int

func (sliceHost) Call(context.Context, string, []byte) ([]byte, error) { return nil, nil }
func (sliceHost) Subscribe(string, func([]byte)) func()                { return func() {} }

func TestRecorder_afterSetup(t *testing.T) {
	var kept *Recorder
	reloads := 0
	_, err := Open(t.Context(), Spec{Name: "c", Setup: setup(func(r *Recorder) { kept = r })}, Options{Reload: func() { reloads++ }})
	if err != nil {
		t.Fatal(err)
	}
	kept.RequestReload()
	if reloads != 1 {
		t.Errorf("RequestReload asked %d times; want once", reloads)
	}
	defer func() {
		if v := recover(); v == nil || !strings.Contains(fmt.Sprint(v), `Cleanup of cog "c" after its Setup returned`) {
			t.Errorf("Cleanup after Setup panicked with %v; want the culprit named", v)
		}
	}()
	kept.Cleanup(func() {})
}

func TestOpen_failureCleansUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, fail := range map[string]func(context.Context) error{
			"error":   func(context.Context) error { return errors.New("no database") },
			"panic":   func(context.Context) error { panic("nil map") },
			"timeout": func(ctx context.Context) error { <-ctx.Done(); return nil },
			"wedged":  func(context.Context) error { time.Sleep(time.Hour); return nil },
		} {
			var mu sync.Mutex // protects order
			var order []string
			note := func(what string) { mu.Lock(); defer mu.Unlock(); order = append(order, what) }
			noted := func() string { mu.Lock(); defer mu.Unlock(); return strings.Join(order, ",") }
			began := time.Now()
			i, err := Open(t.Context(), Spec{Name: "c", SetupTimeout: time.Minute, Setup: func(ctx context.Context, r *Recorder) error {
				r.Cleanup(func() { note("first") })
				r.Cleanup(func() { note("last") })
				return fail(ctx)
			}}, Options{})
			if err == nil || time.Since(began) > time.Minute+time.Second {
				t.Errorf("%s: Open = %v after %v; want an error within the limit", name, err, time.Since(began))
			}
			limit, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			wedged := name == "wedged"
			if err := i.Close(limit); errors.Is(err, ErrLeftBehind) != wedged || noted() != "" == wedged {
				t.Errorf("%s: Close = %v after the cleanups %q; want them to wait for a Setup that runs", name, err, noted())
			}
			time.Sleep(2 * time.Hour)
			if got := noted(); got != "last,first" {
				t.Errorf("%s: cleanups ran as %q; want last,first", name, got)
			}
		}
	})
}

func TestInstance_tasks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var running, ticks atomic.Int64
		i, err := open(t, func(r *Recorder) {
			r.Go(func(ctx context.Context) error {
				running.Add(1)
				defer running.Add(-1)
				<-ctx.Done()
				return ctx.Err() // a task that ends because its context is done has not failed
			})
			r.Every(time.Minute, func(context.Context) error { ticks.Add(1); return nil })
		})
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if running.Load() != 0 {
			t.Error("a task runs before the instance is started; want Setup to record only")
		}
		for range 2 { // the bot starts an old instance again when it rolls back to it
			i.Start(t.Context(),
				func(ctx context.Context, e *Endpoint) { _, _ = e.Serve(ctx, nil, nil) },
				func(err error) { t.Errorf("a task failed: %v", err) })
			time.Sleep(150 * time.Second)
			<-i.Stop()
			if running.Load() != 0 {
				t.Error("a task runs on; want Stop to end it")
			}
		}
		if got := ticks.Load(); got != 4 {
			t.Errorf("%d ticks in two times 150 s; want 4", got)
		}
	})
}
