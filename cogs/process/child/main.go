package child

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"syscall"

	"github.com/cogbus/cogbus/cogs"
)

// Main runs the cog until the bot that has started this process tells it to
// quit, or is gone. It does not return.
func Main(cog cogs.Cog) {
	conn, err := inherited()
	if err != nil {
		fmt.Fprintf(os.Stderr, "this program is the cog %q: a bot starts it\n", cog.Name)
		os.Exit(2)
	}
	if err := Run(conn, cog); err != nil {
		gone := errors.Is(err, errGone)
		if gone {
			// to print where nobody reads any more would end the process here
			signal.Ignore(syscall.SIGPIPE)
		}
		fmt.Fprintln(os.Stderr, err)
		if gone {
			killGroup() // what the cog has started: nobody is left who would
		}
		os.Exit(1)
	}
	os.Exit(0)
}

var errGone = errors.New("the bot is gone")

// inherited returns the socket that the bot has left open.
func inherited() (net.Conn, error) {
	f := os.NewFile(3, "bot")
	if f == nil {
		return nil, errors.New("no socket")
	}
	defer f.Close()
	return net.FileConn(f)
}

// Run runs the cog for the bot at the other end of conn, which it closes. It
// returns nil when the bot has told it to quit, and the reason when conn has
// ended before. It then waits for nothing that runs: the process is to exit.
func Run(conn net.Conn, cog cogs.Cog) error {
	c := newChild(conn, cog)
	defer conn.Close()
	go c.obey() // ends with Quit, or with the process
	err := c.read()
	select {
	case <-c.quit:
		return nil
	default:
	}
	if errors.Is(err, io.EOF) {
		return errGone
	}
	return fmt.Errorf("the bot: %w", err)
}
