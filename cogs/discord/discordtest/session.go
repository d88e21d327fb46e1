package discordtest

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/bwmarrin/discordgo"
)

// session is a gateway session: it outlives its connections, and a client can resume it.
// Server.mu guards it.
type session struct {
	id       string
	shard    [2]int
	intents  discordgo.Intent
	compress bool
	large    int // a guild with more members counts as large

	seq  int64
	log  []frame   // the newest events; the last one has the number seq
	conn *conn     // nil while the client is away
	left time.Time // the time at which the client went away
}

// sessionLife is how long a client can resume a session after its connection has ended.
const sessionLife = 5 * time.Minute

// identify starts a session. The caller must hold s.mu.
func (s *Server) identify(c *conn, data json.RawMessage) *closing {
	var in struct {
		Token    string           `json:"token"`
		Compress bool             `json:"compress"`
		Large    int              `json:"large_threshold"`
		Shard    *[2]int          `json:"shard"`
		Intents  discordgo.Intent `json:"intents"`
	}
	if err := json.Unmarshal(data, &in); err != nil {
		return &closing{4002, "Error while decoding payload."}
	}
	if c.session != nil {
		return &closing{4005, "Already authenticated."}
	}
	if !s.knows(in.Token) {
		return &closing{4004, "Authentication failed."}
	}
	shard := [2]int{0, 1}
	if in.Shard != nil {
		shard = *in.Shard
	}
	if shard[0] < 0 || shard[0] >= shard[1] {
		return &closing{4010, "Invalid shard."}
	}
	for id, old := range s.sessions {
		if old.conn == nil && time.Since(old.left) > sessionLife {
			delete(s.sessions, id)
		}
	}
	s.made++
	ss := &session{
		id:       fmt.Sprintf("%032x", s.made),
		shard:    shard,
		intents:  in.Intents,
		compress: in.Compress,
		large:    max(in.Large, 50), // 50 is Discord's default and minimum
	}
	s.sessions[ss.id] = ss
	ss.conn, c.session = c, ss
	s.greet(ss)
	return nil
}

// greet sends READY, and the guilds of the shard. The caller must hold s.mu.
func (s *Server) greet(ss *session) {
	type unavailable struct {
		ID          snowflake `json:"id"`
		Unavailable bool      `json:"unavailable"`
	}
	guilds := []unavailable{}
	var mine []*guild
	for _, g := range s.world.guilds {
		if g.ID.shard(ss.shard[1]) == ss.shard[0] {
			guilds = append(guilds, unavailable{g.ID, true})
			mine = append(mine, g)
		}
	}
	ss.pushValue("READY", map[string]any{
		"v":                  9,
		"user":               s.world.bot,
		"guilds":             guilds,
		"private_channels":   []any{},
		"session_id":         ss.id,
		"resume_gateway_url": s.gatewayURL(),
		"shard":              ss.shard,
		"application":        map[string]any{"id": s.world.bot.ID, "flags": 0},
	}, s.opts.Replay)
	if !ss.wants("GUILD_CREATE", true) {
		return
	}
	for _, g := range mine {
		ss.pushValue("GUILD_CREATE", g.created(ss, s.world.bot), s.opts.Replay)
	}
}

// resume continues a session: it sends the events that the client has missed, then RESUMED.
// The caller must hold s.mu.
func (s *Server) resume(c *conn, data json.RawMessage) *closing {
	var in struct {
		Token     string `json:"token"`
		SessionID string `json:"session_id"`
		Seq       int64  `json:"seq"`
	}
	if err := json.Unmarshal(data, &in); err != nil {
		return &closing{4002, "Error while decoding payload."}
	}
	if c.session != nil {
		return &closing{4005, "Already authenticated."}
	}
	if !s.knows(in.Token) {
		return &closing{4004, "Authentication failed."}
	}
	ss := s.sessions[in.SessionID]
	if ss != nil && (in.Seq < 0 || in.Seq > ss.seq) {
		return &closing{4007, "Invalid seq."}
	}
	if ss != nil && ss.seq-in.Seq > int64(s.opts.Replay) {
		s.forget(ss)
		ss = nil
	}
	if ss == nil {
		c.send(frame{Op: opInvalidSession, Data: json.RawMessage("false")})
		return nil
	}
	if ss.conn != nil {
		ss.conn.session = nil
		ss.conn.ws.Close()
	}
	ss.conn, c.session = c, ss
	missed := int(ss.seq - in.Seq)
	for _, f := range ss.log[len(ss.log)-missed:] {
		c.send(f)
	}
	ss.pushValue("RESUMED", map[string]any{}, s.opts.Replay)
	return nil
}

// knows reports whether token is the bot's token. In a gateway payload, Discord accepts the
// token with and without its prefix.
func (s *Server) knows(token string) bool {
	return strings.TrimPrefix(token, "Bot ") == s.opts.Token
}

// forget ends a session, so that no client can resume it. Its connection, if it has one,
// stays open for a new IDENTIFY. The caller must hold s.mu.
func (s *Server) forget(ss *session) {
	delete(s.sessions, ss.id)
	if ss.conn != nil {
		ss.conn.session = nil
		ss.conn = nil
	}
}

// detach records that the connection c has ended, unless another connection has taken over.
func (ss *session) detach(c *conn) {
	if ss.conn == c {
		ss.conn, ss.left = nil, time.Now()
	}
}

// push numbers an event, keeps it for RESUME, and sends it if the client is connected.
func (ss *session) push(event string, data json.RawMessage, keep int) {
	ss.seq++
	seq := ss.seq
	f := frame{Op: opDispatch, Seq: &seq, Event: &event, Data: data, zip: ss.compress}
	ss.log = append(ss.log, f)
	// Shorten the log only at twice its length, so that not every event copies it.
	if len(ss.log) > 2*keep {
		ss.log = append([]frame(nil), ss.log[len(ss.log)-keep:]...)
	}
	if ss.conn != nil {
		ss.conn.send(f)
	}
}

// pushValue is push for a value that always encodes.
func (ss *session) pushValue(event string, v any, keep int) {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("discordtest: encode %s: %v", event, err))
	}
	ss.push(event, raw, keep)
}
