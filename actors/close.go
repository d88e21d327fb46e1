package actors

import (
	"context"
	"slices"
	"time"

	"github.com/cogbus/cogbus/wire"
)

// Close lets every client leave, unloads the cogs, and ends the server. It returns when
// all code has ended that can end. It may be called several times.
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
// Then Close waits for the transitions. They need the server actor and the workers, so
// both still run. The watchdog and the batcher end when no connection is read any more.
//
// Finally the server actor stops, and callers that still wait for it get ErrClosed. The
// workers end last, because actors and handlers run on them.
func (s *Server) Close() error {
	if !s.closing.CompareAndSwap(false, true) {
		<-s.finished
		return nil
	}
	defer close(s.finished)
	s.mu.Lock() // see above: a listener is counted before this, or never served
	close(s.closed)
	s.mu.Unlock()
	s.pipes.close()
	s.dismiss(nil, "the server is shutting down")
	s.waitFor(closeTimeout, s.isEmpty)
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
	return nil
}

// dismiss lets the clients of via, or all if via is nil, leave: new calls are refused,
// calls in flight are answered, then the connections close.
func (s *Server) dismiss(via *listening, reason string) {
	if via != nil {
		s.mu.Lock()
		via.over = true
		s.mu.Unlock()
	}
	for _, c := range s.clients(via) {
		c.End(&wire.Error{Code: wire.Unavailable, Message: reason})
		s.system.Root.Send(c.pid, &goAway{reason})
	}
	s.waitFor(s.opts.ShutdownTimeout, func() bool {
		for _, c := range s.clients(via) {
			if c.InFlight() > 0 {
				return false
			}
		}
		return true
	})
	for _, c := range s.clients(via) {
		s.system.Root.Send(c.pid, &closeRequest{closeGoingAway, reason})
	}
	s.waitFor(closeTimeout+time.Second, func() bool { return len(s.clients(via)) == 0 })
}

// waitFor waits until done reports true, for at most limit.
func (s *Server) waitFor(limit time.Duration, done func() bool) {
	deadline := time.Now().Add(limit)
	for wait := time.Millisecond; !done() && time.Now().Before(deadline); wait = min(2*wait, 20*time.Millisecond) {
		time.Sleep(wait)
	}
}
