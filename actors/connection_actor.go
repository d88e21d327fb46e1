package actors

import (
	"errors"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/cogbus/cogbus/internal/transport"
	"github.com/cogbus/cogbus/internal/workers"
	"github.com/cogbus/cogbus/wire"
)

const (
	closeGoingAway = transport.CloseGoingAway

	// closeTimeout is how long a client may take to answer a Close.
	closeTimeout = 2 * time.Second

	// beat is how long a cogbus.v1 client may be silent before it is pinged;
	// after three of them in silence it is gone.
	beat      = 15 * time.Second
	deadBeats = 3
)

// A connection actor owns the life of one client: its authentication in time,
// its heartbeats, its close. Calls do not pass it.
type connectionActor struct {
	srv *Server
	c   *client

	// owned by the actor
	timer   *time.Timer // authentication first, heartbeats then
	silent  int         // beats in a row
	closing bool        // a Close is sent
	ended   bool        // the reader has ended
}

// Receive handles one message.
func (a *connectionActor) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		self, root := ctx.Self(), ctx.ActorSystem().Root
		a.timer = time.AfterFunc(a.interval(), func() { root.Send(self, &heartbeat{}) })
	case *heartbeat:
		a.beat(ctx)
	case *goAway:
		if !a.closing {
			a.srv.router.Pool.Go(workers.Func(func() { a.c.GoAway(m.reason) }))
		}
	case *shut:
		a.shut(ctx, m)
	case *giveUpClosing:
		a.c.Conn().Abort()
	case *readerEnded:
		a.readerEnded(ctx, m.err)
	}
}

func (a *connectionActor) interval() time.Duration {
	if !a.c.Trusted() {
		return authTimeout
	}
	return beat
}

func (a *connectionActor) beat(ctx actor.Context) {
	if a.ended {
		return
	}
	switch {
	case !a.c.Trusted():
		a.shut(ctx, &shut{transport.ClosePolicy, "not authenticated in time"})
		return
	case !a.c.Heartbeats():
		return
	case a.c.Conn().Heard():
		a.silent = 0
	default:
		a.silent++
	}
	if a.silent >= deadBeats {
		a.c.Conn().Abort()
		return
	}
	if a.silent > 0 {
		a.srv.router.Pool.Go(workers.Func(a.c.Conn().Ping))
	}
	a.timer.Reset(beat)
}

// shut sends a Close. The client's answer ends the reader, or the timer does.
func (a *connectionActor) shut(ctx actor.Context, m *shut) {
	if a.closing || a.ended {
		return
	}
	a.closing = true
	a.c.End(wire.Errorf(wire.Unavailable, "the connection is being closed"))
	self, root := ctx.Self(), ctx.ActorSystem().Root
	a.timer.Stop()
	a.timer = time.AfterFunc(closeTimeout, func() { root.Send(self, &giveUpClosing{}) })
	a.srv.router.Pool.Go(workers.Func(func() { a.c.Conn().StartClose(m.code, m.reason) }))
}

// readerEnded cleans up: nobody is there any more.
func (a *connectionActor) readerEnded(ctx actor.Context, err error) {
	a.ended = true
	a.timer.Stop()
	if errors.Is(err, transport.ErrSlowPeer) {
		a.srv.log.Warn("a client does not read and was cut off", "caller", a.c.Remote)
	} else {
		a.srv.log.Debug("connection ended", "caller", a.c.Remote, "err", err)
	}
	self := ctx.Self()
	a.srv.router.Pool.Go(workers.Func(func() {
		a.c.Finish()
		a.srv.remove(a.c)
		a.srv.system.Root.Poison(self)
	}))
}
