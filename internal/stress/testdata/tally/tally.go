// Package tally is a cog that the load test runs as a process of its own. It writes its
// calls to a file, which outlives the process.
package tally

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/internal/instance"
	"github.com/cogbus/cogbus/wire"
)

// Version is for the test to edit: another text makes another build.
const version = "one"

// An Ask is the request of every route but tally.pid.
type Ask struct {
	Token uint64 `json:"token"`
	N     int    `json:"n"`
	Text  string `json:"text"`
}

// Cog returns the cog.
func Cog() cogs.Cog { return cogs.Cog{Name: "tally", Setup: setup} }

func setup(ctx context.Context, r *cogs.Registrar) error {
	// O_APPEND, because the previous instance still writes for a moment
	file, err := os.OpenFile(os.Getenv("STRESS_TALLY"), os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	r.Cleanup(func() { _ = file.Close() })
	var n atomic.Int64
	r.KeepFunc("n", func() ([]byte, error) { return strconv.AppendInt(nil, n.Load(), 10), nil },
		func(text []byte) error {
			was, err := strconv.ParseInt(string(text), 10, 64)
			n.Store(was)
			return err
		})
	wrote := func(q Ask) error {
		n.Add(1)
		_, err := file.WriteString(fmt.Sprintln(q.Token)) // at once, so that a kill does not cut it in half
		return err
	}
	cogs.Handle(r, "tally.pid", func(context.Context, wire.Empty) (int, error) { return os.Getpid(), nil })
	cogs.Handle(r, "tally.version", func(context.Context, wire.Empty) (string, error) { return version, nil })
	cogs.Handle(r, "tally.echo", func(_ context.Context, q Ask) (Ask, error) { return q, wrote(q) })
	cogs.Handle(r, "tally.heed", func(ctx context.Context, q Ask) (Ask, error) {
		if err := wrote(q); err != nil {
			return q, err
		}
		select {
		case <-ctx.Done():
			return q, ctx.Err()
		case <-time.After(time.Duration(q.N) * time.Millisecond):
			return q, nil
		}
	})
	cogs.Handle(r, "tally.nest", func(ctx context.Context, q Ask) (Ask, error) {
		if err := wrote(q); err != nil || q.N == 0 {
			return q, err
		}
		_, err := cogs.Call(ctx, wire.Route[Ask, Ask]("cogbus.ping"), Ask{})
		if err != nil {
			return q, wire.Errorf("stress_nested", "%v", err)
		}
		return q, nil
	})
	bot := (*instance.Recorder)(r)
	bot.Listen(bot.Host(), "joined tally", func([]byte) string { return "" }, func(_ context.Context, data []byte) error {
		var event struct{ N int }
		if err := json.Unmarshal(data, &event); err != nil {
			return err
		}
		_, err := file.WriteString(fmt.Sprintln("event", event.N))
		return err
	})
	var running [4]atomic.Int64
	cogs.HandleWith(r, "tally.keyed", cogs.RouteOptions[Ask]{Key: func(q Ask) string { return strconv.Itoa(q.N % len(running)) }},
		func(_ context.Context, q Ask) (Ask, error) {
			if err := wrote(q); err != nil {
				return q, err
			}
			k := &running[q.N%len(running)]
			defer k.Add(-1)
			if k.Add(1) > 1 {
				return q, wire.Errorf("stress_two", "two calls of key %d at once", q.N%len(running))
			}
			return q, nil
		})
	cogs.Handle(r, "tally.fault", func(_ context.Context, q Ask) (Ask, error) {
		if err := wrote(q); err != nil {
			return q, err
		}
		switch q.N % 5 {
		case 0:
			panic("planned: a handler panics")
		case 1:
			return q, errors.New("planned: a handler fails")
		}
		return q, nil
	})
	return nil
}
