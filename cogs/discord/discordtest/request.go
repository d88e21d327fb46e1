package discordtest

import (
	"fmt"
	"net/url"
	"slices"
)

// Request is a REST request that the fake has answered.
type Request struct {
	Method string
	Path   string // without host, /api and version, such as "/guilds/1/members"
	Query  url.Values
	Body   []byte // as it came; empty if there was none
	Status int    // of the answer, 429 and 404 included
}

// String returns method, path and status, as in "GET /gateway 200".
func (r Request) String() string { return fmt.Sprintf("%s %s %d", r.Method, r.Path, r.Status) }

// keepRequests is how many requests the recorder holds at least.
const keepRequests = 10_000

func (s *Server) record(r Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, r)
	if len(s.requests) > 2*keepRequests {
		s.requests = slices.Clone(s.requests[len(s.requests)-keepRequests:])
	}
}

// Requests returns the REST requests answered so far, oldest first: all of
// them, or in a long run at least the last 10,000. The slice is the caller's;
// bodies and queries are shared and must not be changed.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}
