package child

import (
	"context"
	"encoding/binary"
	"errors"
	"strings"

	"github.com/cogbus/cogbus/internal/call"
	"github.com/cogbus/cogbus/internal/frames"
	"github.com/cogbus/cogbus/internal/instance"
	"github.com/cogbus/cogbus/internal/router"
	"github.com/cogbus/cogbus/wire"
)

// A peer sends answers to the bot.
type peer struct {
	session *router.Session
	out     *frames.Writer
}

// Head appends the beginning of a frame. Tail fills in its length.
func (peer) Head(dst []byte, c *call.Call) []byte {
	f := frames.Frame{Kind: frames.Reply, ID: c.ID}
	return f.Append(dst)
}

func (peer) Tail(dst []byte) []byte {
	binary.LittleEndian.PutUint32(dst, uint32(len(dst)-4))
	return dst
}

// Fail appends an error. A handler that returns an error because its time is over has not
// failed by itself, so the bot gets a timeout, which may come before the bot's own timer
// ends the call.
func (peer) Fail(dst []byte, c *call.Call, err error) []byte {
	if _, panicked := errors.AsType[*instance.Panic](err); !panicked && errors.Is(c.Err(), context.DeadlineExceeded) {
		err = wire.Errorf(wire.Timeout, "no answer from %q in time", c.Endpoint)
	}
	f := frames.Frame{Kind: frames.Reply, Flags: frames.Failed, ID: c.ID, Body: appendError(nil, err)}
	return f.Append(dst)
}

// Answer sends an answer. If that fails, the bot is gone.
func (p peer) Answer(c *call.Call, text []byte, _ bool) (seen bool) {
	seen = p.session.Forget(c)
	_ = p.out.Reply(text)
	p.session.Sent()
	return seen
}

// Over does nothing: the answer itself tells the bot that no code of the call runs.
func (peer) Over(*call.Call) {}

// appendError appends err in the form that the bot decodes.
func appendError(dst []byte, err error) []byte {
	if p, ok := errors.AsType[*instance.Panic](err); ok {
		e := frames.Error{Message: strings.TrimPrefix(p.Error(), "panic: "), Type: "Panic", Panic: true, Stack: string(p.Stack)}
		return e.Append(dst)
	}
	return frames.AppendError(dst, err)
}
