package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cogbus/cogbus/cmd/cogbus/internal/cli"
)

// hello is the source of a cog with a route that returns TEXT.
const hello = `package hello

import (
	"context"

	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/wire"
)

func Cog() cogs.Cog {
	return cogs.Cog{Name: "hello", Setup: func(_ context.Context, r *cogs.Registrar) error {
		cogs.Handle(r, "hello.say", func(context.Context, wire.Empty) (string, error) { return TEXT, nil })
		return nil
	}}
}
`

// helloFolder returns a folder within the module with the source of that cog.
func helloFolder(t *testing.T, text string) string {
	t.Helper()
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip(err)
	}
	dir, err := os.MkdirTemp("testdata", "hello")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	say(t, dir, text)
	return dir
}

func say(t *testing.T, dir, text string) {
	t.Helper()
	source := strings.Replace(hello, "TEXT", text, 1)
	if err := os.WriteFile(filepath.Join(dir, "hello.go"), []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
}

// A listener keeps the output of a program, and waits for texts in it.
type listener struct {
	mu   sync.Mutex // protects the fields below
	text bytes.Buffer
	news chan struct{}
}

func (l *listener) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case l.news <- struct{}{}:
	default:
	}
	return l.text.Write(p)
}

func (l *listener) hears(t *testing.T, want string) {
	t.Helper()
	for late := time.After(time.Minute); ; {
		l.mu.Lock()
		text := l.text.String()
		l.mu.Unlock()
		if strings.Contains(text, want) {
			return
		}
		select {
		case <-l.news:
		case <-late:
			t.Fatalf("there was no %q in:\n%s", want, text)
		}
	}
}

// TestDev edits the source of a cog while its bot runs: the new code serves, and a fault
// shows in the output.
func TestDev(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("cogs as processes need Unix")
	}
	dir := helloFolder(t, `"one"`)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	said := &listener{news: make(chan struct{}, 1)}
	ended := make(chan int, 1)
	go func() {
		args := []string{"dev", "./testdata/bot", dir, t.TempDir()}
		ended <- run(ctx, args, strings.NewReader(""), said, said, os.Getenv)
	}()
	said.hears(t, "says one")
	say(t, dir, "nothing")
	said.hears(t, filepath.Join(dir, "hello.go")+":12:90: undefined: nothing")
	say(t, dir, `"two"`)
	said.hears(t, "says two")
	cancel()
	if code := <-ended; code != cli.ExitOK {
		t.Errorf("run(dev) = %d; want %d", code, cli.ExitOK)
	}
	said.hears(t, "ended in order")
}

// TestDev_fails checks that the output has the reason when the bot, or its cog, does not
// build.
func TestDev_fails(t *testing.T) {
	broken := helloFolder(t, "nothing")
	for _, test := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{broken}, cli.ExitFailed, "hello.go:12:90: undefined: nothing"},
		{[]string{"./testdata/bot", broken, t.TempDir()}, 3, "hello.go:12:90: undefined: nothing"},
	} {
		said := &listener{news: make(chan struct{}, 1)}
		if got := run(t.Context(), append([]string{"dev"}, test.args...), strings.NewReader(""), said, said, os.Getenv); got != test.code {
			t.Errorf("run(dev %q) = %d; want %d", test.args, got, test.code)
		}
		said.hears(t, test.want)
	}
}

func TestBuildCommand(t *testing.T) {
	one, broken, out := helloFolder(t, `"one"`), helloFolder(t, "nothing"), t.TempDir()
	build := func(args ...string) (code int, stdout, stderr string) {
		var o, e bytes.Buffer
		code = run(t.Context(), append([]string{"build", "-o", out}, args...), strings.NewReader(""), &o, &e, os.Getenv)
		return code, o.String(), e.String()
	}
	code, text, _ := build(one)
	path := filepath.Join(out, filepath.Base(one))
	if want := path + " ("; code != cli.ExitOK || !strings.HasPrefix(text, want) {
		t.Errorf("run(build) = %d, %s; want %d, %s", code, text, cli.ExitOK, want)
	}
	if _, again, _ := build(one, "--json"); !strings.Contains(again, `"build":"`+text[len(path)+2:len(path)+10]+`"`) {
		t.Errorf("the same source makes %s, then %s", text, again)
	}
	code, _, text = build(one, broken)
	if want := broken + " does not build:\n" + filepath.Join(broken, "hello.go") + ":12:90: undefined: nothing\n"; code != cli.ExitFailed || text != want {
		t.Errorf("run(build) = %d, %q; want %d, %q", code, text, cli.ExitFailed, want)
	}
}

// TestBuildCommand_here builds into the current folder. If a folder has the name of the
// executable, the error names that folder.
func TestBuildCommand_here(t *testing.T) {
	dir, err := filepath.Abs(helloFolder(t, `"one"`))
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	for _, test := range []struct {
		args []string
		path string
	}{
		{[]string{"."}, filepath.Base(dir)},
		{[]string{"-o", "bin", "."}, filepath.Join("bin", filepath.Base(dir))},
	} {
		var said bytes.Buffer
		if code := run(t.Context(), append([]string{"build"}, test.args...), strings.NewReader(""), &said, &said, os.Getenv); code != cli.ExitOK {
			t.Errorf("run(build %q) = %d, %s; want %d", test.args, code, &said, cli.ExitOK)
		}
		if info, err := os.Stat(test.path); err != nil || !info.Mode().IsRegular() {
			t.Errorf("run(build %q) has not made %s: %v", test.args, test.path, err)
		}
	}
	t.Chdir("..")
	var said bytes.Buffer
	name := filepath.Base(dir)
	code := run(t.Context(), []string{"build", name}, strings.NewReader(""), &said, &said, os.Getenv)
	if want := "there is a folder " + name + ", where the executable of " + name + " would be: use -o"; code != cli.ExitUsage || !strings.Contains(said.String(), want) {
		t.Errorf("run(build %s) beside the folder = %d, %s; want %d, %q", name, code, &said, cli.ExitUsage, want)
	}
}

// TestDev_names checks that errors name the package as the user has named it.
func TestDev_names(t *testing.T) {
	t.Chdir(helloFolder(t, "nothing"))
	for _, args := range [][]string{{"dev"}, {"dev", "./."}, {"dev", "./"}} {
		var said bytes.Buffer
		if code := run(t.Context(), args, strings.NewReader(""), &said, &said, os.Getenv); code != cli.ExitFailed || !strings.Contains(said.String(), "build the bot in .: exit status 1") {
			t.Errorf("run(%q) = %d, %s; want %d and the folder named", args, code, &said, cli.ExitFailed)
		}
	}
}
