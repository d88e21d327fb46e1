// Package cogs is for the authors of cogs, the modules of a bot. It knows nothing of
// sockets, actors or Discord.
//
// A cog is a value with a Setup function. Setup makes the state of one instance
// and records the routes, listeners and tasks of the instance. Nothing of them runs
// before Setup has returned and the bot has activated the instance:
//
//	func Cog() cogs.Cog { return cogs.Cog{Name: "members", Setup: setup} }
//
//	func setup(ctx context.Context, r *cogs.Registrar) error {
//		m := &members{}
//		cogs.Handle(r, api.CountMembers, m.count) // func(context.Context, api.Guild) (api.Members, error)
//		r.Every(time.Minute, m.flush)
//		cogs.Keep(r, "joins", &m.joins) // survives reload and restart
//		return nil
//	}
//
// # Concurrency
//
// Handlers run concurrently, as in net/http. [Cog.Serial] makes all calls of a cog run
// one at a time. [RouteOptions] do so for the calls of one route, or for the calls of
// each key, while calls of different keys run in parallel. Ticks of [Registrar.Every]
// and listeners count as calls, so in a serial cog they wait for their turn too. Tasks
// of [Registrar.Go] are no calls: they run at the same time as everything else.
//
// # Life of an instance
//
// Setup records → kept values are restored → activation: tasks and listeners
// start → calls → tasks and listeners stop → the running calls return → kept
// values are saved → cleanups, last recorded first. A reload makes the second instance
// before it ends the first, so for a moment both exist. If a file or a port allows only
// one user at a time, open it in a task of [Registrar.Go], not in Setup.
//
// # Testing
//
// Package cogtest runs a cog behind a real server and client in memory, also
// inside a testing/synctest bubble.
package cogs
