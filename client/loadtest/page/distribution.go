package page

import (
	"math"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/cogbus/cogbus/client/loadtest"
)

// A distribution has the data for the charts of a latency.
type distribution struct {
	Count  int64    `json:"count"`
	Points [][2]num `json:"points"` // the percentiles: x is log10 of n if one call in n takes longer, y is ms
	Bins   []bin    `json:"bins"`
	Marks  []mark   `json:"marks"`
}

// A bin counts the calls that took from From to To ms.
type bin struct {
	From  num   `json:"from"`
	To    num   `json:"to"`
	Count int64 `json:"n"`
}

// A mark is a percentile that the chart marks.
type mark struct {
	Name string `json:"name"`
	At   num    `json:"at"`
}

const (
	stepsPerDecade = 40 // points in each decade of the percentile axis: one every few pixels
	maxBins        = 90
)

// distributionOf decodes the histogram of l. It returns nil if there is none, or if it
// is empty.
func distributionOf(l loadtest.Latency) (*distribution, error) {
	if l.Histogram == "" || l.Count == 0 {
		return nil, nil
	}
	h, err := hdrhistogram.Decode([]byte(l.Histogram))
	if err != nil {
		return nil, err
	}
	var bars []hdrhistogram.Bar
	total := int64(0)
	for _, b := range h.Distribution() {
		if b.Count > 0 {
			bars = append(bars, b)
			total += b.Count
		}
	}
	if total == 0 {
		return nil, nil
	}
	d := &distribution{Count: total, Points: pointsOf(bars, total), Bins: binsOf(bars)}
	d.Marks = []mark{{"p50", num(l.P50)}}
	for _, m := range []struct {
		mark
		quantile float64
	}{{mark{"p99", num(l.P99)}, .99}, {mark{"p99.9", num(l.P999)}, .999}} {
		if above(total, m.quantile) > 0 {
			d.Marks = append(d.Marks, m.mark)
		}
	}
	return d, nil
}

// pointsOf returns the points of the percentile chart, from the fastest call to the
// slowest one.
func pointsOf(bars []hdrhistogram.Bar, total int64) [][2]num {
	var points [][2]num
	end := math.Log10(float64(total))
	seen, i := bars[0].Count, 0
	for step := 0; ; step++ {
		x := min(float64(step)/stepsPerDecade, end)
		rank := int64(math.Ceil(float64(total) * (1 - math.Pow(10, -x))))
		if x == end {
			rank = total
		}
		for seen < rank {
			i++
			seen += bars[i].Count
		}
		points = append(points, [2]num{num(x), milliseconds(bars[i].To)})
		if x == end {
			return points
		}
	}
}

// binsOf returns the bars in bins of equal width on a logarithmic axis.
func binsOf(bars []hdrhistogram.Bar) []bin {
	first, last := float64(max(bars[0].To, 1)), float64(max(bars[len(bars)-1].To, 1))
	decades := math.Log10(last / first)
	perDecade := 10.0
	for _, finer := range []float64{20, 40, 80} {
		if decades*finer <= maxBins {
			perDecade = finer
		}
	}
	number := func(ns int64) int { return int(math.Floor(math.Log10(float64(max(ns, 1))) * perDecade)) }
	edge := func(n int) num { return num(math.Pow(10, float64(n)/perDecade) / 1e6) }
	var bins []bin
	from := number(bars[0].To)
	for _, b := range bars {
		for n := from + len(bins); n <= number(b.To); n++ {
			bins = append(bins, bin{From: edge(n), To: edge(n + 1)})
		}
		bins[number(b.To)-from].Count += b.Count
	}
	return bins
}

func milliseconds(ns int64) num { return num(float64(ns) / 1e6) }
