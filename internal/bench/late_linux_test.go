package bench

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/wire/protocol"
)

// BenchmarkLateResults makes the handlers of a route slow that were quick: now each takes
// 0.7 ms. It sends 250 calls of the route at a time, each with 40 ms, and one call of
// another route behind them. It reports:
//
//   - the time of the latest result after its deadline; negative if all came in time
//   - the numbers of calls that were answered ok and that timed out
//   - the 99th percentile of the other route
func BenchmarkLateResults(b *testing.B) {
	const (
		calls   = 250
		limit   = 40 * time.Millisecond
		takes   = 700 * time.Microsecond
		pauses  = 100 * time.Millisecond
		warmups = 20
	)
	addr, _ := serveApart(b, 1, 1)
	control, err := client.Dial(b.Context(), "ws://"+addr, nil)
	if err != nil {
		b.Fatal(err)
	}
	defer control.Close()
	set := func(d time.Duration) {
		if _, err := client.Call(b.Context(), control, spin, spinning{For: d}); err != nil {
			b.Fatal(err)
		}
	}
	l := dialLight(b, addr, protocol.Subprotocol)
	id := 0
	call := func(endpoint, ms string) []byte {
		id++
		return frame(fmt.Sprintf(`{"id":%d,"call":%q,"data":{}%s}`, id, endpoint, ms))
	}
	var latest time.Duration = -limit
	var other []time.Duration
	ok, late := 0, 0
	round := func() {
		set(1)
		for range warmups { // the route becomes quick again
			l.write(b, append(call(string(spin), ""), call("echo", "")...))
			l.skip(b)
			l.skip(b)
		}
		set(takes)
		var all []byte
		for range calls {
			all = append(all, call(string(spin), fmt.Sprintf(`,"ms":%d`, limit.Milliseconds()))...)
		}
		all = append(all, call("echo", "")...)
		echoed := fmt.Sprintf(`{"id":%d,`, id)
		began := time.Now()
		l.write(b, all)
		for range calls + 1 {
			text := l.read(b)
			took := time.Since(began)
			switch {
			case strings.HasPrefix(text, echoed):
				other = append(other, took)
			case strings.Contains(text, `"ok"`):
				ok++
				latest = max(latest, took-limit)
			default:
				late++
			}
		}
		time.Sleep(pauses)
	}
	for b.Loop() {
		round()
	}
	slices.Sort(other)
	b.ReportMetric(float64(latest.Microseconds())/1000, "latest-result-ms")
	b.ReportMetric(float64(other[len(other)*99/100].Microseconds())/1000, "other-p99-ms")
	b.ReportMetric(float64(ok)/float64(b.N), "ok/round")
	b.ReportMetric(float64(late)/float64(b.N), "timeouts/round")
}
