package router

import (
	"context"

	"github.com/cogbus/cogbus/internal/call"
	"github.com/cogbus/cogbus/internal/gate"
	"github.com/cogbus/cogbus/internal/instance"
)

// A tick makes one call of a function that Registrar.Every has recorded.
type tick struct {
	insider
	cause error         // the handler's error; written before told is closed
	over  chan struct{} // closed when nothing of it runs
	told  chan struct{} // closed when it is answered
}

func (t *tick) Fail(dst []byte, c *call.Call, err error) []byte {
	if c.Returned() {
		t.cause = err
	}
	return dst
}

func (t *tick) Answer(c *call.Call, text []byte, flush bool) (seen bool) {
	seen = t.insider.Answer(c, text, flush)
	close(t.told)
	return seen
}

func (t *tick) Over(*call.Call) { close(t.over) }

// Tick runs a tick of gen as one of its calls and waits until nothing of it runs, or
// ctx is done: then the tick itself goes on, like any call. The error is the handler's.
// A tick that a limit refuses, or whose instance has ended, has no error.
func (r *Router) Tick(ctx context.Context, gen *gate.Generation, e *instance.Endpoint) error {
	t := &tick{insider: insider{r}, over: make(chan struct{}), told: make(chan struct{})}
	at := gen.Tick(e)
	c, err := t.make(call.Request{Endpoint: e.Name, Caller: at.Cog}, t, at)
	if err != nil {
		return nil // the server has ended
	}
	t.run(c)
	select {
	case <-t.over: // not at its answer, since its handler may run on for long
	case <-ctx.Done():
		return nil // the tick itself ends like other calls
	}
	<-t.told
	return t.cause
}
