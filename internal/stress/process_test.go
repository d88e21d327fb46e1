//go:build stress

package stress

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/cogbus/cogbus/actors"
	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/cogs/process"
	inst "github.com/cogbus/cogbus/internal/instance"
	"github.com/cogbus/cogbus/wire"
)

var tallyKinds = []string{"echo", "echo", "heed", "nest", "keyed", "fault"}

// processLimit is the limit of a reload with a build, since other programs build at the
// same time.
const processLimit = switchLimit + time.Minute

type tallyAsk struct {
	Token uint64 `json:"token"`
	N     int    `json:"n"`
	Text  string `json:"text"`
}

// A tally is the cog that runs as a process, built from a copy of its source.
type tally struct {
	w    *world
	bot  *client.Client
	dir  string // of the copy
	file string // the file to which the process writes its calls
}

// newTally loads the cog. It returns nil if there is no Go toolchain.
func (w *world) newTally() *tally {
	if _, err := exec.LookPath("go"); err != nil || runtime.GOOS == "windows" {
		w.t.Log("no processes of cogs: they take a Go toolchain and Unix")
		return nil
	}
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		w.t.Fatal(err)
	}
	dir := w.t.TempDir()
	p := &tally{w: w, dir: filepath.Join(dir, "tally"), file: filepath.Join(dir, "ran")}
	w.write(p.file, "")
	mod := strings.Replace(w.read(root, "go.mod"), "module github.com/cogbus/cogbus", "module github.com/cogbus/cogbus/bot", 1) // below ours: its cog may import internal/instance
	w.write(filepath.Join(dir, "go.mod"), mod+"\nrequire github.com/cogbus/cogbus v0.0.0\n\nreplace github.com/cogbus/cogbus => "+strconv.Quote(root)+"\n")
	w.write(filepath.Join(dir, "go.sum"), w.read(root, "go.sum"))
	if err := os.Mkdir(p.dir, 0o700); err != nil {
		w.t.Fatal(err)
	}
	w.write(filepath.Join(p.dir, "tally.go"), w.read("testdata", "tally", "tally.go"))
	cog := process.Cog("tally", p.dir, &process.Options{
		Cache:        filepath.Join(dir, "cache"),
		Env:          []string{"STRESS_TALLY=" + p.file, "GOPROXY=off", "GOWORK=off"},
		StartTimeout: time.Minute,
		Logger:       slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	cog.DrainTimeout, cog.SetupTimeout = drain, 2*time.Minute
	setup := cog.Setup
	cog.Setup = func(ctx context.Context, r *cogs.Registrar) error { // the context of a reload is not Load's
		(*inst.Recorder)(r).SetHost(w.host)
		return setup(ctx, r)
	}
	if err := w.srv.Load(w.t.Context(), cog); err != nil {
		w.t.Fatal(err)
	}
	if p.bot, err = w.client("ws://"+w.addr, adminSecret); err != nil {
		w.t.Fatal(err)
	}
	return p
}

func (w *world) read(path ...string) string {
	text, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		w.t.Fatal(err)
	}
	return string(text)
}

func (w *world) write(path, text string) {
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// run calls the process and runs operations on it until the load ends.
func (p *tally) run(work *sync.WaitGroup) {
	for range 6 {
		work.Go(func() {
			for !p.w.over() {
				p.call()
			}
		})
	}
	work.Go(func() {
		for more := true; more && !p.w.over(); {
			time.Sleep(time.Duration(200+rand.IntN(1000)) * time.Millisecond)
			more = p.mistreat()
		}
	})
}

func (p *tally) call() {
	endpoint := "tally." + tallyKinds[rand.IntN(len(tallyKinds))]
	ctx, cancel := context.WithTimeout(context.Background(), unsaid)
	defer cancel()
	switch rand.IntN(6) {
	case 0:
		ctx, cancel = context.WithTimeout(ctx, time.Duration(rand.IntN(5000))*time.Microsecond)
		defer cancel()
	case 1:
		defer time.AfterFunc(time.Duration(rand.IntN(3000))*time.Microsecond, cancel).Stop()
	}
	q := tallyAsk{Token: p.w.book.open(byProcess, p.w.routes[endpoint]), N: rand.IntN(10)}
	if rand.IntN(4) == 0 {
		q.Text = strings.Repeat(strconv.FormatUint(q.Token, 10)+" ", rand.IntN(1000))
	}
	began := time.Now()
	got, err := client.Call(ctx, p.bot, wire.Route[tallyAsk, tallyAsk](endpoint), q)
	p.w.book.answer(q.Token, fateInClient(err), time.Since(began))
	if deadline, ok := ctx.Deadline(); ok {
		p.w.book.due(p.w.bad, request{token: q.Token, endpoint: endpoint}, byProcess, deadline)
	}
	switch {
	case err == nil && got != q:
		p.w.bad.add("a call gets another's answer", "call %d of %s got %.300v", q.Token, endpoint, got)
	case wire.CodeOf(err) == codeTwo:
		p.w.bad.add("two at once in a key of tally", "call %d: %v", q.Token, err)
	case fateInClient(err) == refused:
		time.Sleep(5 * time.Millisecond) // it restarts
	}
}

func (p *tally) reload(name string, opts *actors.ReloadOptions, refused func(error) bool) bool {
	return p.w.work.do(operation{name, processLimit, refused}, func(ctx context.Context) error {
		_, err := p.w.srv.Reload(ctx, "tally", opts)
		return err
	})
}

// revive brings the cog back into service.
func (p *tally) revive() { p.reload("reload tally", nil, nil) }

// mistreat kills the process, reloads the cog, edits its source or rolls it back.
func (p *tally) mistreat() bool {
	switch rand.IntN(6) {
	case 0, 1:
		if !p.w.work.do(operation{"kill the process of tally", switchLimit, notThere}, p.kill) {
			return false
		}
		if rand.IntN(3) > 0 { // otherwise it restarts by itself
			return p.reload("reload tally after a kill", nil, nil)
		}
		return true
	case 2:
		return p.reload("reload tally, by force", &actors.ReloadOptions{Force: true}, nil)
	case 3:
		return p.reload("roll tally back", &actors.ReloadOptions{Rollback: true}, func(err error) bool { return strings.Contains(err.Error(), "build") })
	case 4:
		p.edit(`= "` + strconv.Itoa(rand.IntN(3)) + `"`)
		return p.reload("reload tally, edited", nil, nil)
	}
	p.edit("= planned") // an undefined name, so the build fails
	more := p.reload("reload tally, does not compile", nil, nil)
	p.edit(`= "one"`)
	for _, s := range p.w.srv.Cogs() {
		if more && s.Name == "tally" && s.State == "failed" && s.Restarts < 8 {
			p.w.bad.add("source that does not compile keeps a cog down", "%+v", s)
			p.revive()
		}
	}
	return more
}

// edit changes the version in the source.
func (p *tally) edit(version string) {
	path := filepath.Join(p.dir, "tally.go")
	before, rest, _ := strings.Cut(p.w.read(path), "\nconst version ")
	_, after, _ := strings.Cut(rest, "\n")
	p.w.write(path, before+"\nconst version "+version+"\n"+after)
}

func (p *tally) kill(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, switchLimit)
	defer cancel()
	pid, err := client.Call(ctx, p.bot, wire.Route[wire.Empty, int]("tally.pid"), wire.Empty{})
	if err != nil {
		return err
	}
	process, err := os.FindProcess(pid)
	if err != nil {
		return err
	}
	if err := process.Kill(); !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	return nil
}

func notThere(err error) bool {
	code := wire.CodeOf(err)
	return code == wire.Unavailable || code == wire.Interrupted
}

// read notes in the ledger the calls that the processes have run.
func (p *tally) read() {
	_ = p.bot.Close()
	last := 0
	for line := range strings.Lines(p.w.read(p.file)) {
		if text, isEvent := strings.CutPrefix(line, "event "); isEvent {
			n, err := strconv.Atoi(strings.TrimSpace(text))
			if err != nil || n <= last {
				p.w.bad.add("events of a key are out of order", "the process of tally: %q after %d", line, last)
			}
			last = n
			continue
		}
		token, err := strconv.ParseUint(strings.TrimSpace(line), 10, 64)
		if err != nil {
			p.w.bad.add("the test is wrong", "the process wrote %q", line)
			continue
		}
		p.w.ran(token)
	}
}
