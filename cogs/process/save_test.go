//go:build unix

package process_test

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/cogs/cogtest"
	"github.com/cogbus/cogbus/cogs/process"
	"github.com/cogbus/cogbus/wire"
)

// BenchmarkSave is the time from the save of an edited source, as an editor does
// it, to the first answer of the new code, with nobody asking for a reload. The
// debounce of 100 ms is in it. No call fails meanwhile.
func BenchmarkSave(b *testing.B) {
	dir := sources(b)
	text, err := os.ReadFile(filepath.Join(dir, "stats.go"))
	if err != nil {
		b.Fatal(err)
	}
	_, bot := cogtest.Start(b, process.Cog("stats", dir, &process.Options{
		Cache: b.TempDir(), Watch: true, Logger: slog.New(slog.DiscardHandler),
	}))
	ask := func() string {
		got, err := client.Call(b.Context(), bot, statsVersion, wire.Empty{})
		if err != nil {
			b.Fatal(err)
		}
		return got
	}
	save := func(version string) {
		edited := strings.Replace(string(text), `"one"`, fmt.Sprintf("%q", version), 1)
		beside := filepath.Join(dir, ".stats.go.tmp")
		if err := os.WriteFile(beside, []byte(edited), 0o600); err != nil {
			b.Fatal(err)
		}
		if err := os.Rename(beside, filepath.Join(dir, "stats.go")); err != nil {
			b.Fatal(err)
		}
		for ask() != version {
			<-time.After(time.Millisecond) // who calls all the time takes the time of the compiler
		}
	}
	save("warm")
	var took []time.Duration
	for i := 0; b.Loop(); i++ {
		began := time.Now()
		save(fmt.Sprintf("version %d of %d", i, b.N))
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Milliseconds()), "p50-ms")
	b.ReportMetric(float64(took[len(took)-1].Milliseconds()), "max-ms")
}
