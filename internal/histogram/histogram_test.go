package histogram

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cogbus/cogbus/wire/admin"
)

// TestHistogram_buckets adds durations on both sides of each bound. A bucket takes the
// durations above the bound of the previous one and up to its own, and it is not much
// wider than that.
func TestHistogram_buckets(t *testing.T) {
	for i := range bucketCount {
		upper := upperOf(i)
		if got := bucketOf(int64(upper)); got != i {
			t.Errorf("bucketOf(%v) = %d; want %d, which ends there", upper, got, i)
		}
		if i == 0 {
			continue
		}
		below := upperOf(i - 1)
		if got := bucketOf(int64(below) + 1); got != i {
			t.Errorf("bucketOf(%v + 1ns) = %d; want %d, which begins there", below, got, i)
		}
		if i < bucketCount-1 && float64(upper-below) > float64(below)/16+1 {
			t.Errorf("bucket %d holds %v to %v; want it narrower", i, below, upper)
		}
	}
	for d, want := range map[int64]int{math.MinInt64: 0, -1: 0, 0: 0, 128: 0, 129: 1, math.MaxInt64: bucketCount - 1} {
		if got := bucketOf(d); got != want {
			t.Errorf("bucketOf(%d) = %d; want %d", d, got, want)
		}
	}
}

func TestHistogram_read(t *testing.T) {
	var n Histogram
	for range 3 {
		n.Add(int64(time.Hour))
		n.Add(1000)
	}
	n.Add(0)
	want := admin.Histogram{Count: 7, Buckets: []admin.Bucket{{Upper: 128, Count: 1}, {Upper: 1024, Count: 3}, {Upper: upperOf(bucketOf(int64(time.Hour))), Count: 3}}}
	if diff := cmp.Diff(want, n.Read()); diff != "" {
		t.Errorf("Read() differs from what is wanted (-want +got):\n%s", diff)
	}
}
