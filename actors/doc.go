// Package actors runs a bot's cogs and answers calls of their routes:
//
//	srv := actors.NewServer(&actors.Options{Secret: secret})
//	if err := srv.Load(ctx, members.Cog(), settings.Cog(db)); err != nil {
//		log.Print(err) // the other cogs are loaded
//	}
//	err := srv.Run(ctx)
//
// The server, each cog and each connection is an actor. docs/architecture.md
// tells who owns what and how a call and a reload go.
package actors
