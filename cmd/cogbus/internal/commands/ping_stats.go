package commands

import (
	"math"
	"time"
)

// A tally adds up round trips without keeping them, because a ping may run for days.
type tally struct {
	sent, answered int
	least, most    time.Duration
	mean, squares  float64 // Welford's algorithm: the mean in ms, and the sum of squared distances from it in ms²
}

func (t *tally) add(took time.Duration, err error) {
	t.sent++
	if err != nil {
		return
	}
	t.answered++
	if t.answered == 1 || took < t.least {
		t.least = took
	}
	t.most = max(t.most, took)
	ms := float64(took) / float64(time.Millisecond)
	before := ms - t.mean
	t.mean += before / float64(t.answered)
	t.squares += before * (ms - t.mean)
}

// A tallyReport is the result of ping. The times are null if there was no answer.
type tallyReport struct {
	Target   string   `json:"target"`
	Sent     int      `json:"sent"`
	Answered int      `json:"answered"`
	Lost     float64  `json:"lost_percent"`
	Min      *float64 `json:"min_ms"`
	Avg      *float64 `json:"avg_ms"`
	Max      *float64 `json:"max_ms"`
	Stddev   *float64 `json:"stddev_ms"`
}

func (t *tally) report(target string) tallyReport {
	r := tallyReport{Target: target, Sent: t.sent, Answered: t.answered}
	if t.sent > 0 {
		r.Lost = 100 * float64(t.sent-t.answered) / float64(t.sent)
	}
	if t.answered > 0 {
		rounded := func(ms float64) *float64 { ms = math.Round(ms*1000) / 1000; return &ms }
		r.Min, r.Max = rounded(milliseconds(t.least)), rounded(milliseconds(t.most))
		r.Avg, r.Stddev = rounded(t.mean), rounded(math.Sqrt(t.squares/float64(t.answered)))
	}
	return r
}
