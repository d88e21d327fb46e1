package actors_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/actors"
	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/wire"
)

// TestScope_outlivesCall keeps the contexts of handlers while their calls are used
// again for others. An ended context stays ended, and never shows another call.
func TestScope_outlivesCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := actors.NewServer(&actors.Options{Insecure: true})
		defer srv.Close()
		var kept []context.Context
		err := srv.Load(t.Context(), cogs.Single("keep", func(ctx context.Context, n int) (int, error) {
			kept = append(kept, ctx)
			if n%3 == 0 { // some are asked for while the call runs
				derived, cancel := context.WithCancel(ctx)
				defer cancel()
				kept = append(kept, derived)
			}
			return n, nil
		}))
		if err != nil {
			t.Fatal(err)
		}
		bot, err := client.Dial(t.Context(), "ws://bot", &client.Options{DialContext: srv.DialContext})
		if err != nil {
			t.Fatal(err)
		}
		defer bot.Close()
		for n := range 50 { // most run on the reader's goroutine
			if got, err := client.Call[int, int](t.Context(), bot, "keep", n); got != n || err != nil {
				t.Fatalf("keep(%d) = %d, %v; want the same", n, got, err)
			}
		}
		synctest.Wait()
		for i, ctx := range kept {
			if !errors.Is(ctx.Err(), context.Canceled) {
				t.Errorf("context %d: Err() = %v; want %v", i, ctx.Err(), context.Canceled)
			}
			select {
			case <-ctx.Done():
			default:
				t.Errorf("context %d: Done is open; want it closed", i)
			}
			info := cogs.CallInfo(ctx)
			if info.Endpoint != "keep" || info.Cog != "keep" || info.Generation != 1 {
				t.Errorf("context %d: CallInfo() = %+v; want that of keep", i, info)
			}
			// a context of a call that was not used again may end a little later
			if _, err := cogs.Call[int, int](ctx, "keep", 1); err != nil && wire.CodeOf(err) != wire.Canceled {
				t.Errorf("context %d: Call() = %v; want nil or %s", i, err, wire.Canceled)
			}
			ran := make(chan struct{})
			if stop := context.AfterFunc(ctx, func() { close(ran) }); stop() {
				t.Errorf("context %d: AfterFunc waits; want it to have run", i)
			}
			<-ran
		}
	})
}

// TestScope_underLoad has goroutines that outlive their handlers look at their
// contexts while calls come, and calls that are given up between. An ended context
// never lives again, and every call has its own answer.
func TestScope_underLoad(t *testing.T) {
	srv := actors.NewServer(&actors.Options{Insecure: true})
	defer srv.Close()
	var lookers sync.WaitGroup
	var revived atomic.Int64
	err := srv.Load(t.Context(), cogs.Single("look", func(ctx context.Context, n int) (int, error) {
		if n%7 == 0 {
			lookers.Go(func() {
				<-ctx.Done()
				for range 50 {
					_, _ = ctx.Deadline()
					_ = cogs.CallInfo(ctx)
					if ctx.Err() == nil {
						revived.Add(1)
					}
				}
			})
		}
		return n, nil
	}))
	if err != nil {
		t.Fatal(err)
	}
	bot, err := client.Dial(t.Context(), "ws://bot", &client.Options{DialContext: srv.DialContext})
	if err != nil {
		t.Fatal(err)
	}
	defer bot.Close()
	var callers sync.WaitGroup
	for range 4 {
		callers.Go(func() {
			for n := range 500 {
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				if n%11 == 0 {
					cancel() // some before they are sent, some while they run
				}
				got, err := client.Call[int, int](ctx, bot, "look", n)
				if err == nil && got != n || err != nil && wire.CodeOf(err) != wire.Canceled {
					t.Errorf("look(%d) = %d, %v; want the same", n, got, err)
				}
				cancel()
			}
		})
	}
	reloads := make(chan struct{})
	go func() {
		defer close(reloads)
		for range 20 {
			if _, err := srv.Reload(t.Context(), "look", nil); err != nil {
				t.Errorf("Reload() = %v; want nil", err)
			}
		}
	}()
	callers.Wait()
	<-reloads
	lookers.Wait()
	if n := revived.Load(); n > 0 {
		t.Errorf("%d times an ended context had no error; want none", n)
	}
}
