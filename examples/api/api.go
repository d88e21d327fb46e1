// Package api is the contract between the example bot and its callers: the routes, and
// the types of their requests and responses. It imports no package of the bot.
package api

import "github.com/cogbus/cogbus/wire"

// The routes of the cog "members".
const (
	// CountMembers returns the number of members of a guild. If the bot is not in the
	// guild, the error has the code not_found.
	CountMembers wire.Route[Guild, Members] = "members.count"

	// ListGuilds returns the same for every guild, the largest guild first.
	ListGuilds wire.Route[wire.Empty, []Members] = "members.list"
)

// Guild names a guild.
type Guild struct {
	ID wire.Snowflake `json:"guild_id"`
}

// Members are the numbers of a guild's members.
type Members struct {
	Guild  wire.Snowflake `json:"guild_id"`
	Name   string         `json:"name"`
	Count  int            `json:"count"`
	Joins  int            `json:"joins"`  // since the bot started
	Leaves int            `json:"leaves"` // since the bot started
}

// The routes of the cog "settings".
const (
	// GetSettings returns the settings of a guild: the defaults, if nobody has changed
	// them.
	GetSettings wire.Route[Guild, Settings] = "settings.get"

	// SetSettings changes the settings of a guild. Calls for one guild run in order. If the
	// bot is not in the guild, the error has the code not_found; if the settings are not
	// valid, it has the code bad_request.
	SetSettings wire.Route[Settings, Settings] = "settings.set"

	// ListSettings returns the settings of the guilds that have changed theirs.
	ListSettings wire.Route[wire.Empty, []Settings] = "settings.list"
)

// Settings are the choices that a guild can make.
type Settings struct {
	Guild   wire.Snowflake `json:"guild_id"`
	Prefix  string         `json:"prefix"`            // the first characters of a command: 1 to 5, no spaces
	Welcome string         `json:"welcome,omitempty"` // the text that new members read: up to 200 characters
}

// DefaultPrefix is the prefix of guilds that have not chosen one.
const DefaultPrefix = "!"

// TellStats returns a sentence with the numbers of people that joined and left. It is the
// route of the cog "stats", which you can edit while the bot runs.
const TellStats wire.Route[wire.Empty, string] = "stats.tell"

// The routes of the cog "flaky", which fails on purpose.
const (
	// Work does some work, in the way that SetMode has chosen.
	Work wire.Route[wire.Empty, Worked] = "flaky.work"

	// SetMode chooses how Work fails.
	SetMode wire.Route[Mode, Mode] = "flaky.mode"
)

// Worked tells how often Work has succeeded in this instance of the cog.
type Worked struct {
	Times int64 `json:"times"`
}

// Mode is the behaviour of the cog "flaky".
type Mode struct {
	Mode string `json:"mode"` // one of Modes
}

// The modes of the cog "flaky".
const (
	Fine  = "fine"  // Work succeeds
	Error = "error" // Work returns an error
	Panic = "panic" // Work panics
	Slow  = "slow"  // Work takes ten seconds
	Crash = "crash" // a task of the cog fails: the cog restarts, in the mode fine
)

// Modes returns the modes in the order in which a page should show them.
func Modes() []string { return []string{Fine, Error, Panic, Slow, Crash} }
