// Package flaky is a cog that fails on purpose, to show that other cogs go on.
package flaky

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/examples/api"
	"github.com/cogbus/cogbus/wire"
)

// Cog returns the cog. A new instance starts in the mode fine, since the cog keeps nothing
// over reloads.
func Cog() cogs.Cog { return cogs.Cog{Name: "flaky", Setup: setup} }

type flaky struct {
	mode  atomic.Value // one of api.Modes
	crash chan struct{}
	times atomic.Int64
}

func setup(_ context.Context, r *cogs.Registrar) error {
	f := &flaky{crash: make(chan struct{}, 1)}
	f.mode.Store(api.Fine)
	cogs.Handle(r, api.Work, f.work)
	cogs.Handle(r, api.SetMode, f.setMode)
	r.Go(f.watch)
	return nil
}

func (f *flaky) work(ctx context.Context, _ wire.Empty) (api.Worked, error) {
	switch f.mode.Load() {
	case api.Error:
		// callers get the text of a *wire.Error; of any other error they only get the code
		// internal
		return api.Worked{}, &wire.Error{Code: "out_of_coffee", Message: "no work without coffee", RetryAfter: time.Minute}
	case api.Panic:
		panic("flaky panics on purpose")
	case api.Slow:
		select {
		case <-time.After(10 * time.Second):
		case <-ctx.Done(): // the caller has given up
			return api.Worked{}, ctx.Err()
		}
	}
	return api.Worked{Times: f.times.Add(1)}, nil
}

func (f *flaky) setMode(_ context.Context, req api.Mode) (api.Mode, error) {
	if !slices.Contains(api.Modes(), req.Mode) {
		return api.Mode{}, wire.Errorf(wire.BadRequest, "no mode %q: want one of %q", req.Mode, api.Modes())
	}
	if req.Mode == api.Crash {
		select {
		case f.crash <- struct{}{}:
		default: // a crash is already under way
		}
	}
	f.mode.Store(req.Mode)
	return req, nil
}

// watch is a task. If a task returns an error, the cog restarts.
func (f *flaky) watch(ctx context.Context) error {
	select {
	case <-f.crash:
	case <-ctx.Done():
		return nil
	}
	select {
	case <-time.After(100 * time.Millisecond): // lets the call that requested the crash return first
		return errors.New("crashed on purpose")
	case <-ctx.Done():
		return nil
	}
}
