package discord_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bwmarrin/discordgo"

	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/cogs/discord"
	"github.com/cogbus/cogbus/cogs/discord/discordtest"
	"github.com/cogbus/cogbus/wire"
)

const countJoins wire.Route[wire.Empty, int64] = "joins"

// counter returns a cog that counts joins. If keep is true, it keeps the number over
// reloads; total counts in any case.
func counter(keep bool, total *atomic.Int64) cogs.Cog {
	return cogs.Cog{Name: "counter", Setup: func(_ context.Context, r *cogs.Registrar) error {
		n := new(int64)
		if keep {
			cogs.Keep(r, "n", n)
		}
		add := func(context.Context, *discordgo.GuildMemberAdd) error {
			atomic.AddInt64(n, 1)
			total.Add(1)
			return nil
		}
		discord.On(r, add)
		cogs.Handle(r, countJoins, func(context.Context, wire.Empty) (int64, error) { return atomic.LoadInt64(n), nil })
		return nil
	}}
}

func TestReloadUnderEvents(t *testing.T) {
	for _, test := range []struct {
		name   string
		keep   bool
		reload func(w *world, c cogs.Cog) error
	}{
		{"without state", false, func(w *world, _ cogs.Cog) error {
			_, err := w.srv.Reload(w.Context(), "counter", nil)
			return err
		}},
		{"with state", true, func(w *world, _ cogs.Cog) error {
			_, err := w.srv.Reload(w.Context(), "counter", nil)
			return err
		}},
		{"replaced by a cog of another With", true, func(w *world, c cogs.Cog) error {
			_, err := w.srv.Replace(w.Context(), discord.With(w.session, c)[0], nil)
			return err
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var total atomic.Int64
			cog := counter(test.keep, &total)
			bubble(t, &discordtest.Options{}, []cogs.Cog{cog}, func(t *testing.T, w *world) {
				const joins, reloads = 300, 20
				done := make(chan struct{})
				go func() {
					defer close(done)
					for i := range joins {
						w.join(0, fmt.Sprint("user", i))
						if i%5 == 0 {
							time.Sleep(time.Millisecond)
						}
					}
				}()
				for range reloads {
					if err := test.reload(w, cog); err != nil {
						t.Fatalf("reload: %v", err)
					}
					time.Sleep(2 * time.Millisecond)
				}
				<-done
				synctest.Wait()
				if got := total.Load(); got != joins {
					t.Errorf("%d events were handled; want %d", got, joins)
				}
				if !test.keep {
					return
				}
				got, err := client.Call(t.Context(), w.bot, countJoins, wire.Empty{})
				if err != nil || got != joins {
					t.Errorf("joins = %d, %v; want %d", got, err, joins)
				}
			})
		})
	}
}
