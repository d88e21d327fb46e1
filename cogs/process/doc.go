// Package process makes cogs that run as processes of their own. Such a cog can
// be changed while the bot runs, and whatever happens to its process happens to
// no other cog:
//
//	srv.Load(ctx, process.Cog("stats", "./cogs/stats", nil))
//
// The folder holds an ordinary package with
//
//	func Cog() cogs.Cog
//
// which can be compiled into the bot as well: nothing in it changes when it
// moves, and what it keeps moves along by [actors.Server.Replace]. Each load and
// each reload builds it; a build that fails leaves the old code in service, and
// the error tells file and line. After a crash the artefact that served last is
// started again, so that source which does not compile keeps no cog down.
//
// With [Options.Watch] a save is enough: the watcher builds beside the cog that
// serves, and reloads it if that has made another executable. [Build] makes
// executables for machines without Go.
//
// # What differs
//
// A call costs some tens of microseconds more. Limits of the Cog value itself
// (MaxInFlight, MaxHeld, DrainTimeout) count in the bot as they are in the value
// that [Cog] returns, which the bot's author may change; those in the folder count
// in the process. A cog that is loaded with Discord has its own session for REST,
// with rate limits of its own.
//
// Setup has [Options.StartTimeout] and cleanups have [Options.Grace]: what is cut
// off then is logged. A request, a response and a kept value have at most 16 MiB.
// Serial and keyed routes are so in the process; the bot does not know, and
// "cogbus routes" does not show it.
//
// # Where it works
//
// On Unix. The process has the user and the environment of the bot, without the
// bot's secrets; see [Options.Env]. What it has started itself ends with it. The process gets one end of a pair of sockets and leaves when that is
// closed, also if the bot was killed. Any program that speaks the frames of
// docs/protocol.md can be such a cog: [Options.Binary] names it.
//
// [actors.Server.Replace]: https://pkg.go.dev/github.com/cogbus/cogbus/actors#Server.Replace
package process
