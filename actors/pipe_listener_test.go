package actors_test

import (
	"context"
	"log/slog"
	"runtime"
	"testing"
	"weak"

	"github.com/cogbus/cogbus/actors"
	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/wire"
)

// TestReload_keepsNothingOfOldInstances reloads often and counts the instances with
// state that is still reachable.
func TestReload_keepsNothingOfOldInstances(t *testing.T) {
	type state struct{ calls [64]int }
	var made []weak.Pointer[state]
	cog := cogs.Cog{Name: "c", Setup: func(_ context.Context, r *cogs.Registrar) error {
		s := new(state)
		made = append(made, weak.Make(s))
		cogs.Handle(r, "f", func(context.Context, wire.Empty) (int, error) { s.calls[0]++; return s.calls[0], nil })
		r.Go(func(ctx context.Context) error { <-ctx.Done(); s.calls[1]++; return nil })
		cogs.Keep(r, "calls", &s.calls)
		return nil
	}}
	srv := actors.NewServer(&actors.Options{Logger: slog.New(slog.DiscardHandler)})
	defer srv.Close()
	if err := srv.Load(t.Context(), cog); err != nil {
		t.Fatal(err)
	}
	for i := range 100 {
		if _, err := srv.Reload(t.Context(), "c", &actors.ReloadOptions{Fresh: i%2 == 0}); err != nil {
			t.Fatal(err)
		}
	}
	runtime.GC()
	runtime.GC()
	reachable := 0
	for _, p := range made {
		if p.Value() != nil {
			reachable++
		}
	}
	if reachable > 3 {
		t.Errorf("the state of %d instances of %d is reachable; want that of the one that serves", reachable, len(made))
	}
}
