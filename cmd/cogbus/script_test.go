package main

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/cogbus/cogbus/cmd/cogbus/internal/cli"
)

// TestMain makes the test binary act as cogbus in scripts.
func TestMain(m *testing.M) { testscript.Main(m, map[string]func(){"cogbus": main}) }

type botKey struct{}

// TestScripts runs testdata/script. Each script has its own bot at $WS, $UNIX, $IPCX and
// $DISCOVER, with the cogs of bot_test.go. At $NOBOT there is no bot. In addition to
// testscript's commands there are:
//
//	exits CODE ARGS...  runs cogbus within the test; standard input is empty
//	bot close           ends the bot
//	bot break           makes the next Setup of flaky and stats fail; bot mend undoes it
//	bot crash           ends the task of flaky with an error
//	bot slow            waits until a call of slow has begun
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			b, stop := startBot(t)
			env.Defer(stop)
			env.Values[botKey{}] = b
			for name, value := range map[string]string{
				"WS": b.ws, "UNIX": b.unix, "IPCX": b.ipcx(), "DISCOVER": b.discover, "NOBOT": nobody(t),
				"SECRET": botSecret, "ADMIN": adminSecret,
				"COGBUS_TARGET": b.ws, "COGBUS_SECRET": botSecret,
				"GORACE": noLinger,
			} {
				env.Setenv(name, value)
			}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": scriptExits, "bot": scriptBot},
	})
}

// noLinger is GORACE for processes that tests start. Without it a process with the race
// detector sleeps for a second at its end.
const noLinger = "atexit_sleep_ms=0"

// nobody returns the address of a port that was free a moment ago.
func nobody(t testing.TB) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return "ws://" + l.Addr().String()
}

func scriptExits(ts *testscript.TestScript, neg bool, args []string) {
	want, err := strconv.Atoi(slices.Concat(args, []string{""})[0])
	if neg || err != nil {
		ts.Fatalf("usage: exits CODE ARGS...")
	}
	args = slices.Clone(args[1:])
	for i, arg := range args { // names of files need the script's directory, which is not that of cogbus
		if name, ok := strings.CutPrefix(arg, "@"); ok {
			args[i] = "@" + ts.MkAbs(name)
		} else if i > 0 && args[i-1] == "--secret-file" {
			args[i] = ts.MkAbs(arg)
		}
	}
	if got := run(context.Background(), args, strings.NewReader(""), ts.Stdout(), ts.Stderr(), ts.Getenv); got != want {
		ts.Fatalf("cogbus %q = %d; want %d", args, got, want)
	}
}

func scriptBot(ts *testscript.TestScript, neg bool, args []string) {
	b := ts.Value(botKey{}).(*bot)
	if neg || len(args) != 1 {
		ts.Fatalf("usage: bot VERB")
	}
	switch args[0] {
	case "close":
		_ = b.srv.Close()
	case "break":
		b.broken.Store(true)
	case "mend":
		b.broken.Store(false)
	case "crash":
		*b.fragile.Load() <- errors.New("the task has had enough")
	case "slow":
		<-b.slow
	default:
		ts.Fatalf("bot %s: unknown", args[0])
	}
}

// TestExamples runs every example of the help, unchanged.
func TestExamples(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip(err)
	}
	b, stop := startBot(t)
	defer stop()
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/guild.json", []byte(`{"guild_id": 1}`), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(line string) {
		cmd := exec.Command("sh", "-c", line)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GORACE="+noLinger, "COGBUS_TARGET="+b.ws, "COGBUS_SECRET="+botSecret, "COGBUS_ADMIN_SECRET="+adminSecret)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s = %v; want nil\n%s", line, err, out)
		}
	}
	for _, c := range newRoot(cli.NewEnv(nil, io.Discard, io.Discard, noEnv)).Commands() {
		if c.Name() == "build" || c.Name() == "dev" {
			continue // these need sources, and other tests run them
		}
		for line := range strings.Lines(c.Example) {
			run(strings.TrimSpace(line))
		}
	}
}
