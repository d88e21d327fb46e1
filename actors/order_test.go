package actors_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/cogs/cogtest"
	"github.com/cogbus/cogbus/internal/instance"
	"github.com/cogbus/cogbus/wire"
)

type item struct {
	Guild wire.Snowflake `json:"guild"`
	N     int            `json:"n"`
}

// send makes n calls of route in order: each is on its way before the next.
func send(t *testing.T, bot *client.Client, route wire.Route[item, int], items []item) *sync.WaitGroup {
	var work sync.WaitGroup
	for _, i := range items {
		work.Go(func() { mustCall(t, bot, route, i) })
		synctest.Wait()
	}
	return &work
}

func TestHandle_concurrency(t *testing.T) {
	items := []item{{1, 0}, {2, 1}, {1, 2}, {2, 3}, {1, 4}}
	byGuild := func(i item) string { return i.Guild.String() }
	for name, c := range map[string]struct {
		options cogs.RouteOptions[item]
		serial  bool
		took    time.Duration
		peak    int64
		order   string // of the ends
	}{
		"parallel":    {took: time.Second, peak: 5, order: "0 1 2 3 4"},
		"serial cog":  {serial: true, took: 5 * time.Second, peak: 1, order: "0 1 2 3 4"},
		"serial":      {options: cogs.RouteOptions[item]{Serial: true}, took: 5 * time.Second, peak: 1, order: "0 1 2 3 4"},
		"two at once": {options: cogs.RouteOptions[item]{MaxInFlight: 2}, took: 3 * time.Second, peak: 2, order: "0 1 2 3 4"},
		"by guild":    {options: cogs.RouteOptions[item]{Key: byGuild}, took: 3 * time.Second, peak: 2, order: "0 1 2 3 4"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var running, peak atomic.Int64
				var mu sync.Mutex
				var ends []string
				const work wire.Route[item, int] = "work"
				_, bot := cogtest.Start(t, cogs.Cog{Name: "c", Serial: c.serial, Setup: func(_ context.Context, r *cogs.Registrar) error {
					cogs.HandleWith(r, work, c.options, func(_ context.Context, i item) (int, error) {
						peak.Store(max(peak.Load(), running.Add(1)))
						time.Sleep(time.Second + time.Duration(i.N)*time.Microsecond)
						running.Add(-1)
						mu.Lock()
						ends = append(ends, fmt.Sprint(i.N))
						mu.Unlock()
						return i.N, nil
					})
					return nil
				}})
				began := time.Now()
				send(t, bot, work, items).Wait()
				if took := time.Since(began).Truncate(100 * time.Millisecond); took != c.took {
					t.Errorf("5 calls took %v; want %v", took, c.took)
				}
				if got := peak.Load(); got != c.peak {
					t.Errorf("%d ran at once; want %d", got, c.peak)
				}
				if got := strings.Join(ends, " "); got != c.order {
					t.Errorf("calls ended in the order %s; want %s", got, c.order)
				}
			})
		})
	}
}

func TestHandle_waitingIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		srv, bot := cogtest.Start(t, cogs.Cog{Name: "c", Setup: func(_ context.Context, r *cogs.Registrar) error {
			cogs.HandleWith(r, "f", cogs.RouteOptions[wire.Empty]{MaxInFlight: 1, MaxWaiting: 2, Timeout: time.Minute}, func(context.Context, wire.Empty) (int, error) {
				<-release
				return 1, nil
			})
			return nil
		}})
		outcomes := make(chan error, 3)
		for range 3 {
			go func() {
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				_, err := bot.Request(ctx, "f", nil)
				outcomes <- err
			}()
			synctest.Wait()
		}
		if _, err := bot.Request(t.Context(), "f", nil); wire.CodeOf(err) != wire.Overloaded {
			t.Errorf("the fourth call = %v; want %s", err, wire.Overloaded)
		}
		for range 3 {
			if err := <-outcomes; !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("a call that waited = %v; want its deadline", err)
			}
		}
		synctest.Wait()
		if got := srv.Cogs()[0].InFlight; got != 1 {
			t.Errorf("%d calls in flight; want the hanging one: those that waited have left", got)
		}
		close(release)
		synctest.Wait()
		if got := mustCall[wire.Empty, int](t, bot, "f", wire.Empty{}); got != 1 {
			t.Errorf("Call = %d; want 1", got)
		}
	})
}

func TestSerialCog_callsItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fib := func(_ context.Context, r *cogs.Registrar) error {
			cogs.Handle(r, "fib", func(ctx context.Context, n int) (int, error) {
				if n < 2 {
					return n, nil
				}
				a, err := cogs.Call(ctx, wire.Route[int, int]("fib"), n-1)
				if err != nil {
					return 0, err
				}
				b, err := cogs.Call(ctx, wire.Route[int, int]("fib"), n-2)
				return a + b, err
			})
			return nil
		}
		_, bot := cogtest.Start(t, cogs.Cog{Name: "fib", Serial: true, Setup: fib})
		if got := mustCall[int, int](t, bot, "fib", 7); got != 13 {
			t.Errorf("fib(7) = %d; want 13", got)
		}
	})
}

func TestCallInfo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		show := func(ctx context.Context, _ wire.Empty) (string, error) {
			i := cogs.CallInfo(ctx)
			return fmt.Sprintf("%s %d %s %s %s %v %v", i.Cog, i.Generation, i.Endpoint, i.Caller, i.Dialect, i.Admin, time.Until(i.Deadline)), nil
		}
		_, bot := cogtest.Start(t, cogs.Cog{Name: "c", Timeout: 20 * time.Second, Setup: func(_ context.Context, r *cogs.Registrar) error {
			cogs.Handle(r, "show", show)
			cogs.Handle(r, "relay", func(ctx context.Context, _ wire.Empty) (string, error) {
				return cogs.Call(ctx, wire.Route[wire.Empty, string]("show"), wire.Empty{})
			})
			return nil
		}})
		if got, want := mustCall[wire.Empty, string](t, bot, "show", wire.Empty{}), "c 1 show pipe cogbus.v1 true 20s"; got != want {
			t.Errorf("CallInfo of a client's call = %s; want %s", got, want)
		}
		if got, want := mustCall[wire.Empty, string](t, bot, "relay", wire.Empty{}), "c 1 show c local true 20s"; got != want {
			t.Errorf("CallInfo of a call inside = %s; want %s", got, want)
		}
		if got := cogs.CallInfo(t.Context()); got != (cogs.Info{}) {
			t.Errorf("CallInfo of another context = %+v; want nothing", got)
		}
		if _, err := cogs.Call(t.Context(), wire.Route[wire.Empty, string]("show"), wire.Empty{}); err == nil {
			t.Error("Call with another context succeeded; want an error")
		}
	})
}

// A source is a host of events, as package discord makes one.
type source struct{ subscribers *[]*subscriber }

type subscriber struct {
	event   string
	deliver func([]byte)
}

func (s source) Call(context.Context, string, []byte) ([]byte, error) {
	return nil, errors.ErrUnsupported
}

func (s source) Subscribe(event string, deliver func([]byte)) func() {
	sub := &subscriber{event, deliver}
	*s.subscribers = append(*s.subscribers, sub)
	return func() {
		*s.subscribers = slices.DeleteFunc(*s.subscribers, func(other *subscriber) bool { return other == sub })
	}
}

func (s source) emit(event string, n int) {
	data, _ := json.Marshal(item{Guild: wire.Snowflake(n % 3), N: n})
	for _, sub := range slices.Clone(*s.subscribers) {
		if sub.event == event {
			sub.deliver(data)
		}
	}
}

// TestListen_listenersOfACogShareTheirOrder has a slow listener for one event and
// a quick one for the next: the quick one waits.
func TestListen_listenersOfACogShareTheirOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host := source{new([]*subscriber)}
		var mu sync.Mutex
		var seen []string
		listen := func(r *cogs.Registrar, event string, takes time.Duration) {
			(*instance.Recorder)(r).Listen(host, event, func(data []byte) string {
				var i item
				_ = json.Unmarshal(data, &i)
				return i.Guild.String()
			}, func(_ context.Context, data []byte) error {
				time.Sleep(takes)
				mu.Lock()
				defer mu.Unlock()
				seen = append(seen, fmt.Sprintf("%s %s", event, data))
				return nil
			})
		}
		cogtest.Start(t, cogs.Cog{Name: "c", Setup: func(_ context.Context, r *cogs.Registrar) error {
			listen(r, "join", time.Second)
			listen(r, "leave", 0)
			return nil
		}})
		host.emit("join", 1)
		host.emit("leave", 1)
		host.emit("leave", 2) // another guild does not wait
		time.Sleep(2 * time.Second)
		mu.Lock()
		defer mu.Unlock()
		want := `leave {"guild":"2","n":2}, join {"guild":"1","n":1}, leave {"guild":"1","n":1}`
		if got := strings.Join(seen, ", "); got != want {
			t.Errorf("the listeners saw %s; want %s", got, want)
		}
	})
}

// TestListen_everyEventOnce emits events while the cog is reloaded: each is
// seen once, and those of a guild in order.
func TestListen_everyEventOnce(t *testing.T) {
	for _, keep := range []bool{true, false} {
		t.Run(fmt.Sprintf("keep=%v", keep), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				host := source{new([]*subscriber)}
				var mu sync.Mutex
				seen := map[wire.Snowflake][]int{}
				cog := cogs.Cog{Name: "c", Setup: func(_ context.Context, r *cogs.Registrar) error {
					var n int
					if keep {
						cogs.Keep(r, "n", &n)
					}
					(*instance.Recorder)(r).Listen(host, "tick", func(data []byte) string {
						var i item
						_ = json.Unmarshal(data, &i)
						return i.Guild.String()
					}, func(_ context.Context, data []byte) error {
						var i item
						if err := json.Unmarshal(data, &i); err != nil {
							return err
						}
						time.Sleep(time.Millisecond)
						mu.Lock()
						defer mu.Unlock()
						seen[i.Guild] = append(seen[i.Guild], i.N)
						if i.N%10 == 0 {
							panic("the bot must not mind")
						}
						return nil
					})
					return nil
				}}
				srv, _ := cogtest.Start(t, cog)
				host.emit("other", -1)
				var work sync.WaitGroup
				work.Go(func() {
					for n := range 300 {
						host.emit("tick", n)
						time.Sleep(300 * time.Microsecond)
					}
				})
				for range 20 {
					time.Sleep(4 * time.Millisecond)
					if _, err := srv.Reload(t.Context(), "c", nil); err != nil {
						t.Errorf("Reload failed: %v", err)
					}
				}
				work.Wait()
				time.Sleep(10 * time.Second)
				mu.Lock()
				defer mu.Unlock()
				total := 0
				for guild, list := range seen {
					total += len(list)
					if !slices.IsSorted(list) {
						t.Errorf("guild %v saw %v; want it in order", guild, list)
					}
				}
				if total != 300 {
					t.Errorf("%d events were seen; want each of 300 once", total)
				}
				if got := len(*host.subscribers); got != 1 {
					t.Errorf("%d subscriptions; want one over all instances", got)
				}
				if err := srv.Unload(t.Context(), "c"); err != nil || len(*host.subscribers) != 0 {
					t.Errorf("Unload = %v, and %d subscriptions; want none", err, len(*host.subscribers))
				}
			})
		})
	}
}
