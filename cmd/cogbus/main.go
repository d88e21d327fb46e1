// Cogbus calls the routes of a running bot and looks after its cogs:
//
//	cogbus call members.count '{"guild_id": "906875633666295393"}'
//	cogbus cogs
//	cogbus reload members
//
// "cogbus help" tells the rest.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends a process that does not end
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Getenv))
}

// run does what args, without the name of the program, ask for and returns the
// exit code. The end of ctx is the user's Ctrl-C.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer, getenv func(string) string) int {
	s := &session{
		stdin:    stdin,
		out:      &sink{w: stdout},
		errs:     stderr,
		getenv:   getenv,
		terminal: isTerminal(stdout),
	}
	err := s.dispatch(ctx, args)
	if err == nil {
		err = s.out.failure()
	}
	if err == nil {
		return exitOK
	}
	return s.report(err, ctx.Err() != nil)
}
