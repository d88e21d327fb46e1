package discordtest

import (
	"bytes"
	"io"
	"net/http"
	"path"
	"strings"
)

// endpoint answers one kind of request. It runs with Server.mu held, and the router encodes
// its result under that lock too. A nil result becomes status 204.
type endpoint func(c *call) (any, error)

// routes returns the table of all endpoints. Paths are without /api and the version;
// call.resolve looks up their parameters.
func (s *Server) routes() *http.ServeMux {
	const (
		member   = "/guilds/{guild}/members/{member}"
		message  = "/channels/{channel}/messages/{message}"
		global   = "/applications/{app}/commands"
		ofGuild  = "/applications/{app}/guilds/{guild}/commands"
		callback = "/interactions/{interaction}/{token}/callback"
	)
	mux := http.NewServeMux()
	for pattern, f := range map[string]endpoint{
		"GET /gateway":                       s.getGateway,
		"GET /gateway/bot":                   s.getGatewayBot,
		"GET /users/{user}":                  s.getUser,
		"GET /users/@me":                     s.getMe,
		"GET /users/@me/guilds":              s.getMyGuilds,
		"GET /guilds/{guild}":                s.getGuild,
		"PATCH /guilds/{guild}":              s.patchGuild,
		"GET /guilds/{guild}/channels":       s.getChannels,
		"GET /guilds/{guild}/roles":          s.getRoles,
		"GET /guilds/{guild}/members":        s.getMembers,
		"GET /guilds/{guild}/members/search": s.searchMembers,
		"GET " + member:                      s.getMember,
		"DELETE " + member:                   s.deleteMember,
		"PUT " + member + "/roles/{role}":    s.putRole,
		"DELETE " + member + "/roles/{role}": s.deleteRole,
		"GET /guilds/{guild}/bans":           s.getBans,
		"GET /guilds/{guild}/bans/{user}":    s.getBan,
		"PUT /guilds/{guild}/bans/{user}":    s.putBan,
		"DELETE /guilds/{guild}/bans/{user}": s.deleteBan,
		"GET /channels/{channel}":            s.getChannel,
		"POST /channels/{channel}/typing":    s.postTyping,
		"GET /channels/{channel}/messages":   s.getMessages,
		"POST /channels/{channel}/messages":  s.postMessage,
		"GET " + message:                     s.getMessage,
		"PATCH " + message:                   s.patchMessage,
		"DELETE " + message:                  s.deleteMessage,
		"GET " + global:                      s.getCommands,
		"PUT " + global:                      s.putCommands,
		"POST " + global:                     s.postCommand,
		"DELETE " + global + "/{command}":    s.deleteCommand,
		"GET " + ofGuild:                     s.getCommands,
		"PUT " + ofGuild:                     s.putCommands,
		"POST " + ofGuild:                    s.postCommand,
		"DELETE " + ofGuild + "/{command}":   s.deleteCommand,
		"POST " + callback:                   s.postCallback,
		"/":                                  s.notFound,
	} {
		mux.Handle(pattern, s.serve(f))
	}
	return mux
}

// answer answers one request, from the transport or from the HTTP server, and records it.
func (s *Server) answer(r *http.Request) *answer {
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(io.LimitReader(r.Body, 32<<20)) // a body that is cut off does not decode
	}
	in := r.Clone(r.Context())
	in.URL.Path, in.URL.RawPath = apiPath(r.URL.Path), ""
	in.Body = io.NopCloser(bytes.NewReader(body))
	a := s.limited()
	if a == nil {
		a = newAnswer()
		s.rest.ServeHTTP(a, in)
	}
	s.record(Request{Method: r.Method, Path: in.URL.Path, Query: in.URL.Query(), Body: body, Status: a.status})
	return a
}

// serve adapts an endpoint to the router.
func (s *Server) serve(f endpoint) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body) // cannot fail: the body is in memory
		s.mu.Lock()
		defer s.mu.Unlock()
		c := &call{Request: r, body: body, caller: s.caller(r.Header.Get("Authorization"))}
		err := c.resolve(s.world)
		var v any
		if err == nil {
			v, err = f(c)
		}
		w.(*answer).set(v, err)
	}
}

// caller returns the user that a token belongs to, or nil. The code that calls it must hold
// s.mu.
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

// apiPath removes /api and the version from a path.
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
