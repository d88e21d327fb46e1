package commands

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestTally(t *testing.T) {
	var sum tally
	for _, ms := range []int{2, 4, 4, 4, 5, 5, 7, 9} {
		sum.add(time.Duration(ms)*time.Millisecond, nil)
	}
	sum.add(time.Hour, errors.New("lost"))
	sum.add(time.Hour, errors.New("lost"))
	r := sum.report("ws://bot")
	got := []float64{float64(r.Sent), float64(r.Answered), r.Lost, *r.Min, *r.Avg, *r.Max, *r.Stddev}
	if want := []float64{10, 8, 20, 2, 5, 9, 2}; !cmp.Equal(got, want) {
		t.Errorf("report() = %v; want %v", got, want)
	}
	empty := (&tally{}).report("ws://bot")
	if math.IsNaN(empty.Lost) || empty.Min != nil {
		t.Errorf("report() of nothing = %+v; want no times", empty)
	}
}
