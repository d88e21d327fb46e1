package discordtest

import (
	"log/slog"
	"net"
	"time"
)

// Options says what the fake Discord contains and how it is reached. A nil
// *Options and the zero value give one guild with five members, reachable in
// memory only. Where a number is negative, it stands for none.
type Options struct {
	// Guilds is the number of guilds the bot is in. If zero, 1.
	//
	// Guild i lives on shard i%n for every shard count n up to 16.
	Guilds int

	// Members is the number of people that each guild lists; the bot comes
	// on top. The same people are in every guild, and person i%Members owns
	// guild i. If zero, 5.
	Members int

	// MemberCount is the count that each guild reports. It may be far above
	// the members listed, so that a guild of a million costs nothing. If it
	// is below the members listed, it is their number.
	MemberCount int

	// Channels is the number of text channels in each guild. If zero, 3.
	Channels int

	// Roles is the number of roles in each guild beside @everyone. The first
	// is an administrator, the second a moderator. If zero, 4.
	Roles int

	// Shards is the number of shards that GET /gateway/bot recommends. The
	// gateway itself accepts any number. If zero, 1.
	Shards int

	// Token is the bot's token, without "Bot ". If empty, "fake-token".
	Token string

	// Heartbeat is the interval that the gateway asks for. A connection that
	// stays silent for two intervals is closed with 4009. If zero, 41.25 s,
	// which is Discord's.
	Heartbeat time.Duration

	// Replay is how many events a session keeps for RESUME. A client that
	// missed more gets an invalid session. If zero, 1000.
	Replay int

	// Listener, if set, makes the fake reachable for other processes too:
	// REST at http://addr/api/v9, the gateway at ws://addr. The server
	// closes it. If nil, sessions dial in memory and no socket exists.
	Listener net.Listener

	// Logger gets a warning for each request to an endpoint that the fake
	// does not have. If nil, those are only recorded.
	Logger *slog.Logger
}

// withDefaults returns a copy in which every field holds its effective value.
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
