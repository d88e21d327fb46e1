package actors_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/actors"
	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/internal/instance"
	"github.com/cogbus/cogbus/wire"
)

// A seen records that a listener of a generation has seen an event.
type seen struct {
	generation uint64
	listener   string
}

// TestListen_wholeEvents delivers events while a cog with two listeners is reloaded.
// The order of the listeners changes each time. Each event is seen once by both
// listeners of one generation.
func TestListen_wholeEvents(t *testing.T) {
	for name, keep := range map[string]bool{"with a kept value": true, "without": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				host := source{new([]*subscriber)}
				var mu sync.Mutex
				ledger := map[int][]seen{}
				swapped := false
				srv := newServer(t, nil)
				cog := cogs.Cog{Name: "listens", MaxInFlight: 1 << 20, MaxHeld: 1 << 20, Setup: func(_ context.Context, r *cogs.Registrar) error {
					n := 0
					if keep {
						cogs.Keep(r, "n", &n)
					}
					names := []string{"one", "other"}
					if swapped = !swapped; swapped {
						slices.Reverse(names)
					}
					for _, listener := range names {
						(*instance.Recorder)(r).Listen(host, "joined", func([]byte) string { return "" }, func(ctx context.Context, data []byte) error {
							var i item
							if err := json.Unmarshal(data, &i); err != nil {
								return err
							}
							mu.Lock()
							defer mu.Unlock()
							ledger[i.N] = append(ledger[i.N], seen{cogs.CallInfo(ctx).Generation, listener})
							return nil
						})
					}
					return nil
				}}
				if err := srv.Load(t.Context(), cog); err != nil {
					t.Fatal(err)
				}
				emitted, stop := 0, make(chan struct{})
				var work sync.WaitGroup
				work.Go(func() {
					for {
						select {
						case <-stop:
							return
						default:
						}
						host.emit("joined", emitted)
						if emitted++; emitted%16 == 0 {
							time.Sleep(time.Millisecond)
						}
					}
				})
				for range 50 {
					if _, err := srv.Reload(t.Context(), "listens", nil); err != nil {
						t.Fatal(err)
					}
					time.Sleep(3 * time.Millisecond)
				}
				close(stop)
				work.Wait()
				synctest.Wait()
				mu.Lock()
				defer mu.Unlock()
				for n := range emitted {
					if all := ledger[n]; len(all) != 2 || all[0].generation != all[1].generation || all[0].listener == all[1].listener {
						t.Fatalf("event %d of %d was seen by %v; want both listeners of one generation", n, emitted, all)
					}
				}
			})
		})
	}
}

// TestListen_refusedWhole delivers an event while one listener has room and the other
// has none.
func TestListen_refusedWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host := source{new([]*subscriber)}
		var mu sync.Mutex
		var calls, failures []string
		srv := newServer(t, &actors.Options{OnError: func(f actors.Failure) {
			mu.Lock()
			defer mu.Unlock()
			failures = append(failures, f.Endpoint+":"+string(f.Code))
		}})
		err := srv.Load(t.Context(), cogs.Cog{Name: "listens", MaxInFlight: 3, Setup: func(_ context.Context, r *cogs.Registrar) error {
			for _, listener := range []string{"one", "other"} {
				(*instance.Recorder)(r).Listen(host, "joined", func([]byte) string { return "" }, func(context.Context, []byte) error {
					mu.Lock()
					calls = append(calls, listener)
					mu.Unlock()
					time.Sleep(time.Second)
					return nil
				})
			}
			return nil
		}})
		if err != nil {
			t.Fatal(err)
		}
		host.emit("joined", 1)
		host.emit("joined", 2)
		time.Sleep(time.Minute)
		mu.Lock()
		defer mu.Unlock()
		if want := []string{"one", "other"}; !slices.Equal(calls, want) {
			t.Errorf("the listeners %q were called; want %q: the second event had no room as a whole", calls, want)
		}
		if want := []string{"event joined:" + string(wire.Overloaded)}; !slices.Equal(failures, want) {
			t.Errorf("OnError saw %q; want %q", failures, want)
		}
	})
}

// TestEvery_heldByASwitch has ticks fall into reloads that pass and into one that is
// rolled back. Ticks of the instance that has gone are dropped without an error.
func TestEvery_heldByASwitch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var failures []actors.Failure
		ticks := map[uint64]int{}
		restores := true
		srv := newServer(t, &actors.Options{OnError: func(f actors.Failure) {
			mu.Lock()
			defer mu.Unlock()
			failures = append(failures, f)
		}})
		err := srv.Load(t.Context(), cogs.Cog{Name: "ticks", Setup: func(_ context.Context, r *cogs.Registrar) error {
			r.KeepFunc("n", func() ([]byte, error) { time.Sleep(25 * time.Millisecond); return []byte("1"), nil }, func([]byte) error {
				if !restores {
					return errors.New("it does not fit")
				}
				return nil
			})
			r.Every(10*time.Millisecond, func(ctx context.Context) error {
				mu.Lock()
				defer mu.Unlock()
				ticks[cogs.CallInfo(ctx).Generation]++
				return nil
			})
			return nil
		}})
		if err != nil {
			t.Fatal(err)
		}
		for n := range 20 {
			restores = n%5 != 0
			if _, err := srv.Reload(t.Context(), "ticks", nil); (err == nil) != restores {
				t.Errorf("Reload = %v; want an error only if the value cannot be restored", err)
			}
			time.Sleep(55 * time.Millisecond)
		}
		_ = srv.Unload(t.Context(), "ticks")
		time.Sleep(time.Second)
		mu.Lock()
		defer mu.Unlock()
		if len(failures) > 0 {
			t.Errorf("OnError saw %+v and %d more; want nothing", failures[0], len(failures)-1)
		}
		if len(ticks) < 16 {
			t.Errorf("ticks of %d generations ran; want those of all that served", len(ticks))
		}
	})
}
