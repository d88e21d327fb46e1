//go:build unix

package process_test

import (
	"fmt"
	"log/slog"
	"os"
	"testing"

	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/cogs/process"
	"github.com/cogbus/cogbus/cogs/process/child"
)

// TestMain lets the test's own executable be the process of a cog, so that most tests need
// no build.
func TestMain(m *testing.M) {
	if name := os.Getenv("COGBUS_TEST_COG"); name != "" {
		run(name)
	}
	if how := os.Getenv("COGBUS_TEST_BOT"); how != "" {
		runBot(how)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func run(name string) {
	if f := misbehaving[name]; f != nil {
		f(os.NewFile(3, "bot"))
		os.Exit(7)
	}
	f, ok := map[string]func() cogs.Cog{"any": anyCog, "serial": serialCog, "refuses": refusingCog, "keeps wrongly": wrongCog, "hangs": hangingCog, "ticks": tickingCog, "task": taskCog, "untidy": untidyCog}[name]
	if !ok {
		fmt.Fprintln(os.Stderr, "no such cog")
		os.Exit(2)
	}
	child.Main(f())
}

// inProcess returns a cog that runs in a process of the test's own executable.
func inProcess(t testing.TB, name string, opts *process.Options) cogs.Cog {
	t.Helper()
	var o process.Options
	if opts != nil {
		o = *opts
	}
	o.Binary = self(t)
	if o.Logger == nil {
		o.Logger = slog.New(slog.NewTextHandler(t.Output(), nil))
	}
	o.Env = append([]string{"COGBUS_TEST_BOT=", "COGBUS_TEST_COG=" + name}, o.Env...)
	return process.Cog("any", "", &o)
}
