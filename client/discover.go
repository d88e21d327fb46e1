package client

import (
	"context"
	"fmt"
	"sync"

	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/protocol"
)

// A lookup asks a discovery port for the bot's port and keeps the answer.
type lookup struct {
	o *ipcx

	mu    sync.Mutex // protects the fields below
	known int        // 0 if it is not known
	asked *question  // under way; nil if there is none
}

// A question goes to the discovery port. All calls that wait for its answer share it.
type question struct {
	done chan struct{} // closed when port or err is set
	port int
	err  error
}

// port returns the bot's port. It asks for it if it is not known, or is stale.
func (l *lookup) port(ctx context.Context, stale int) (int, error) {
	l.mu.Lock()
	if l.known != 0 && l.known != stale {
		defer l.mu.Unlock()
		return l.known, nil
	}
	q := l.asked
	if q == nil {
		q = &question{done: make(chan struct{})}
		// ends with the answer or with the client; Close waits for it
		if !l.o.life.spawn(func() { l.ask(q) }) {
			l.mu.Unlock()
			return 0, closedError()
		}
		l.asked = q
	}
	l.mu.Unlock()
	select {
	case <-q.done:
		return q.port, q.err
	case <-ctx.Done():
		return 0, connectError(l.o.target.where(), context.Cause(ctx))
	}
}

func (l *lookup) ask(q *question) {
	q.port, q.err = l.find()
	l.mu.Lock()
	l.asked = nil
	if q.err == nil {
		l.known = q.port
	}
	l.mu.Unlock()
	close(q.done)
}

func (l *lookup) find() (int, error) {
	ctx, cancel := context.WithTimeout(l.o.life.ctx, connectTimeout)
	defer cancel()
	where := l.o.target.where()
	conn, detach, err := l.o.open(ctx, l.o.target, "")
	if err != nil {
		return 0, err
	}
	defer l.o.finish(conn, func() {})
	buf, err := ask(conn, protocol.AppendLookup(nil, l.o.secret()))
	detach()
	if err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return 0, connectError(where, err)
	}
	defer buf.Free()
	port, err := protocol.ParseLocation(buf.B)
	if err != nil {
		code := wire.Unavailable
		if wire.CodeOf(err) == wire.Unauthorized {
			code = wire.Unauthorized
		}
		return 0, newError(code, fmt.Sprintf("ask %s for the bot's port: %s", where, messageOf(err)), err)
	}
	return port, nil
}
