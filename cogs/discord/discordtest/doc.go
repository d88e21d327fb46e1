// Package discordtest is a fake Discord in the same process: a gateway and the
// part of the REST API that bots and dashboards use. A stock discordgo session
// runs against it over its own network code, with neither token nor network.
//
//	package main
//
//	import (
//		"fmt"
//
//		"github.com/bwmarrin/discordgo"
//		"github.com/cogbus/cogbus/cogs/discord/discordtest"
//	)
//
//	func main() {
//		srv := discordtest.New(&discordtest.Options{Guilds: 10, MemberCount: 50_000})
//		defer srv.Close()
//
//		bot, err := srv.Session() // a *discordgo.Session
//		if err != nil {
//			panic(err)
//		}
//		heard := make(chan string)
//		bot.AddHandler(func(_ *discordgo.Session, m *discordgo.MessageCreate) { heard <- m.Content })
//		if err := bot.Open(); err != nil {
//			panic(err)
//		}
//		defer bot.Close()
//
//		guild := srv.Guild(0)
//		srv.Message(guild.Channels[0].ID, guild.OwnerID, "hello")
//		fmt.Println(<-heard)
//	}
//
// # The world
//
// [New] makes the guilds that [Options] describe. The same options give the same guilds,
// with the same ids; a float64 can hold none of them. [Server.Guild] returns a copy of
// a guild. [Server.Join], [Server.Leave] and [Server.Message] act for people. Their
// effects are visible in REST, and the shard of the guild gets them as events. The same
// holds for changes that a bot makes over REST. [Server.Dispatch] sends any other event.
//
// # Failures
//
// [Server.Disconnect], [Server.Reconnect], [Server.InvalidateSessions] and
// [Server.RateLimit] cause the failures that a bot must survive in production.
// [Server.Requests] returns the requests that the bot has made meanwhile.
//
// # Testing
//
// Clients reach the gateway over pipes, not sockets, so all of it works in a
// testing/synctest bubble, where the second that discordgo sleeps before each reconnect
// takes no time. Make the server and the session inside the bubble, call synctest.Wait
// after Open, and close the session before the server. Handlers run in goroutines of
// their own; set the session's SyncEvents to let them get events in order.
//
// Discordgo returns pointers into its State and later changes the values behind them.
// Read them under State.RLock, or the race detector reports a race.
//
// # Limits
//
// The fake sends only the events that the intents of the session ask for, and the content
// of messages only with the privileged intent. It computes permissions but does not
// enforce them: the bot may do everything. It has no direct messages, threads, voice,
// webhooks and uploads, and does not answer requests for members over the gateway. If an
// endpoint does not exist, the fake answers 404, records the request, and logs it to
// Options.Logger.
package discordtest
