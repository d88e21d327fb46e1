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

	// closeTimeout is the time in which a client must answer a Close.
	closeTimeout = 2 * time.Second

	// A silent cogbus.v1 client is pinged every pingBeats, and cut off after deadBeats
	// of silence.
	beat      = 5 * time.Second
	pingBeats = 3
	deadBeats = 9
)

// A connectionActor owns the life of one client: its authentication in time, its
// heartbeats, its close. Calls do not pass it.
type connectionActor struct {
	// owned by the actor
	c       *client       // set by the first message
	timer   *time.Timer   // of the Close; nil before that
	warned  chan struct{} // closed when a goaway is sent; nil if none was asked for
	closing bool          // a Close is sent
	ended   bool          // the reader has ended
}

// connectionProps returns the properties of connection actors. There are many of these
// actors, and most are idle, so they share their properties and have the mailbox that
// takes the least memory.
func (s *Server) connectionProps() *actor.Props {
	blank := func() actor.Actor { return &connectionActor{} }
	return propsOf(blank, &s.router.Pool, s.log, actor.WithMailbox(actor.UnboundedLockfree()))
}

// Receive handles one message.
func (a *connectionActor) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *opened:
		a.c = m.c
	case *heartbeat:
		a.beat(ctx)
	case *goAway:
		if !a.closing && a.warned == nil {
			warned := make(chan struct{})
			a.warned = warned
			a.c.srv.router.Pool.Go(workers.Func(func() {
				defer close(warned)
				a.c.GoAway(m.reason)
			}))
		}
	case *closeRequest:
		a.startClose(ctx, m)
	case *giveUpClosing:
		if !a.ended {
			a.c.srv.router.Pool.Go(workers.Func(a.c.Drop))
		}
	case *readerEnded:
		a.readerEnded(ctx, m.err)
	}
}

// beat acts on a heartbeat.
func (a *connectionActor) beat(ctx actor.Context) {
	if a.ended || a.closing {
		return
	}
	if !a.c.Trusted() && time.Since(a.c.since) >= authTimeout {
		a.startClose(ctx, &closeRequest{transport.ClosePolicy, "not authenticated in time"})
		return
	}
	silent := a.c.silent.Load()
	if silent >= deadBeats {
		a.c.srv.router.Pool.Go(workers.Func(a.c.Drop))
		return
	}
	if silent > 0 && silent%pingBeats == 0 {
		a.c.srv.router.Pool.Go(workers.Func(a.c.Conn().Ping))
	}
}

// startClose sends a Close. The reader ends when the client answers, or when the timer
// has cut it off.
func (a *connectionActor) startClose(ctx actor.Context, m *closeRequest) {
	if a.closing || a.ended {
		return
	}
	a.closing = true
	a.c.End(wire.Errorf(wire.Unavailable, "the connection is being closed"))
	self, root := ctx.Self(), ctx.ActorSystem().Root
	a.timer = time.AfterFunc(closeTimeout, func() { root.Send(self, &giveUpClosing{}) })
	warned := a.warned
	a.c.srv.router.Pool.Go(workers.Func(func() {
		if warned != nil {
			<-warned // no message can follow a Close
		}
		a.c.Conn().StartClose(m.code, m.reason)
	}))
}

// readerEnded cleans up after a client that is gone.
func (a *connectionActor) readerEnded(ctx actor.Context, err error) {
	a.ended = true
	if a.timer != nil {
		a.timer.Stop()
	}
	if errors.Is(err, transport.ErrSlowPeer) && a.c.Trusted() { // clients without a secret must not fill the log
		a.c.srv.log.Warn("a client does not read and was cut off", "caller", a.c.Remote)
	} else {
		a.c.srv.log.Debug("connection ended", "caller", a.c.Remote, "err", err)
	}
	self := ctx.Self()
	a.c.srv.router.Pool.Go(workers.Func(func() {
		a.c.Finish()
		a.c.srv.remove(a.c)
		a.c.srv.system.Root.Poison(self)
	}))
}
