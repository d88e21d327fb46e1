package discordtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// Server is a fake Discord: guilds and people, the REST API that changes them,
// and the gateway that tells bots about it. Make one with [New], stop it with
// [Server.Close]. All methods are safe for concurrent use.
type Server struct {
	opts     Options
	listener net.Listener // what the HTTP server accepts from
	memory   *memory      // the same listener, or nil when Options.Listener is set
	http     *http.Server
	rest     *http.ServeMux
	running  sync.WaitGroup // the accept loop and the gateway connections

	// mu guards the fields below, and with them the world, the sessions and
	// the queues of the connections. One lock, because a client that
	// identifies must see each change either in its snapshot or as an event.
	// Nothing blocks while holding it.
	mu       sync.Mutex
	closed   bool
	world    *world
	sessions map[string]*session
	conns    map[*conn]bool
	made     int // sessions made so far, to name the next
	requests []Request
	limit    rateLimit
}

// New starts a fake Discord. Nil options give the defaults. In a synctest
// bubble, call it inside the bubble.
func New(opts *Options) *Server {
	o := opts.withDefaults()
	s := &Server{
		opts:     o,
		listener: o.Listener,
		world:    newWorld(&o),
		sessions: map[string]*session{},
		conns:    map[*conn]bool{},
	}
	if s.listener == nil {
		s.memory = newMemory()
		s.listener = s.memory
	}
	s.rest = s.routes()
	s.http = &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	s.running.Go(func() {
		if err := s.http.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
			s.opts.Logger.Error("discordtest: serve", "err", err)
		}
	})
	return s
}

// Close hangs up on every client, stops the server and waits for its
// goroutines. Later calls do nothing.
//
// Close the discordgo sessions first: a session that finds its gateway gone
// keeps trying to reconnect, and its own Close does not stop that.
func (s *Server) Close() {
	s.mu.Lock()
	s.closed = true
	for c := range s.conns {
		c.ws.Close()
	}
	s.mu.Unlock()
	s.http.Close()
	s.running.Wait()
}

// Token returns the bot's token, without "Bot ".
func (s *Server) Token() string { return s.opts.Token }

// UserToken returns an Authorization header with which the endpoints under
// /users/@me answer for that person, as after an OAuth2 login with the scopes
// identify and guilds. It is what a dashboard holds. A user who does not exist
// gets a token that is refused.
func (s *Server) UserToken(userID string) string { return "Bearer user-" + userID }

// ServeHTTP serves REST and the gateway, the latter to WebSocket upgrades. It
// is what answers on Options.Listener.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Upgrade") != "" {
		s.serveGateway(w, r)
		return
	}
	s.answer(r).copyTo(w)
}

// gatewayURL is what GET /gateway tells. The name of the gateway in memory
// ends in .test so that a client that does dial it finds nothing.
func (s *Server) gatewayURL() string {
	if s.memory != nil {
		return "ws://gateway.discord.test"
	}
	return "ws://" + s.listener.Addr().String()
}

// emit sends an event to the sessions that should see it: those of the guild's
// shard that have the intent. The caller must hold s.mu.
func (s *Server) emit(event string, guildID snowflake, data any) error {
	raw, err := json.Marshal(data)
	if err != nil {
		return fmt.Errorf("encode %s: %w", event, err)
	}
	for _, ss := range s.sessions {
		if guildID.shard(ss.shard[1]) != ss.shard[0] || !ss.wants(event, guildID != 0) {
			continue
		}
		if m, ok := data.(messageEvent); ok && !ss.readsContent(m, s.world.bot) {
			if raw, err := json.Marshal(m.withoutContent()); err == nil {
				ss.push(event, raw, s.opts.Replay)
			}
			continue
		}
		ss.push(event, raw, s.opts.Replay)
	}
	return nil
}
