package discordtest

import (
	"log/slog"
	"net"
	"time"
)

// Options describe the content of the fake Discord, and how clients reach it. A nil
// *Options and the zero value give one guild with five people and the bot, which clients
// reach only in memory. A negative number means none, where zero means a default.
type Options struct {
	// Guilds is the number of guilds that the bot is in. If zero, it is 1.
	//
	// For every number n of shards up to 16, guild i is on shard i%n.
	Guilds int

	// Members is the number of people that each guild lists, without the bot. All guilds
	// list the same people, and person i%Members owns guild i. If zero, it is 5.
	Members int

	// MemberCount is the number of members that each guild reports. It may be far larger
	// than the number of listed members, so that a guild with a million members costs
	// nothing. If it is smaller, zero for example, each guild reports its listed people and
	// the bot.
	MemberCount int

	// Channels is the number of text channels in each guild. If zero, it is 3.
	Channels int

	// Roles is the number of roles in each guild, without @everyone. The first role is an
	// administrator, the second a moderator. If zero, it is 4.
	Roles int

	// Shards is the number of shards that GET /gateway/bot recommends. The gateway itself
	// accepts any number. If zero, it is 1.
	Shards int

	// Token is the bot's token, without "Bot ". If empty, it is "fake-token".
	Token string

	// Heartbeat is the interval of heartbeats that the gateway asks for. The gateway closes
	// a connection that sends nothing for two intervals, with code 4009. If zero or
	// negative, it is 41.25 seconds, as on Discord.
	Heartbeat time.Duration

	// Replay is the number of events that a session keeps for RESUME. The session of a
	// client that has missed more becomes invalid. If zero, it is 1000.
	Replay int

	// Listener, if set, lets other processes reach the fake too: REST at
	// http://addr/api/v9, the gateway at ws://addr. The server closes it. If nil, sessions
	// connect in memory, and there is no socket.
	Listener net.Listener

	// Logger gets a warning for each request to an endpoint that the fake does not have. If
	// nil, the fake only records such requests.
	Logger *slog.Logger
}

// withDefaults returns a copy of the options with the defaults filled in.
func (o *Options) withDefaults() Options {
	var v Options
	if o != nil {
		v = *o
	}
	for _, f := range []struct {
		n   *int
		def int
	}{
		{&v.Guilds, 1},
		{&v.Members, 5},
		{&v.Channels, 3},
		{&v.Roles, 4},
		{&v.Shards, 1},
		{&v.Replay, 1000},
	} {
		switch {
		case *f.n == 0:
			*f.n = f.def
		case *f.n < 0:
			*f.n = 0
		}
	}
	v.MemberCount = max(v.MemberCount, v.Members+1)
	if v.Token == "" {
		v.Token = "fake-token"
	}
	if v.Heartbeat <= 0 {
		v.Heartbeat = 41250 * time.Millisecond
	}
	if v.Logger == nil {
		v.Logger = slog.New(slog.DiscardHandler)
	}
	return v
}
