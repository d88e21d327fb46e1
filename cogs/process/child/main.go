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

// Main runs the cog for the bot that has started this process. It does not return: it exits
// with status 0 when the bot tells it to quit, with 1 if the connection to the bot ends
// before, and with 2 if no bot has started the process.
func Main(cog cogs.Cog) {
	conn, err := inherited()
	if err != nil {
		fmt.Fprintf(os.Stderr, "this program is the cog %q; only a bot can start it\n", cog.Name)
		os.Exit(2)
	}
	if err := Run(conn, cog); err != nil {
		gone := errors.Is(err, errGone)
		if gone {
			// the pipes of stdout and stderr have no reader any more: a write would end the process here
			signal.Ignore(syscall.SIGPIPE)
		}
		fmt.Fprintln(os.Stderr, err)
		if gone {
			killGroup() // the bot, which would kill the programs of the cog, is gone
		}
		os.Exit(1)
	}
	os.Exit(0)
}

var errGone = errors.New("the bot is gone")

// inherited returns the connection to the bot, which is file descriptor 3.
func inherited() (net.Conn, error) {
	f := os.NewFile(3, "bot")
	if f == nil {
		return nil, errors.New("no socket")
	}
	defer f.Close()
	return net.FileConn(f)
}

// Run runs the cog for the bot at the other end of conn. It owns conn and closes it. It
// returns nil when the bot has told it to quit, and an error if conn ends before. Run then
// does not wait for code of the cog that still runs: the caller exits the process.
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
