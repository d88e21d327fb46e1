package loadtest

import (
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

// newHistogram returns a histogram of nanoseconds, from half a microsecond to an
// hour, with an error of at most one thousandth.
func newHistogram() *hdr.Histogram { return hdr.New(1000, int64(time.Hour), 3) }

// record adds d to h. A duration of more than an hour counts as an hour.
func record(h *hdr.Histogram, d time.Duration) {
	_ = h.RecordValue(min(max(0, int64(d)), int64(time.Hour))) // cannot fail, because the value is in range
}

// latencyOf returns the figures of a histogram of nanoseconds. If whole, they include
// the histogram itself.
func latencyOf(h *hdr.Histogram, whole bool) Latency {
	if h.TotalCount() == 0 {
		return Latency{}
	}
	l := Latency{
		Count:  h.TotalCount(),
		Min:    ms(h.Min()),
		Mean:   h.Mean() / 1e6,
		StdDev: h.StdDev() / 1e6,
		P50:    ms(h.ValueAtPercentile(50)),
		P90:    ms(h.ValueAtPercentile(90)),
		P95:    ms(h.ValueAtPercentile(95)),
		P99:    ms(h.ValueAtPercentile(99)),
		P999:   ms(h.ValueAtPercentile(99.9)),
		P9999:  ms(h.ValueAtPercentile(99.99)),
		Max:    ms(h.Max()),
	}
	if whole {
		text, err := h.Encode(hdr.V2CompressedEncodingCookieBase)
		if err != nil {
			panic("loadtest: encode a histogram: " + err.Error()) // cannot happen, because it writes to memory
		}
		l.Histogram = string(text)
	}
	return l
}

func ms(ns int64) float64 { return float64(ns) / 1e6 }

func millis(d time.Duration) float64 { return ms(int64(d)) }
