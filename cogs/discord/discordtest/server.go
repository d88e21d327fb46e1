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

// Server is a fake Discord: guilds and people, the REST API that changes them, and the
// gateway that sends the changes to bots. Make one with [New], and stop it with
// [Server.Close]. Several goroutines may call its methods at once.
type Server struct {
	opts     Options
	listener net.Listener // the listener of the HTTP server
	memory   *memory      // the same listener; nil if Options.Listener is set
	http     *http.Server
	rest     *http.ServeMux
	running  sync.WaitGroup // the accept loop and the gateway connections

	// mu guards the fields below, and with them the world, the sessions and the queues of
	// the connections. It is a single lock, because a client that identifies must get each
	// change either in its snapshot or as an event. No code blocks while it holds mu.
	mu       sync.Mutex
	closed   bool
	world    *world
	sessions map[string]*session
	conns    map[*conn]bool
	made     int // the number of sessions so far, for the name of the next
	requests []Request
	limit    rateLimit
}

// New starts a fake Discord. It copies opts; nil means the zero Options. The caller closes
// the server. In a synctest bubble, call New inside the bubble.
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

// Close closes every connection, stops the server and waits for its goroutines. Later calls
// do nothing.
//
// Close the discordgo sessions first: a session that loses its gateway tries to reconnect
// for ever, and its own Close does not stop that.
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

// UserToken returns the Authorization header of a person, as a dashboard gets it from an
// OAuth2 login with the scopes identify and guilds. The endpoints under /users/@me accept
// it and answer for that person. If there is no such user, they reject it.
func (s *Server) UserToken(userID string) string { return "Bearer user-" + userID }

// ServeHTTP serves the gateway to requests for a WebSocket upgrade, and REST to all others.
// It serves Options.Listener.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Upgrade") != "" {
		s.serveGateway(w, r)
		return
	}
	s.answer(r).copyTo(w)
}

// gatewayURL returns the URL that GET /gateway answers with. The gateway in memory has a
// name that ends in .test, so that a client which looks the name up finds no server.
func (s *Server) gatewayURL() string {
	if s.memory != nil {
		return "ws://gateway.discord.test"
	}
	return "ws://" + s.listener.Addr().String()
}

// emit sends an event to the sessions on the guild's shard that have the intent for it. The
// caller must hold s.mu.
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
