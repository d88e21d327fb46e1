// Package discord connects cogs to Discord, through a discordgo session of the bot.
// Cogs get typed events, and safe copies of the guilds, members, channels and roles
// that the session knows.
//
//	srv.Load(ctx, discord.With(session, members.Cog(), settings.Cog(db))...)
//
// and in the Setup of a cog:
//
//	m := &members{discord: discord.From(r)}
//	discord.On(r, m.onJoin) // func(context.Context, *discordgo.GuildMemberAdd) error
//
// # Events
//
// A listener of [On] belongs to an instance of a cog: it gets events from the
// activation on, and a reload hands over to the next instance in such a way that each
// event is handled exactly once. If a listener panics, the bot logs that and goes on. A
// panic in a handler that was added to the discordgo session itself would end the bot.
//
// The listeners of a cog handle the events of one guild one at a time, in order, and
// the events of different guilds in parallel. Events without a guild, such as direct
// messages, count as events of one further guild. Cogs do not wait for each other.
//
// A listener owns its copy of the event, and may keep and change it. The fields
// BeforeUpdate and BeforeDelete, which discordgo fills from its own cache, are nil.
//
// # Reading the cache
//
// Discordgo returns pointers into its cache and later changes the values behind them,
// so reading Session.State in a handler is a data race. A [View] returns copies: plain
// structs, made under the right locks. The cache has only the guilds and members that
// Discord has sent. Without the intents for guilds and members these are few, and
// discordgo requests no others by itself. For everything else, use the REST methods of
// [View.Session], which are safe.
//
// One race in discordgo remains: if a presence update contains a user name, discordgo
// writes the name into its cache without a lock. Bots without the presence intent get no
// such update.
//
// # Testing
//
// A cog that uses [On] or [From] needs a session in its tests too. Package discordtest
// makes one that is connected to a fake Discord, also in a testing/synctest bubble:
//
//	fake := discordtest.New(nil)
//	defer fake.Close()
//	session, err := fake.Session()
//	...
//	srv, bot := cogtest.Start(t, discord.With(session, members.Cog())...)
package discord
