// Package discord gives cogs Discord, through a discordgo session of the bot:
// typed events, and safe copies of what the session knows.
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
// [On] takes part in the life of an instance: it gets events from the
// activation on, and a reload hands over to the next instance so that each
// event is handled once. A panic of a listener is logged and hurts neither the
// bot nor other listeners, which a panic in a handler of discordgo's own would.
//
// The listeners of a cog handle the events of one guild in order, one after
// the other, and those of different guilds in parallel; events without a guild,
// as in direct messages, count as one more guild. Cogs do not wait for each
// other.
//
// A listener gets a copy of the event and may keep and change it. Fields that
// discordgo fills from its own cache, BeforeUpdate and BeforeDelete, are nil.
//
// # What the session knows
//
// Discordgo hands out pointers into its cache and changes what they point to,
// so reading Session.State in a handler is a data race. A [View] returns copies:
// plain structs, taken under the right locks. It knows what the session knows:
// without the intents for guilds and members that is little, and discordgo
// fetches nothing by itself. For everything else there is [View.Session] and
// its REST methods, which are safe.
//
// One race of discordgo's remains: if a presence update carries a user name,
// discordgo writes it into its cache without a lock. Bots without the presence
// intent do not meet it.
//
// # Testing
//
// Package discordtest has a fake Discord that a stock session connects to, also
// in a testing/synctest bubble.
package discord
