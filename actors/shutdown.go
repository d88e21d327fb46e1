package actors

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/cogbus/cogbus/wire"
)

// Shutdown lets every client leave, unloads the cogs, and ends the server. It returns
// when all code has ended that can end. When ctx is done before that, Shutdown cuts
// short what is left, and then returns the error of ctx: calls in flight are answered
// with unavailable, and each client and each cog gets a second or two to end. It may be
// called several times and at the same time; the first ctx that is done counts.
func (s *Server) Shutdown(ctx context.Context) error {
	select {
	case <-s.finished:
		return nil
	default:
	}
	stop := context.AfterFunc(ctx, s.hurryUp)
	if s.closing.CompareAndSwap(false, true) {
		s.shutDown()
		close(s.finished)
	} else {
		<-s.finished
	}
	if !stop() {
		return cutShort(ctx)
	}
	return nil
}

// Close is Shutdown within Options.ShutdownTimeout. It returns nil also when it had to
// cut calls or cogs short.
func (s *Server) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), s.opts.ShutdownTimeout)
	defer cancel()
	_ = s.Shutdown(ctx) // the server has ended in any case
	return nil
}

// cutShort returns the error of a shutdown whose context was done too early.
func cutShort(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if errors.Is(err, cause) {
		return fmt.Errorf("shutdown: cut short: %w", err)
	}
	return fmt.Errorf("shutdown: cut short: %w: %w", err, cause)
}

// shutDown carries the shutdown out, in an order in which no step takes away anything
// that a later step needs.
//
// First it closes s.closed, so no listener, connection or command but an unload begins
// any more. It does so under mu: a listener is counted in s.serving before that, or
// never served.
//
// Then the clients leave. This comes before the cogs end, because the cogs must answer
// the calls in flight. Connections in their handshake leave last.
//
// Then the server actor refuses further loads, and the cogs are unloaded, the last
// loaded first, since a cog may call the cogs that were loaded before it. Only then
// does the router refuse calls of the bot's own code, because tasks and cleanups may
// call until their cog has ended.
//
// Then it waits for the transitions. They need the server actor and the workers, so
// both still run. The watchdog and the batcher end when no connection is read any more.
//
// Finally the server actor stops, and callers that still wait for it get ErrClosed. The
// workers end last, because actors and handlers run on them.
func (s *Server) shutDown() {
	s.mu.Lock() // see above: a listener is counted before this, or never served
	close(s.closed)
	s.mu.Unlock()
	s.pipes.close()
	s.dismiss(s.hurry, nil)
	handshakes, cancel := context.WithTimeout(s.hurry, closeTimeout)
	defer cancel()
	waitFor(handshakes, s.isEmpty)
	reply := make(chan []*loaded, 1)
	s.system.Root.Send(s.actor, &sealCogs{reply})
	list := <-reply
	for _, l := range slices.Backward(list) {
		_, _ = s.ask(context.Background(), &command{what: unload, name: l.name}) // it fails only if the cog is gone already
	}
	s.router.End(&wire.Error{Code: wire.Unavailable, Message: "the server is closed"})
	s.transitions.Wait()
	s.hub.Close()
	s.acceptor.Close()
	_ = s.system.Root.StopFuture(s.actor).Wait()
	close(s.ended)
	s.serving.Wait()
	s.router.Pool.Close()
	s.hurryUp()
}

// dismiss lets the clients of via, or all if via is nil, leave: new calls are refused.
// Calls in flight are answered by their handlers until patience is done, and then with
// unavailable. Last the connections close: behind a Close nothing can be said.
func (s *Server) dismiss(patience context.Context, via *listening) {
	const reason = "the server is shutting down"
	if via != nil {
		s.mu.Lock()
		via.over = true
		s.mu.Unlock()
	}
	for _, c := range s.clients(via) {
		c.End(&wire.Error{Code: wire.Unavailable, Message: reason})
		s.system.Root.Send(c.pid, &goAway{reason})
	}
	answered := func() bool {
		return !slices.ContainsFunc(s.clients(via), func(c *client) bool { return c.InFlight() > 0 })
	}
	if !waitFor(patience, answered) {
		for _, c := range s.clients(via) {
			c.CutOff(wire.Errorf(wire.Unavailable, "the server is shutting down, and the call did not end in time"))
		}
		sending, cancel := context.WithTimeout(context.Background(), drainGrace)
		waitFor(sending, answered)
		cancel()
	}
	for _, c := range s.clients(via) {
		s.system.Root.Send(c.pid, &closeRequest{closeGoingAway, reason})
	}
	leaving, cancel := context.WithTimeout(context.Background(), closeTimeout+time.Second)
	defer cancel()
	waitFor(leaving, func() bool { return len(s.clients(via)) == 0 })
}

// waitFor waits until done reports true. It returns false if ctx is done before.
func waitFor(ctx context.Context, done func() bool) bool {
	for wait := time.Millisecond; !done(); wait = min(2*wait, 20*time.Millisecond) {
		select {
		case <-ctx.Done():
			return done()
		case <-time.After(wait):
		}
	}
	return true
}
