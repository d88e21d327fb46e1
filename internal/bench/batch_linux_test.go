package bench

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/wire/protocol"
)

// BenchmarkBatch measures on one processor what it does to a call that answers are
// written in batches. It prints ratios, with batches to without, of the medians of 5
// interleaved pairs: of the median time of a call of one client beside a goroutine that
// computes all the time, and of the server's processor time for each call of 128
// clients. Give it -benchtime 1x: it takes 45 s.
func BenchmarkBatch(b *testing.B) {
	for _, c := range []struct {
		name    string
		busy    bool
		clients int
	}{{"busy=true", true, 1}, {"busy=false", false, 128}} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				var with, without []time.Duration
				for range 5 {
					without = append(without, batchRound(b, false, c.busy, c.clients))
					with = append(with, batchRound(b, true, c.busy, c.clients))
				}
				b.ReportMetric(float64(median(with))/float64(median(without)), "ratio")
				b.ReportMetric(float64(median(with).Nanoseconds())/1000, "with-µs")
				b.ReportMetric(float64(median(without).Nanoseconds())/1000, "without-µs")
				b.ReportMetric(0, "ns/op")
			}
		})
	}
}

// batchRound returns the median time of a call beside a busy goroutine, or the
// processor time of a call without one. How many processors there are when a client
// connects decides about batches.
func batchRound(b *testing.B, batch, busy bool, clients int) time.Duration {
	b.Helper()
	g := grow(b, 1, 1)
	control, err := client.Dial(b.Context(), "ws://"+g.addr, nil)
	if err != nil {
		b.Fatal(err)
	}
	defer control.Close()
	set := func(p processors) {
		b.Helper()
		if _, err := client.Call(b.Context(), control, setProcessors, p); err != nil {
			b.Fatal(err)
		}
	}
	set(processors{Count: 2})
	if batch {
		set(processors{Count: 1})
	}
	var group []*light
	for range clients {
		group = append(group, dialLight(b, g.addr, protocol.Subprotocol))
	}
	set(processors{Count: 1, Busy: busy})
	defer set(processors{Count: 2})
	text := request(protocol.Subprotocol, `{"guild_id":123456789012345678,"pad":"`+strings.Repeat("x", 60)+`"}`, 1<<40)
	var times []time.Duration
	used := g.processor(b)
	for until := time.Now().Add(growthTime); time.Now().Before(until); {
		began := time.Now()
		for _, c := range group {
			c.write(b, text)
		}
		for _, c := range group {
			c.skip(b)
		}
		times = append(times, time.Since(began))
		if busy {
			time.Sleep(5 * time.Millisecond) // calls at any moment, not only just behind the last one
		}
	}
	if !busy {
		return (g.processor(b) - used) / time.Duration(len(times)*clients)
	}
	slices.Sort(times)
	return times[len(times)/2]
}
