package discordtest

import (
	"encoding/json"
	"math"
	"net/http"
	"strconv"
	"time"
)

// Disconnect drops every gateway connection without a close frame, as a broken network
// does. The sessions survive: a client that resumes within five minutes loses no event, if
// it has missed no more than Options.Replay.
func (s *Server) Disconnect() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		c.ws.Close()
	}
}

// Reconnect asks every identified client to disconnect and resume (op 7), as Discord does
// when it takes a gateway out of service.
func (s *Server) Reconnect() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		// Discordgo deadlocks if this comes while it still waits for READY,
		// so it must not go to connections without a session.
		if c.session != nil {
			c.send(frame{Op: opReconnect})
		}
	}
}

// InvalidateSessions ends every session. The fake tells connected clients at once (op 9),
// and the others when they try to resume. All must identify again, and lose the events of
// the time between.
func (s *Server) InvalidateSessions() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, ss := range s.sessions {
		if ss.conn != nil {
			ss.conn.send(frame{Op: opInvalidSession, Data: json.RawMessage("false")})
		}
		s.forget(ss)
	}
}

// rateLimit holds the limit that Server.RateLimit sets. It is guarded by Server.mu.
type rateLimit struct {
	left  int           // the number of requests still to reject
	after time.Duration // the time after which a client may try again
}

// RateLimit makes the fake reject the next n REST requests, to any endpoint, with status
// 429 and the instruction to try again after retryAfter. Discordgo obeys it without further
// code. A new RateLimit replaces the one before; n = 0 ends it.
func (s *Server) RateLimit(n int, retryAfter time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limit = rateLimit{n, retryAfter}
}

// limited returns the answer 429 if the next request must get it, and otherwise nil.
func (s *Server) limited() *answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.limit.left <= 0 {
		return nil
	}
	s.limit.left--
	seconds := s.limit.after.Seconds()
	a := newAnswer()
	a.set(map[string]any{"message": "You are being rate limited.", "retry_after": seconds, "global": false}, nil)
	a.status = http.StatusTooManyRequests
	exact := strconv.FormatFloat(seconds, 'f', 3, 64)
	a.header.Set("Retry-After", strconv.Itoa(int(math.Ceil(seconds))))
	a.header.Set("X-RateLimit-Remaining", "0")
	a.header.Set("X-RateLimit-Reset-After", exact)
	a.header.Set("X-RateLimit-Scope", "user")
	return a
}
