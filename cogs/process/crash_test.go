//go:build unix

package process_test

import (
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/cogbus/cogbus/actors"
	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/cogs/cogtest"
	"github.com/cogbus/cogbus/cogs/process"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/admin"
)

// TestEnds_ofTheProcess ends processes in every possible way. The running call gets exactly
// one error, the status tells the reason, and the cog serves again.
func TestEnds_ofTheProcess(t *testing.T) {
	for how, want := range map[string]string{
		"exit":      "exit status 3: out of luck",
		"goroutine": "panic: nobody recovers this at ",
		"kill":      "signal: killed",
		"garbage":   "not a frame",
		"close":     ": the bot is gone",
	} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			srv, bot := cogtest.Start(t, inProcess(t, "any", nil))
			if _, err := client.Call(t.Context(), bot, ends, how); wire.CodeOf(err) != wire.Interrupted {
				t.Errorf("Call = %v; want interrupted", err)
			}
			untilServed(t, bot)
			if s := srv.Cogs()[0]; s.Restarts != 1 || !strings.Contains(s.LastError, want) {
				t.Errorf("%d restarts, last error %q; want 1 and %q", s.Restarts, s.LastError, want)
			}
		})
	}
}

func TestEnds_memory(t *testing.T) {
	if racing {
		t.Skip("the race detector takes more memory than a limit leaves")
	}
	srv, bot := cogtest.Start(t, inProcess(t, "any", &process.Options{MemoryLimit: 256 << 20}))
	if _, err := client.Call(t.Context(), bot, ends, "memory"); wire.CodeOf(err) != wire.Interrupted {
		t.Errorf("Call = %v; want interrupted", err)
	}
	untilServed(t, bot)
	s := srv.Cogs()[0]
	if !strings.Contains(s.LastError, "cannot allocate memory") && !strings.Contains(s.LastError, "out of memory") {
		t.Errorf("last error %q; want out of memory", s.LastError)
	}
	if !strings.Contains(s.LastError, "(with MemoryLimit 256 MiB)") {
		t.Errorf("last error %q; want the limit named", s.LastError)
	}
}

// TestKill_withCallsInside kills a process while 16 calls run in it. Each call gets exactly
// one error, and the cog serves the next call.
func TestKill_withCallsInside(t *testing.T) {
	srv, bot := cogtest.Start(t, inProcess(t, "any", nil))
	for range 5 {
		pid := pidOf(t, bot)
		var calls sync.WaitGroup
		codes := make([]wire.Code, 16)
		for i := range codes {
			calls.Go(func() {
				_, err := client.Call(t.Context(), bot, wait, 20_000)
				codes[i] = wire.CodeOf(err)
			})
		}
		until(t, func() bool { return srv.Cogs()[0].InFlight == 16 })
		_ = syscall.Kill(pid, syscall.SIGKILL)
		calls.Wait()
		for _, code := range codes {
			if code != wire.Interrupted {
				t.Errorf("a call inside got %q; want interrupted", code)
			}
		}
		untilServed(t, bot)
	}
}

// TestKill_byRoute kills a process with the route that load tests use, while calls run.
func TestKill_byRoute(t *testing.T) {
	srv, bot := cogtest.Start(t, inProcess(t, "any", nil))
	pid := pidOf(t, bot)
	var calls sync.WaitGroup
	for range 4 {
		calls.Go(func() {
			if _, err := client.Call(t.Context(), bot, wait, 20_000); wire.CodeOf(err) != wire.Interrupted {
				t.Errorf("a call inside = %v; want interrupted", err)
			}
		})
	}
	until(t, func() bool { return srv.Cogs()[0].InFlight == 4 })
	if _, err := client.Call(t.Context(), bot, admin.Kill, admin.CogName{Name: "any"}); err != nil {
		t.Errorf("Call(kill) = %v", err)
	}
	calls.Wait()
	untilServed(t, bot)
	if got := pidOf(t, bot); got == pid || syscall.Kill(pid, 0) == nil {
		t.Errorf("process %d serves after %d; want another one, and that gone", got, pid)
	}
	if s := srv.Cogs()[0]; s.Restarts != 1 || s.LastError != "task: killed for a test" {
		t.Errorf("%d restarts, last error %q; want 1, and that it was killed", s.Restarts, s.LastError)
	}
	stats, err := client.Call(t.Context(), bot, admin.Stats, wire.Empty{})
	if err != nil {
		t.Fatalf("Call(stats) = %v", err)
	}
	// the first call is always timed; the bot counts its times before it sends the answer
	if c := stats.Cogs[0]; c.Calls < 7 || c.Handler.Count == 0 || c.Queue.Count < c.Handler.Count || len(c.Switches) != 1 {
		t.Errorf("%d calls, %d and %d of them timed, the switches %v; want 7 or more, some, and the restart", c.Calls, c.Queue.Count, c.Handler.Count, c.Switches)
	}
}

// TestReload_endlessLoop has a handler that never returns. A forced reload kills its
// process.
func TestReload_endlessLoop(t *testing.T) {
	srv, bot := cogtest.Start(t, inProcess(t, "any", nil))
	pid := pidOf(t, bot)
	done := make(chan error, 1)
	go func() {
		_, err := client.Call(t.Context(), bot, ends, "spin")
		done <- err
	}()
	until(t, func() bool { return srv.Cogs()[0].InFlight == 1 })
	if _, err := srv.Reload(t.Context(), "any", &actors.ReloadOptions{Force: true, Drain: 10 * time.Millisecond}); err != nil {
		t.Fatalf("Reload = %v", err)
	}
	if err := <-done; err == nil {
		t.Error("the call in the loop succeeded")
	}
	until(t, func() bool { return syscall.Kill(pid, 0) != nil })
	if got := pidOf(t, bot); got == pid {
		t.Error("the old process serves")
	}
}

// TestStart_ofWhatIsNoCog starts programs that do not use the protocol of the frames.
func TestStart_ofWhatIsNoCog(t *testing.T) {
	for name, want := range map[string]string{
		"exits":          "ended before it had set up: exit status 7: no configuration",
		"leaves":         "ended before it had set up: exit status 0",
		"sleeps":         "did not set up within 200ms",
		"talks":          "not a frame",
		"boasts":         "not a frame",
		"differs":        "version 99 of the frames, the bot version 1",
		"offers nothing": "an invalid offer",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv, _ := cogtest.Start(t)
			opts := &process.Options{}
			if name == "sleeps" {
				opts.StartTimeout = 200 * time.Millisecond
			}
			began := time.Now()
			err := srv.Load(t.Context(), inProcess(t, name, opts))
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("Load = %v; want %q", err, want)
			}
			if took := time.Since(began); took > 8*time.Second {
				t.Errorf("Load took %v", took)
			}
		})
	}
}

// TestRestart_reloadRevives reloads a cog whose process has ended several times.
func TestRestart_reloadRevives(t *testing.T) {
	srv, bot := cogtest.Start(t, inProcess(t, "any", nil))
	for range 3 {
		_, _ = client.Call(t.Context(), bot, ends, "kill")
	}
	if _, err := srv.Reload(t.Context(), "any", nil); err != nil {
		t.Fatalf("Reload = %v", err)
	}
	if got, err := client.Call(t.Context(), bot, info, wire.Empty{}); got.Reason != cogs.Reload || err != nil {
		t.Errorf("Call(info) = %+v, %v; want an instance that was set up for a reload", got, err)
	}
	if got, err := client.Call(t.Context(), bot, echo, "x"); got != "x" || err != nil {
		t.Errorf("Call after the reload = %q, %v", got, err)
	}
}

// TestKeep_overKinds replaces a compiled-in cog by a process, and back. The kept values
// move along.
func TestKeep_overKinds(t *testing.T) {
	compiled := anyCog()
	compiled.Name = "any"
	srv, bot := cogtest.Start(t, compiled)
	want := 1
	for _, cog := range []cogs.Cog{inProcess(t, "any", nil), inProcess(t, "serial", nil), compiled, inProcess(t, "any", nil)} {
		if got, err := client.Call(t.Context(), bot, next, wire.Empty{}); got != want || err != nil {
			t.Fatalf("Call(next) = %d, %v; want %d", got, err, want)
		}
		want++
		if _, err := srv.Replace(t.Context(), cog, nil); err != nil {
			t.Fatalf("Replace = %v", err)
		}
	}
	if _, err := srv.Replace(t.Context(), inProcess(t, "keeps wrongly", nil), nil); err == nil || !strings.Contains(err.Error(), `restore "n"`) {
		t.Errorf("Replace by a cog that keeps another type = %v; want an error that names the value", err)
	}
	if got, err := client.Call(t.Context(), bot, next, wire.Empty{}); got != want || err != nil {
		t.Errorf("Call(next) after that = %d, %v; want %d", got, err, want)
	}
}

// TestReload_ofAStoppedProcess has a process that is stopped: it does nothing, and does not
// exit. A reload fails, and a forced reload kills the process.
func TestReload_ofAStoppedProcess(t *testing.T) {
	srv, bot := cogtest.Start(t, inProcess(t, "any", nil))
	pid := pidOf(t, bot)
	_ = syscall.Kill(pid, syscall.SIGSTOP)
	short := &actors.ReloadOptions{Drain: 100 * time.Millisecond}
	if _, err := srv.Reload(t.Context(), "any", short); err == nil {
		t.Error("Reload of a cog that cannot be saved succeeded")
	}
	short.Force = true
	if _, err := srv.Reload(t.Context(), "any", short); err != nil {
		t.Errorf("Reload by force = %v", err)
	}
	if got := pidOf(t, bot); got == pid || got == 0 {
		t.Errorf("process %d serves after %d", got, pid)
	}
	until(t, func() bool { return syscall.Kill(pid, 0) != nil })
}

// hears waits for a line that contains text, and returns the line.
func hears(t *testing.T, said <-chan string, text string) string {
	t.Helper()
	late := time.After(30 * time.Second)
	for {
		select {
		case line := <-said:
			if strings.Contains(line, text) {
				return line
			}
		case <-late:
			t.Fatalf("nothing said %q", text)
		}
	}
}

// TestQuit_tasks has a task that fails. The other tasks end before the cleanups run.
func TestQuit_tasks(t *testing.T) {
	said := make(chan string, 1000)
	cogtest.Start(t, inProcess(t, "untidy", &process.Options{Logger: slog.New(spoken{said})}))
	if line := hears(t, said, "the other task ends"); !strings.HasSuffix(line, "clean: false") {
		t.Errorf("%q; want it to end before the cleanups", line)
	}
}

// TestQuit_ignored reloads a cog with a cleanup that never returns.
func TestQuit_ignored(t *testing.T) {
	said := make(chan string, 1000)
	srv, bot := cogtest.Start(t, inProcess(t, "hangs", &process.Options{Logger: slog.New(spoken{said})}))
	pid := pidOf(t, bot)
	if _, err := srv.Reload(t.Context(), "any", nil); err != nil {
		t.Fatalf("Reload = %v", err)
	}
	if syscall.Kill(pid, 0) == nil {
		t.Error("the old process lives on")
	}
	hears(t, said, "killed before its cleanups had ended")
}

// TestEnd_withTheBot kills a bot: while its cog is idle, while the cog is in an endless
// loop, and after the cog has started a program.
func TestEnd_withTheBot(t *testing.T) {
	for _, how := range []string{"idle", "spin", "spawn"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			bot := exec.Command(self(t), "-test.run=^$")
			bot.Env = append(bot.Environ(), "COGBUS_TEST_BOT="+how)
			out, err := bot.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := bot.Start(); err != nil {
				t.Fatal(err)
			}
			pid := readPID(t, out)
			_ = bot.Process.Kill()
			_ = bot.Wait()
			until(t, func() bool { return !runs(pid) })
		})
	}
}

// runs reports whether a process runs. A process whose parent has exited may stay for a
// while as a zombie, which does not run.
func runs(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || !strings.Contains(string(stat), ") Z ")
}

// until waits for a condition that depends on another process.
func until(t *testing.T, condition func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	limit := time.After(20 * time.Second)
	for !condition() {
		select {
		case <-tick.C:
		case <-limit:
			t.Fatal("it did not happen within 20s")
		}
	}
}

func untilServed(t *testing.T, bot *client.Client) {
	t.Helper()
	until(t, func() bool {
		got, err := client.Call(t.Context(), bot, echo, "again")
		// a call that the bot passed on just before the process ended may have run
		if code := wire.CodeOf(err); err != nil && code != wire.Unavailable && code != wire.Interrupted {
			t.Errorf("a call meanwhile = %v; want unavailable or interrupted", err)
		}
		return got == "again"
	})
}

func pidOf(t *testing.T, bot *client.Client) int {
	t.Helper()
	got, err := client.Call(t.Context(), bot, info, wire.Empty{})
	if err != nil {
		t.Fatal(err)
	}
	return got.PID
}
