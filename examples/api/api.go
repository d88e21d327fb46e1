// Package api is the contract between the example bot and its callers: the
// routes and what they take and return. It imports nothing of the bot.
package api

import "github.com/cogbus/cogbus/wire"

// The routes of the cog "members".
const (
	// CountMembers tells how many members a guild has. A guild that the bot
	// is not in is not_found.
	CountMembers wire.Route[Guild, Members] = "members.count"

	// ListGuilds tells the same of every guild, the largest first.
	ListGuilds wire.Route[wire.Empty, []Members] = "members.list"
)

// Guild names a guild.
type Guild struct {
	ID wire.Snowflake `json:"guild_id"`
}

// Members tells of the members of a guild.
type Members struct {
	Guild  wire.Snowflake `json:"guild_id"`
	Name   string         `json:"name"`
	Count  int            `json:"count"`
	Joins  int            `json:"joins"`  // since the bot started
	Leaves int            `json:"leaves"` // since the bot started
}

// The routes of the cog "settings".
const (
	// GetSettings returns the settings of a guild, the defaults if nobody has
	// changed them.
	GetSettings wire.Route[Guild, Settings] = "settings.get"

	// SetSettings changes the settings of a guild. Calls for one guild run in
	// order. A guild that the bot is not in is not_found, settings that are
	// not valid are bad_request.
	SetSettings wire.Route[Settings, Settings] = "settings.set"

	// ListSettings returns the settings of the guilds that have changed them.
	ListSettings wire.Route[wire.Empty, []Settings] = "settings.list"
)

// Settings are what a guild can choose.
type Settings struct {
	Guild   wire.Snowflake `json:"guild_id"`
	Prefix  string         `json:"prefix"`            // of commands: 1 to 5 characters, no spaces
	Welcome string         `json:"welcome,omitempty"` // what new members read: up to 200 characters
}

// DefaultPrefix is the prefix of guilds that have not chosen one.
const DefaultPrefix = "!"

// TellStats tells in a sentence who came and went: the route of the cog "stats",
// which is there to be edited while the bot runs.
const TellStats wire.Route[wire.Empty, string] = "stats.tell"

// The routes of the cog "flaky", which fails on purpose.
const (
	// Work does some work, in the way that SetMode has chosen.
	Work wire.Route[wire.Empty, Worked] = "flaky.work"

	// SetMode chooses how Work fails.
	SetMode wire.Route[Mode, Mode] = "flaky.mode"
)

// Worked tells how often Work has gone well in this instance of the cog.
type Worked struct {
	Times int64 `json:"times"`
}

// Mode is how the cog "flaky" behaves.
type Mode struct {
	Mode string `json:"mode"` // one of Modes
}

// The modes of the cog "flaky".
const (
	Fine  = "fine"  // Work works
	Error = "error" // Work returns an error
	Panic = "panic" // Work panics
	Slow  = "slow"  // Work takes ten seconds
	Crash = "crash" // a task of the cog ends: the cog restarts, fine again
)

// Modes returns the modes in the order to show them.
func Modes() []string { return []string{Fine, Error, Panic, Slow, Crash} }
