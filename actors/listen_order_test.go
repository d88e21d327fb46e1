package actors_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/cogs/cogtest"
	"github.com/cogbus/cogbus/internal/instance"
	"github.com/cogbus/cogbus/wire"
)

// A source is a host of events, like the one of package discord.
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
