// Package cogs is what a bot's modules are written against. It knows nothing of
// sockets, actors or Discord.
//
// A cog is a value with a Setup function. Setup makes the state of one instance
// and records what the instance offers; nothing starts before Setup has
// returned and the instance is activated:
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
// Handlers run concurrently, as in net/http. A cog asks for less with
// [Cog.Serial], a route with [RouteOptions]: one at a time, or in order for each
// key with different keys in parallel. Ticks of [Registrar.Every] and listeners
// count as calls: in a serial cog they wait their turn too. Tasks of
// [Registrar.Go] do not; they run beside everything else.
//
// # Life of an instance
//
// Setup records → kept values are restored → activation: tasks and listeners
// start → calls → tasks and listeners stop → the running calls return → kept
// values are saved → cleanups, last added first. A reload makes a second
// instance before it ends the first, so for a moment both exist: open files and
// ports that allow one user only in [Registrar.Go].
//
// # Testing
//
// Package cogtest runs a cog behind a real server and client in memory, also
// inside a testing/synctest bubble.
package cogs
