package bench

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cogbus/cogbus/wire/protocol"
)

// A grown server is a process with a given number of cogs and routes.
type grown struct {
	addr string
	pid  int
}

// processor returns the processor time of a process so far, in ticks of 10 ms.
func (g *grown) processor(b *testing.B) time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", g.pid))
	if err != nil {
		b.Fatal(err)
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	user, err1 := strconv.Atoi(fields[11])
	system, err2 := strconv.Atoi(fields[12])
	if err1 != nil || err2 != nil {
		b.Fatalf("read /proc/%d/stat: %s", g.pid, text)
	}
	return time.Duration(user+system) * 10 * time.Millisecond
}

// memory returns the resident memory of a process in KiB.
func (g *grown) memory(b *testing.B) int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", g.pid))
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			n, err := strconv.Atoi(strings.Fields(rest)[0])
			if err != nil {
				b.Fatal(err)
			}
			return n
		}
	}
	b.Fatalf("read /proc/%d/status: no VmRSS", g.pid)
	return 0
}

func grow(b *testing.B, cogCount, routes int) *grown {
	b.Helper()
	addr, pid := serveApart(b, cogCount, routes)
	return &grown{addr: addr, pid: pid}
}

// growthTime is the time for which each case is measured. So run it with -benchtime 1x.
const growthTime = 2 * time.Second

// BenchmarkGrowth measures the server's processor time for a call while the number of one
// kind of thing grows: connections, cogs, routes, callers or bytes. One goroutine makes
// the calls of 64 connections: it sends the requests of each and then reads the answers.
func BenchmarkGrowth(b *testing.B) {
	small := `{"guild_id":123456789012345678,"pad":"` + strings.Repeat("x", 60) + `"}`
	sized := func(n int) string { return `{"guild_id":1,"pad":"` + strings.Repeat("x", n) + `"}` }
	type load struct {
		conns, depth, cogs, routes int
		data                       string
	}
	run := func(name string, l load) {
		b.Run(name, func(b *testing.B) { drive(b, grow(b, l.cogs, l.routes), l.conns, l.depth, l.data) })
	}
	for _, n := range []int{10, 100, 1000, 10_000, 19_000} {
		run(fmt.Sprintf("connections=%d", n), load{n, 1, 1, 10, small})
	}
	for _, n := range []int{1, 10, 100, 1000} {
		run(fmt.Sprintf("cogs=%d", n), load{64, 1, n, 10, small})
	}
	for _, n := range []int{10, 100, 1000, 10_000} {
		run(fmt.Sprintf("routes=%d", n), load{64, 1, 1, n, small})
	}
	for _, n := range []int{1, 10, 100, 1000} { // on at most 4 connections
		run(fmt.Sprintf("callers=%d", n), load{min(4, n), max(1, n/4), 1, 10, small})
	}
	for _, n := range []int{10, 100, 1 << 10, 10 << 10, 100 << 10, 1 << 20} {
		run(fmt.Sprintf("bytes=%d", n), load{4, 1, 1, 10, sized(n)})
	}
}

func drive(b *testing.B, g *grown, conns, depth int, data string) {
	before := g.memory(b)
	clients := make([]*light, conns)
	var dialling sync.WaitGroup
	for part := range 8 {
		dialling.Go(func() {
			for i := part; i < conns; i += 8 {
				clients[i] = dialLight(b, g.addr, protocol.Subprotocol)
			}
		})
	}
	dialling.Wait()
	if b.Failed() {
		return
	}
	idle := g.memory(b)
	var batch []byte
	for i := range depth {
		batch = append(batch, request(protocol.Subprotocol, data, uint64(1<<40+i))...)
	}
	began, until := g.processor(b), time.Now().Add(growthTime)
	b.ResetTimer()
	var callers sync.WaitGroup
	var calls atomic.Int64
	for from := 0; from < conns; from += 64 {
		callers.Go(func() {
			group := clients[from:min(conns, from+64)]
			for time.Now().Before(until) {
				for _, c := range group {
					c.write(b, batch)
				}
				for _, c := range group {
					for range depth {
						c.skip(b)
					}
				}
				calls.Add(int64(len(group) * depth))
			}
		})
	}
	callers.Wait()
	b.StopTimer()
	n := float64(calls.Load())
	b.ReportMetric(float64((g.processor(b)-began).Microseconds())/n, "server-µs/call")
	b.ReportMetric(n/b.Elapsed().Seconds(), "calls/s")
	b.ReportMetric(float64(g.memory(b))/1024, "server-MiB")
	if conns >= 1000 {
		b.ReportMetric(float64(idle-before)/float64(conns), "KiB/conn")
	}
}
