//go:build unix

package process_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/cogs/cogtest"
	"github.com/cogbus/cogbus/wire"
)

// TestReload_underLoad reloads the same cog, compiled in and as a process, while calls run.
// Every call gets an answer, no call runs twice, and the kept counter, which has no lock,
// is exact.
func TestReload_underLoad(t *testing.T) {
	compiled := serialCog()
	compiled.Name = "any"
	for kind, cog := range map[string]cogs.Cog{"compiled in": compiled, "process": inProcess(t, "serial", nil)} {
		t.Run(kind, func(t *testing.T) { reloadUnderLoad(t, cog) })
	}
}

// reloadUnderLoad reloads a serial cog 100 times while 8 callers make calls of 3
// milliseconds. Every call must count exactly once.
func reloadUnderLoad(t *testing.T, cog cogs.Cog) {
	const callers, reloads = 8, 100
	srv, bot := cogtest.Start(t, cog)
	done := make(chan struct{})
	var answered atomic.Int64
	seen := make([]map[int]int, callers)
	var work sync.WaitGroup
	for i := range callers {
		seen[i] = map[int]int{}
		work.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				n, err := client.Call(t.Context(), bot, slowNext, 3)
				if err != nil {
					t.Errorf("a call failed: %v", err)
					return
				}
				answered.Add(1)
				seen[i][n]++
			}
		})
	}
	longest := 0.0
	for range reloads {
		got, err := srv.Reload(t.Context(), "any", nil)
		if err != nil {
			t.Fatalf("Reload = %v", err)
		}
		longest = max(longest, got.Paused)
	}
	close(done)
	work.Wait()
	all := map[int]int{}
	for _, m := range seen {
		for n, times := range m {
			all[n] += times
		}
	}
	want := int(answered.Load())
	for n := 1; n <= want; n++ {
		if all[n] != 1 {
			t.Fatalf("number %d was given %d times; want once", n, all[n])
		}
	}
	if got, err := client.Call(t.Context(), bot, next, wire.Empty{}); got != want+1 || err != nil {
		t.Errorf("the counter = %d, %v; want %d", got, err, want+1)
	}
	t.Logf("%d reloads, %d calls, longest pause %.1f ms", reloads, want, longest)
}

// TestKill_storm kills the process every 30 ms, with reloads in between, while 16 callers
// make calls. Each call that runs writes its number into a file.
func TestKill_storm(t *testing.T) {
	ledger := filepath.Join(t.TempDir(), "ledger")
	srv, bot := cogtest.Start(t, inProcess(t, "any", withEnv("LEDGER="+ledger)))
	const callers = 16
	done := make(chan struct{})
	var number, answered, interrupted, refused atomic.Int64
	var work sync.WaitGroup
	ok := make([][]int64, callers)
	for i := range callers {
		work.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				n := number.Add(1)
				_, err := client.Call(t.Context(), bot, wrote, int(n))
				switch wire.CodeOf(err) {
				case "":
					answered.Add(1)
					ok[i] = append(ok[i], n)
				case wire.Interrupted:
					interrupted.Add(1)
				case wire.Unavailable: // the call has not run, or a reload has cut it off
					refused.Add(1)
					<-time.After(time.Millisecond)
				default:
					t.Errorf("call %d = %v", n, err)
				}
			}
		})
	}
	const kills = 40
	for i := range kills {
		<-time.After(30 * time.Millisecond)
		if pid := childPID(t); pid != 0 {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		// without the reload, the pause before each restart would leave few processes to kill
		if _, err := srv.Reload(t.Context(), "any", nil); err != nil && i == kills-1 {
			t.Errorf("Reload = %v", err)
		}
	}
	close(done)
	work.Wait()
	untilServed(t, bot)
	text, err := os.ReadFile(ledger)
	if err != nil {
		t.Fatal(err)
	}
	times := map[string]int{}
	for line := range strings.Lines(string(text)) {
		if times[strings.TrimSpace(line)]++; times[strings.TrimSpace(line)] > 1 {
			t.Errorf("call %s ran twice", line)
		}
	}
	for _, list := range ok {
		for _, n := range list {
			if times[fmt.Sprint(n)] != 1 {
				t.Errorf("call %d was answered and ran %d times", n, times[fmt.Sprint(n)])
			}
		}
	}
	if sum := answered.Load() + interrupted.Load() + refused.Load(); sum != number.Load() || answered.Load() == 0 {
		t.Errorf("%d calls have %d outcomes", number.Load(), sum)
	}
	t.Logf("%d calls: %d answered, %d interrupted, %d refused", number.Load(), answered.Load(), interrupted.Load(), refused.Load())
}

// TestReload_leavesNothing checks that 200 reloads leave no descriptors, goroutines, memory
// or processes behind.
func TestReload_leavesNothing(t *testing.T) {
	srv, bot := cogtest.Start(t, inProcess(t, "any", nil))
	reload := func(n int) {
		for range n {
			if _, err := srv.Reload(t.Context(), "any", nil); err != nil {
				t.Fatalf("Reload = %v", err)
			}
			if _, err := client.Call(t.Context(), bot, echo, "x"); err != nil {
				t.Fatal(err)
			}
		}
	}
	reloads := 200
	if racing { // processes with the race detector start slowly
		reloads = 30
	}
	reload(20)
	fds, goroutines, memory := used(t)
	reload(reloads)
	until(t, func() bool {
		f, g, _ := used(t)
		return f <= fds+2 && g <= goroutines+2
	})
	f, g, m := used(t)
	t.Logf("descriptors %d → %d, goroutines %d → %d, RSS %.1f → %.1f MiB", fds, f, goroutines, g, memory, m)
	if m > memory+16 {
		t.Errorf("RSS went from %.1f to %.1f MiB", memory, m)
	}
	if childPID(t) == 0 {
		t.Error("there is not one child alone")
	}
	if err := srv.Unload(t.Context(), "any"); err != nil {
		t.Fatal(err)
	}
	if list := children(t); len(list) != 0 {
		t.Errorf("the processes %v are left", list)
	}
}

// used returns the numbers of descriptors and goroutines, and the memory, that the test
// uses.
func used(t *testing.T) (fds, goroutines int, resident float64) {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("descriptors are counted in /proc")
	}
	resident, _ = memoryOf(t, os.Getpid())
	return len(list), runtime.NumGoroutine(), resident
}
