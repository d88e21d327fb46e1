package instance

import (
	"context"
	"time"
)

// A Runtime is the bot as the code of a cog sees it through the context of a call or a
// task.
type Runtime interface {
	// Info describes the call or the task that the context belongs to.
	Info() Info

	// Call runs a route of the bot. ctx is the caller's context. out belongs to the caller.
	Call(ctx context.Context, endpoint string, data []byte) (out []byte, err error)
}

// RuntimeKey is the key under which contexts carry their [Runtime].
type RuntimeKey struct{}

// RuntimeOf returns the Runtime that ctx carries, or nil if ctx does not come from a bot.
func RuntimeOf(ctx context.Context) Runtime {
	rt, _ := ctx.Value(RuntimeKey{}).(Runtime)
	return rt
}

// Info describes the call, listener, tick or task that a context belongs to. It has the
// fields of cogs.Info, where they are documented, so that package cogs can convert it.
type Info struct {
	Cog        string
	Generation uint64
	Endpoint   string
	Caller     string
	Client     string
	Dialect    string
	Admin      bool
	Deadline   time.Time
}
