package discordtest

import (
	"encoding/json"
	"math"
	"net/http"
	"strconv"
	"time"
)

// Disconnect drops every gateway connection without a close frame, as a broken
// network does. Sessions stay: a client that resumes in time loses no event.
func (s *Server) Disconnect() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		c.ws.Close()
	}
}

// Reconnect asks every identified client to hang up and resume (op 7), as
// Discord does when it takes a gateway out of service.
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

// InvalidateSessions ends every session. Clients that are connected are told
// so (op 9), those that are away learn it when they resume; both must identify
// again, and what happened between is lost to them.
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

// rateLimit is guarded by Server.mu.
type rateLimit struct {
	left  int
	after time.Duration
}

// RateLimit has the next n REST requests, whatever they ask, answered with 429
// and the wish to come back after retryAfter. Discordgo does so by itself.
// It replaces an earlier RateLimit; n = 0 lifts it.
func (s *Server) RateLimit(n int, retryAfter time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limit = rateLimit{n, retryAfter}
}

// limited returns the 429 that is due, if any.
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
