package discord

import (
	"context"
	"encoding/json"
	"slices"
	"sync"

	"github.com/bwmarrin/discordgo"

	"github.com/cogbus/cogbus/wire"
)

// A host gives cogs the events and the cache of a session.
type host struct {
	session   *discordgo.Session
	functions map[string]func(data []byte) ([]byte, error)

	mu     sync.RWMutex // protects the fields below; held for reading while events are delivered
	subs   map[string][]*subscription
	counts map[string]int // the number of members, by guild id
}

type subscription struct{ deliver func(data []byte) }

func newHost(session *discordgo.Session) *host {
	session.RLock()
	open := session.DataReady
	session.RUnlock()
	if open {
		panic("discord.With: the session is open already, so cogs may have missed events; call With before session.Open")
	}
	session.SyncEvents = true
	h := &host{session: session, subs: map[string][]*subscription{}, counts: map[string]int{}}
	f := newFunctions()
	h.functions = map[string]func(data []byte) ([]byte, error){
		f.guilds.name:   f.guilds.serve(h.guilds),
		f.guild.name:    f.guild.serve(h.guild),
		f.members.name:  f.members.serve(h.members),
		f.member.name:   f.member.serve(h.member),
		f.channels.name: f.channels.serve(h.channels),
		f.roles.name:    f.roles.serve(h.roles),

		f.credentials.name: f.credentials.serve(h.credentials),
	}
	session.AddHandler(h.onEvent)
	session.AddHandler(func(*discordgo.Session, *discordgo.Connect) { h.publish(connect, []byte("{}")) })
	session.AddHandler(func(*discordgo.Session, *discordgo.Disconnect) { h.publish(disconnect, []byte("{}")) })
	session.AddHandler(h.onRateLimit)
	return h
}

func (h *host) credentials(wire.Empty) (credentials, error) {
	s := h.session
	return credentials{s.Token, s.UserAgent, s.MaxRestRetries, s.ShouldRetryOnRateLimit}, nil
}

// onEvent runs on the goroutine with which the session reads events, after the session has
// updated its cache.
func (h *host) onEvent(_ *discordgo.Session, e *discordgo.Event) {
	h.recount(e)
	h.publish(e.Type, e.RawData)
	if h.wanted(anyEvent) {
		if text, err := json.Marshal(e); err == nil { // it cannot fail: discordgo has just decoded e
			h.publish(anyEvent, text)
		}
	}
}

func (h *host) onRateLimit(_ *discordgo.Session, e *discordgo.RateLimit) {
	if text, err := encodeRateLimit(e); err == nil {
		h.publish(rateLimit, text)
	}
}

// recount copies the number of members of a guild. Discordgo changes that number without a
// lock, so it may be read only here, on discordgo's own goroutine.
func (h *host) recount(e *discordgo.Event) {
	var id string
	switch e := e.Struct.(type) {
	case *discordgo.GuildCreate:
		id = e.ID
	case *discordgo.GuildUpdate:
		id = e.ID
	case *discordgo.GuildDelete:
		id = e.ID
	case *discordgo.GuildMemberAdd:
		id = e.GuildID
	case *discordgo.GuildMemberRemove:
		id = e.GuildID
	default:
		return
	}
	g, err := h.session.State.Guild(id)
	h.mu.Lock()
	defer h.mu.Unlock()
	if err != nil {
		delete(h.counts, id)
		return
	}
	h.counts[id] = g.MemberCount
}

func (h *host) publish(event string, data []byte) {
	// hold the lock, so that no event is delivered after a cancel has returned
	h.mu.RLock()
	defer h.mu.RUnlock()
	for _, s := range h.subs[event] {
		s.deliver(data)
	}
}

func (h *host) wanted(event string) bool {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return len(h.subs[event]) > 0
}

// Subscribe implements [instance.Host].
func (h *host) Subscribe(event string, deliver func(data []byte)) (cancel func()) {
	s := &subscription{deliver}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.subs[event] = append(h.subs[event], s)
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.subs[event] = slices.DeleteFunc(h.subs[event], func(other *subscription) bool { return other == s })
	}
}

// Call implements [instance.Host]. Its functions serve the methods of a [View].
func (h *host) Call(_ context.Context, name string, data []byte) ([]byte, error) {
	f := h.functions[name]
	if f == nil {
		return nil, wire.Errorf(wire.NoRoute, "discord has no function %q", name)
	}
	return f(data)
}
