package bench

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/wire/protocol"
)

// BenchmarkBatch measures on one processor the effect of writing answers in batches. It
// reports the ratio, with batches to without, of two figures:
//
//   - The median time of a call of one client, beside a goroutine that computes all the
//     time.
//   - The server's processor time for a call, with 128 clients.
//
// Each ratio is of the medians of 5 interleaved pairs of runs. Run it with -benchtime 1x:
// it takes 45 s.
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

// batchRound returns the median time of a call if busy is true, and otherwise the processor
// time of a call. The server writes in batches to clients that have connected while it had
// one processor.
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
			time.Sleep(5 * time.Millisecond) // otherwise each call would come just behind the last answer
		}
	}
	if !busy {
		return (g.processor(b) - used) / time.Duration(len(times)*clients)
	}
	slices.Sort(times)
	return times[len(times)/2]
}
