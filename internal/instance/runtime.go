package instance

import (
	"context"
	"time"
)

// A Runtime runs an instance, for the code of the cog that has its context: a call,
// or a task.
type Runtime interface {
	// Info tells what the context belongs to.
	Info() Info

	// Call runs a route of the bot. ctx is the caller's; out belongs to the
	// caller.
	Call(ctx context.Context, endpoint string, data []byte) (out []byte, err error)
}

// RuntimeKey is the key under which contexts carry their [Runtime].
type RuntimeKey struct{}

// RuntimeOf returns the Runtime that ctx carries, nil if it does not come from a bot.
func RuntimeOf(ctx context.Context) Runtime {
	rt, _ := ctx.Value(RuntimeKey{}).(Runtime)
	return rt
}

// Info tells of the call, listener, tick or task that a context belongs to. It has the
// fields of cogs.Info, which documents them: one is converted to the other.
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
