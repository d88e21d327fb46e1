// Package process makes cogs that run as processes of their own. Such a cog can be
// changed while the bot runs, and a failure of its process affects no other cog:
//
//	srv.Load(ctx, process.Cog("stats", "./cogs/stats", nil))
//
// The folder, relative to the working directory of the bot, holds an ordinary package
// with
//
//	func Cog() cogs.Cog
//
// The same package can also be compiled into the bot, without any change.
// [actors.Server.Replace] moves a cog from one kind to the other, with its kept values.
//
// Each load and each reload builds the package. If the build fails, the old code goes on
// serving, and the error names file and line. After a crash the bot starts the executable
// that served last, so source that does not compile cannot stop a cog that ran.
//
// With [Options.Watch] it is enough to save a source file: the bot builds while the cog
// serves, and reloads the cog if the build has made a different executable. [Build] makes
// executables for machines without Go.
//
// # Differences
//
// A cog that runs as a process differs from a cog that is compiled in:
//   - A call costs some tens of microseconds more.
//   - The process applies the limits of the Cog value in the folder. The bot applies
//     MaxInFlight, MaxHeld and DrainTimeout of the value that [Cog] returns; set them
//     there.
//   - A cog that is loaded with Discord has a session of its own for REST, which counts
//     Discord's rate limits by itself.
//   - [Options.StartTimeout] limits Setup, and [Options.Grace] limits the cleanups. The
//     bot kills a process that takes longer, and logs that.
//   - A request, a response and a kept value have at most 16 MiB.
//   - The process makes the calls of serial and keyed routes wait for their turn. The bot
//     does not know of that, and "cogbus routes" does not show it.
//
// # Where it works
//
// Cogs run as processes on Unix only. The process runs as the bot's user, with the bot's
// environment but without the bot's secrets; see [Options.Env]. The process gets one end
// of a pair of sockets, and exits when the other end is closed, also if the bot was
// killed. Programs that the process has started end with it. Any program that speaks the
// frames of docs/protocol.md can be such a cog, if [Options.Binary] names it.
//
// [actors.Server.Replace]: https://pkg.go.dev/github.com/cogbus/cogbus/actors#Server.Replace
package process
