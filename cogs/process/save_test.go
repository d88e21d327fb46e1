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

// BenchmarkSave measures the time from the save of an edited source, as an editor saves, to
// the first answer of the new code. Nobody requests a reload. It does so for a small cog,
// and for the cog of the demo, which links discordgo. The debounce time of 100 ms is
// included. No call fails meanwhile.
func BenchmarkSave(b *testing.B) {
	for _, cog := range []struct {
		name, source, old string
		route             wire.Route[wire.Empty, string]
	}{
		{"small", "testdata/stats/stats.go", "one", statsVersion},
		{"demo", "../../examples/bot/stats/stats.go", "people came", "stats.tell"},
	} {
		b.Run("cog="+cog.name, func(b *testing.B) { benchmarkSave(b, cog.source, cog.old, cog.route) })
	}
}

func benchmarkSave(b *testing.B, source, old string, route wire.Route[wire.Empty, string]) {
	text, err := os.ReadFile(source)
	if err != nil {
		b.Fatal(err)
	}
	dir := sources(b)
	write := func(version string) {
		beside := filepath.Join(dir, ".stats.go.tmp")
		err := os.WriteFile(beside, []byte(strings.Replace(string(text), old, version, 1)), 0o600)
		if err == nil {
			err = os.Rename(beside, filepath.Join(dir, "stats.go"))
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	write("the first")
	host := &station{subs: map[string][]*func([]byte){}}
	_, bot := cogtest.Start(b, host.with(process.Cog("stats", dir, &process.Options{
		Cache: b.TempDir(), Watch: true, Logger: slog.New(slog.DiscardHandler),
	})))
	await := func(version string) {
		for {
			got, err := client.Call(b.Context(), bot, route, wire.Empty{})
			if err != nil {
				b.Fatal(err)
			}
			if strings.Contains(got, version) {
				return
			}
			<-time.After(time.Millisecond) // calls without a pause would take processor time from the compiler
		}
	}
	write("the second")
	await("the second") // the caches of the build are filled now
	var took []time.Duration
	for i := 0; b.Loop(); i++ {
		version := fmt.Sprintf("version %d of %d", i, b.N)
		began := time.Now()
		write(version)
		await(version)
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Milliseconds()), "p50-ms")
	b.ReportMetric(float64(took[len(took)-1].Milliseconds()), "max-ms")
}
