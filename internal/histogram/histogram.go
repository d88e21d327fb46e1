// Package histogram counts durations in logarithmic buckets.
package histogram

import (
	"math"
	"math/bits"
	"sync/atomic"
	"time"

	"github.com/cogbus/cogbus/wire/admin"
)

// A Histogram counts how long something took, in sixteen buckets for each power
// of two: the upper end of a bucket is at most a sixteenth above any duration in it,
// for a microsecond as for a minute. The zero value is ready for use, by any number
// of goroutines.
type Histogram [bucketCount]atomic.Uint64

const (
	finest      = 7                                // the first bucket ends at 2^7 ns: no handler is faster
	coarsest    = 42                               // the last but one ends at 2^42 ns, which is 73 minutes
	steps       = 4                                // a power of two has 2^4 buckets
	stepMask    = 1<<steps - 1                     // the bits that choose one of them
	bucketCount = 1 + (coarsest-finest)<<steps + 1 // the two histograms of a gate take 9 KiB

	firstUpper = time.Duration(1 << finest)
	longest    = time.Duration(math.MaxInt64) // the end of the last bucket, which takes all longer durations
)

// Add counts one duration of ns nanoseconds.
func (h *Histogram) Add(ns int64) { h[bucketOf(ns)].Add(1) }

// bucketOf returns the bucket of d nanoseconds.
func bucketOf(d int64) int {
	if d <= int64(firstUpper) {
		return 0
	}
	n := uint64(d) - 1 // the upper bound is the bucket's own
	power := bits.Len64(n) - 1
	if power >= coarsest {
		return bucketCount - 1
	}
	return 1 + (power-finest)<<steps + int(n>>(power-steps)&stepMask)
}

// upperOf returns the longest duration that bucket i takes.
func upperOf(i int) time.Duration {
	switch i {
	case 0:
		return firstUpper
	case bucketCount - 1:
		return longest
	}
	power, step := finest+(i-1)>>steps, uint64(i-1)&stepMask
	return time.Duration((1<<steps + step + 1) << (power - steps))
}

// Read returns the counts so far.
func (h *Histogram) Read() admin.Histogram {
	var sum admin.Histogram
	for i := range h {
		if n := h[i].Load(); n > 0 {
			sum.Count += n
			sum.Buckets = append(sum.Buckets, admin.Bucket{Upper: upperOf(i), Count: n})
		}
	}
	return sum
}
