//go:build unix

package process_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/cogs/cogtest"
	"github.com/cogbus/cogbus/cogs/process"
	"github.com/cogbus/cogbus/cogs/process/testdata/stats"
	"github.com/cogbus/cogbus/wire"
)

const statsEcho wire.Route[string, string] = "stats.echo"

// built returns the stats cog as a process, and the path of its executable, which is built
// only once.
func built(b *testing.B) (cogs.Cog, string) {
	b.Helper()
	cache := b.TempDir()
	srv, _ := cogtest.Start(b, process.Cog("stats", "testdata/stats", &process.Options{Cache: cache}))
	if err := srv.Unload(b.Context(), "stats"); err != nil {
		b.Fatal(err)
	}
	found, _ := filepath.Glob(filepath.Join(cache, "*", "[^.]*"))
	if len(found) != 1 {
		b.Fatalf("the cache holds %v", found)
	}
	return process.Cog("stats", "", &process.Options{Binary: found[0]}), found[0]
}

// BenchmarkEcho measures calls of 100 bytes, one after the other, from a client in the
// bot's own process. The cog is compiled in, or a process: the difference of the two p50 is
// the cost of the process.
func BenchmarkEcho(b *testing.B) {
	text := strings.Repeat("x", 98)
	elsewhere, _ := built(b)
	for _, kind := range []struct {
		name string
		cog  cogs.Cog
	}{{"compiled", stats.Cog()}, {"process", elsewhere}} {
		b.Run("kind="+kind.name, func(b *testing.B) {
			_, bot := cogtest.Start(b, kind.cog)
			took := make([]time.Duration, 0, b.N)
			for b.Loop() {
				began := time.Now()
				if _, err := client.Call(b.Context(), bot, statsEcho, text); err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(began))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Nanoseconds())/1000, "p50-µs")
			b.ReportMetric(float64(took[len(took)*99/100].Nanoseconds())/1000, "p99-µs")
		})
		b.Run("kind="+kind.name+"/callers=64", func(b *testing.B) {
			_, bot := cogtest.Start(b, kind.cog)
			b.SetParallelism(32)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if _, err := client.Call(b.Context(), bot, statsEcho, text); err != nil {
						b.Error(err)
						return
					}
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "calls/s")
		})
	}
}

// BenchmarkStart measures the load of an executable that is built already, and the memory
// of its process after a thousand calls.
func BenchmarkStart(b *testing.B) {
	cog, _ := built(b)
	srv, bot := cogtest.Start(b)
	var took []time.Duration
	var resident, private float64
	for b.Loop() {
		began := time.Now()
		if err := srv.Load(b.Context(), cog); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(began))
		b.StopTimer()
		if resident == 0 {
			for range 1000 {
				if _, err := client.Call(b.Context(), bot, statsEcho, "hello"); err != nil {
					b.Fatal(err)
				}
			}
			resident, private = memoryOf(b, childPID(b))
		}
		if err := srv.Unload(b.Context(), "stats"); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(resident, "RSS-MiB")
	b.ReportMetric(private, "private-MiB")
}

// BenchmarkEdit measures the time from the save of an edited source to the first answer of
// the new code, with the build.
func BenchmarkEdit(b *testing.B) {
	dir := sources(b)
	srv, bot := cogtest.Start(b, process.Cog("stats", dir, &process.Options{Cache: b.TempDir()}))
	var took []time.Duration
	i := 0
	for b.Loop() {
		i++
		want := fmt.Sprintf("version %d", i)
		edit(b, dir, `"one"`, strconv.Quote(want))
		began := time.Now()
		if _, err := srv.Reload(b.Context(), "stats", nil); err != nil {
			b.Fatal(err)
		}
		if got, err := client.Call(b.Context(), bot, statsVersion, wire.Empty{}); got != want || err != nil {
			b.Fatalf("Call(version) = %q, %v; want %q", got, err, want)
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Milliseconds()), "p50-ms")
}

// memoryOf returns the resident memory of a process in MiB: all of it, and the part that is
// not backed by files.
func memoryOf(b testing.TB, pid int) (resident, private float64) {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Skip("memory is read from /proc")
	}
	for line := range strings.Lines(string(text)) {
		var kib float64
		if n, _ := fmt.Sscanf(line, "VmRSS: %f", &kib); n == 1 {
			resident = kib / 1024
		}
		if n, _ := fmt.Sscanf(line, "RssAnon: %f", &kib); n == 1 {
			private = kib / 1024
		}
	}
	return resident, private
}
