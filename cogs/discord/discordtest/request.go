package discordtest

import (
	"fmt"
	"net/url"
	"slices"
)

// Request is a REST request that the fake has answered.
type Request struct {
	Method string
	Path   string // without the host, /api and the version, such as "/guilds/1/members"
	Query  url.Values
	Body   []byte // as the client sent it; empty if the request had none
	Status int    // the status of the answer; requests that got 429 or 404 are recorded too
}

// String returns the method, the path and the status, such as "GET /gateway 200".
func (r Request) String() string { return fmt.Sprintf("%s %s %d", r.Method, r.Path, r.Status) }

// keepRequests is the least number of requests that the recorder keeps.
const keepRequests = 10_000

func (s *Server) record(r Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, r)
	if len(s.requests) > 2*keepRequests {
		s.requests = slices.Clone(s.requests[len(s.requests)-keepRequests:])
	}
}

// Requests returns the REST requests that the fake has answered so far, oldest first. In a
// long run these are the last 10,000 or more. The slice belongs to the caller; bodies and
// queries are shared, and the caller must not change them.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}
