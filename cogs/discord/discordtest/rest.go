package discordtest

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"path"
	"strings"
)

// endpoint answers one kind of request. A nil result means 204, a created one
// 201. It runs with Server.mu held, and its result is encoded under it.
type endpoint func(c *call) (any, error)

type created struct{ value any }

// routes is the table of all endpoints. Paths are without /api and version.
func (s *Server) routes() *http.ServeMux {
	mux := http.NewServeMux()
	for pattern, f := range map[string]endpoint{
		"GET /gateway":                                                 s.getGateway,
		"GET /gateway/bot":                                             s.getGatewayBot,
		"GET /users/@me":                                               s.getMe,
		"GET /users/@me/guilds":                                        s.getMyGuilds,
		"GET /users/{user}":                                            s.getUser,
		"GET /oauth2/applications/@me":                                 s.getApplication,
		"GET /guilds/{guild}":                                          s.getGuild,
		"PATCH /guilds/{guild}":                                        s.patchGuild,
		"GET /guilds/{guild}/channels":                                 s.getChannels,
		"GET /guilds/{guild}/roles":                                    s.getRoles,
		"GET /guilds/{guild}/members":                                  s.getMembers,
		"GET /guilds/{guild}/members/search":                           s.searchMembers,
		"GET /guilds/{guild}/members/{user}":                           s.getMember,
		"PATCH /guilds/{guild}/members/{user}":                         s.patchMember,
		"DELETE /guilds/{guild}/members/{user}":                        s.deleteMember,
		"PUT /guilds/{guild}/members/{user}/roles/{role}":              s.putRole,
		"DELETE /guilds/{guild}/members/{user}/roles/{role}":           s.deleteRole,
		"GET /guilds/{guild}/bans":                                     s.getBans,
		"GET /guilds/{guild}/bans/{user}":                              s.getBan,
		"PUT /guilds/{guild}/bans/{user}":                              s.putBan,
		"DELETE /guilds/{guild}/bans/{user}":                           s.deleteBan,
		"GET /channels/{channel}":                                      s.getChannel,
		"POST /channels/{channel}/typing":                              s.postTyping,
		"GET /channels/{channel}/messages":                             s.getMessages,
		"POST /channels/{channel}/messages":                            s.postMessage,
		"GET /channels/{channel}/messages/{message}":                   s.getMessage,
		"PATCH /channels/{channel}/messages/{message}":                 s.patchMessage,
		"DELETE /channels/{channel}/messages/{message}":                s.deleteMessage,
		"GET /applications/{app}/commands":                             s.getCommands,
		"PUT /applications/{app}/commands":                             s.putCommands,
		"POST /applications/{app}/commands":                            s.postCommand,
		"GET /applications/{app}/commands/{command}":                   s.getCommand,
		"PATCH /applications/{app}/commands/{command}":                 s.patchCommand,
		"DELETE /applications/{app}/commands/{command}":                s.deleteCommand,
		"GET /applications/{app}/guilds/{guild}/commands":              s.getCommands,
		"PUT /applications/{app}/guilds/{guild}/commands":              s.putCommands,
		"POST /applications/{app}/guilds/{guild}/commands":             s.postCommand,
		"GET /applications/{app}/guilds/{guild}/commands/{command}":    s.getCommand,
		"PATCH /applications/{app}/guilds/{guild}/commands/{command}":  s.patchCommand,
		"DELETE /applications/{app}/guilds/{guild}/commands/{command}": s.deleteCommand,
		"POST /interactions/{interaction}/{token}/callback":            s.postCallback,
		"/": s.notFound,
	} {
		mux.Handle(pattern, s.serve(f))
	}
	return mux
}

// answer answers one request, from whichever side it came, and records it.
func (s *Server) answer(r *http.Request) *answer {
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(io.LimitReader(r.Body, 32<<20)) // what is cut off does not decode
	}
	in := r.Clone(r.Context())
	in.URL.Path, in.URL.RawPath = apiPath(r.URL.Path), ""
	in.Body = io.NopCloser(bytes.NewReader(body))
	a := s.limited()
	if a == nil {
		a = &answer{header: http.Header{}}
		s.rest.ServeHTTP(a, in)
	}
	s.record(Request{Method: r.Method, Path: in.URL.Path, Query: in.URL.Query(), Body: body, Status: a.status})
	return a
}

// serve adapts an endpoint to the router.
func (s *Server) serve(f endpoint) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c := &call{Request: r}
		c.body, _ = io.ReadAll(r.Body) // it is in memory already
		s.mu.Lock()
		defer s.mu.Unlock()
		c.user = s.caller(r.Header.Get("Authorization"))
		var v any
		var err error = &apiError{Status: http.StatusUnauthorized, Message: "401: Unauthorized"}
		if c.allowed() {
			v, err = f(c)
		}
		w.(*answer).set(v, err)
	}
}

// caller returns whom a token belongs to, or nil. The caller must hold s.mu.
func (s *Server) caller(authorization string) *user {
	if authorization == "Bot "+s.opts.Token {
		return s.world.bot
	}
	if text, ok := strings.CutPrefix(authorization, "Bearer user-"); ok {
		if id, err := parseSnowflake(text); err == nil {
			return s.world.users[id]
		}
	}
	return nil
}

func (s *Server) notFound(c *call) (any, error) {
	s.opts.Logger.Warn("discordtest: no such endpoint", "method", c.Method, "path", c.URL.Path)
	return nil, &apiError{Status: http.StatusNotFound, Message: "404: Not Found"}
}

// apiPath strips what all endpoints share, /api and the version.
func apiPath(p string) string {
	p = path.Clean("/" + p)
	rest, ok := strings.CutPrefix(p, "/api/")
	if !ok {
		return p
	}
	if version, after, ok := strings.Cut(rest, "/"); ok && strings.HasPrefix(version, "v") {
		rest = after
	}
	return "/" + rest
}

// answer is a response in memory. It is what the router writes to, and what
// both the transport and the HTTP server pass on.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// Header implements [http.ResponseWriter].
func (a *answer) Header() http.Header { return a.header }

// WriteHeader implements [http.ResponseWriter].
func (a *answer) WriteHeader(status int) { a.status = status }

// Write implements [http.ResponseWriter].
func (a *answer) Write(p []byte) (int, error) {
	a.body = append(a.body, p...)
	return len(p), nil
}

// set turns the result of an endpoint into a response.
func (a *answer) set(v any, err error) {
	a.status = http.StatusOK
	if err != nil {
		e, ok := err.(*apiError)
		if !ok {
			e = &apiError{Status: http.StatusInternalServerError, Message: err.Error()}
		}
		a.status, v = e.Status, e
	}
	if c, ok := v.(created); ok {
		a.status, v = http.StatusCreated, c.value
	}
	if v == nil {
		a.status = http.StatusNoContent
		return
	}
	body, err := json.Marshal(v)
	if err != nil {
		a.set(nil, err)
		return
	}
	a.header.Set("Content-Type", "application/json")
	a.body = body
}

func (a *answer) copyTo(w http.ResponseWriter) {
	maps.Copy(w.Header(), a.header)
	w.WriteHeader(a.status)
	w.Write(a.body) // a client that went away is none of our business
}
