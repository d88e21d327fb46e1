package actors_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/cogs/cogtest"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/admin"
)

// TestKeepFunc_memoryIsTheCogs has a cog reuse the buffer into which it has saved its
// state, or overwrite the state that it gets for restoring: a restart must get the saved
// state all the same.
func TestKeepFunc_memoryIsTheCogs(t *testing.T) {
	const saved = `{"n":1}`
	for name, c := range map[string]struct {
		save    func(buffer []byte) []byte
		restore func(text []byte)
	}{
		"the buffer of save is used again": {
			save:    func(buffer []byte) []byte { return append(buffer[:0], saved...) },
			restore: func([]byte) {},
		},
		"restore parses in place": {
			save:    func([]byte) []byte { return []byte(saved) },
			restore: func(text []byte) { copy(text, "parsed.") },
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var restored []string
				buffer := make([]byte, len(saved))
				srv, bot := cogtest.Start(t, cogs.Cog{Name: "c", Setup: func(_ context.Context, r *cogs.Registrar) error {
					r.KeepFunc("n", func() ([]byte, error) { return c.save(buffer), nil }, func(text []byte) error {
						restored = append(restored, string(text))
						c.restore(text)
						return nil
					})
					cogs.Handle(r, "use", func(context.Context, wire.Empty) (int, error) { return copy(buffer, "another"), nil })
					return nil
				}})
				if _, err := srv.Reload(t.Context(), "c", nil); err != nil {
					t.Fatal(err)
				}
				if _, err := bot.Request(t.Context(), "use", nil); err != nil {
					t.Fatal(err)
				}
				if _, err := bot.Request(t.Context(), string(admin.Kill), admin.CogName{Name: "c"}); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Second)
				synctest.Wait() // until the restart has ended
				if len(restored) != 2 || restored[0] != saved || restored[1] != saved {
					t.Errorf("the reload and the restart got %q; want %s twice", restored, saved)
				}
			})
		})
	}
}
