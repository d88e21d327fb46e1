package router

import (
	"context"

	"github.com/cogbus/cogbus/internal/call"
	"github.com/cogbus/cogbus/internal/instance"
)

// A TaskContext identifies the cog for which Setup or a task runs; their contexts carry
// it.
type TaskContext struct {
	Router     *Router
	Cog        string
	Generation uint64
	Restart    bool // in Setup: the previous instance has failed
	Rollback   bool // in Setup: the previous build is asked for
	Setup      bool
}

// Info tells which cog the context belongs to.
func (t *TaskContext) Info() instance.Info {
	return instance.Info{Cog: t.Cog, Generation: t.Generation, Caller: t.Cog, Dialect: localDialect, Admin: true}
}

// Call runs a route of the bot.
func (t *TaskContext) Call(ctx context.Context, endpoint string, data []byte) ([]byte, error) {
	return t.Router.Local(ctx, nil, t.Cog, endpoint, data)
}

// Context returns a context that belongs to t.
func (t *TaskContext) Context(ctx context.Context) context.Context {
	return context.WithValue(ctx, instance.RuntimeKey{}, instance.Runtime(t))
}

// InSetup reports whether ctx is that of the Setup of the named cog.
func InSetup(ctx context.Context, cog string) bool {
	t, ok := ctx.Value(instance.RuntimeKey{}).(*TaskContext)
	return ok && t.Setup && t.Cog == cog
}

// Within reports whether ctx belongs to a task of the named cog, or to a handler that
// has not returned and for which the cog waits: a handler of the cog itself, or one
// that it has called, directly or through others.
func Within(ctx context.Context, cog string) bool {
	if t, ok := ctx.Value(instance.RuntimeKey{}).(*TaskContext); ok {
		return t.Cog == cog
	}
	c := call.Of(ctx)
	for ; c != nil && !c.Over(); c = c.Maker() {
		if at := c.Place(); at != nil && at.Cog == cog {
			return true
		}
		if _, ok := c.MadeFor().(*local); ok && c.Caller == cog {
			return true // a task of the cog has made it
		}
	}
	return false
}
