// Package actors runs a bot's cogs and answers calls of their routes:
//
//	srv := actors.NewServer(&actors.Options{Secret: secret})
//	if err := srv.Load(ctx, members.Cog(), settings.Cog(db)); err != nil {
//		log.Print(err) // the other cogs are loaded
//	}
//	err := srv.Run(ctx)
//
// # Life of a call
//
// The server makes a connection of a client's handshake, and a reader reads it. The
// reader finds the route of a call and hands the call to the gate of its cog, which
// admits it to the instance that serves. The handler runs on the reader's goroutine or
// on a worker, and its result goes back over the connection. A call passes no actor, so
// it never waits for a command.
//
// # Who owns what
//
//   - The server actor owns the list of loaded cogs, and is the only writer of the
//     route table. Close ends it.
//   - A cog actor owns one cog from Load to Unload: which instance serves, and which
//     command comes next.
//   - A transition carries out one command on a goroutine of its own, since it waits
//     for user code. A cog has at most one at a time.
//   - A connection actor owns the life of one client: its authentication in time, its
//     heartbeats, its close. It ends when the connection's reader has ended.
//
// Receive of an actor never blocks and never runs user code. docs/architecture.md has
// the whole picture.
package actors
