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
// [New] makes the guilds that [Options] describe, the same ones each time, with
// ids that do not fit a float64. [Server.Guild] tells what is in them.
// [Server.Join], [Server.Leave] and [Server.Message] play the people; what they
// do shows in REST and reaches every shard concerned as an event. So does what
// a bot does over REST. [Server.Dispatch] sends any other event.
//
// # What can go wrong
//
// [Server.Disconnect], [Server.Reconnect], [Server.InvalidateSessions] and
// [Server.RateLimit] bring about what a bot has to live through in production.
// [Server.Requests] tells what it asked meanwhile.
//
// # Testing
//
// The gateway is reached over pipes, not sockets, so everything works in a
// testing/synctest bubble, where the second that discordgo sleeps before each
// reconnect takes no time. Make server and session inside the bubble, call
// synctest.Wait after Open, and close the session before the server. Handlers
// run in goroutines of their own; with the session's SyncEvents they see events
// in the order of the gateway.
//
// Discordgo hands out pointers into its State and changes what they point to:
// read under State.RLock, or the race detector will find it.
//
// # What it is not
//
// Events follow the intents of the session, and message content the privileged
// one, but permissions are computed and never enforced: the bot may do
// everything. Direct messages, threads, voice, webhooks, uploads and requests
// for members over the gateway do not exist. An endpoint that does not exist
// answers 404, is recorded and is logged to Options.Logger.
package discordtest
