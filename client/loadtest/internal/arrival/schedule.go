package arrival

import (
	"math"
	"time"
)

// A Stage changes the rate linearly to Rate calls a second, over a time. A stage
// that takes no time is a step.
type Stage struct {
	Rate float64
	Over time.Duration
}

// A Schedule says when the calls of an open loop are due. Call n is due when the
// integral of the rate reaches n.
type Schedule struct {
	pieces []piece
	next   int     // index of the piece that has the next call
	calls  float64 // calls that Next has returned
}

// A piece is a part of a schedule in which the rate changes linearly. Times are in
// seconds since the run began, rates in calls a second.
type piece struct {
	start, length float64
	from, to      float64 // rates
	before        float64 // calls that are due before the piece
}

// NewSchedule returns a schedule that keeps the rate during the warm-up, then
// passes through the stages, and keeps the last rate for ever.
func NewSchedule(rate float64, warmup time.Duration, stages []Stage) *Schedule {
	s := &Schedule{}
	s.add(warmup.Seconds(), rate, rate)
	for _, stage := range stages {
		s.add(stage.Over.Seconds(), rate, stage.Rate)
		rate = stage.Rate
	}
	s.add(math.Inf(1), rate, rate)
	return s
}

func (s *Schedule) add(length, from, to float64) {
	p := piece{length: length, from: from, to: to}
	if n := len(s.pieces); n > 0 {
		last := s.pieces[n-1]
		p.start = last.start + last.length
		p.before = last.before + last.calls(last.length)
	}
	if length > 0 {
		s.pieces = append(s.pieces, p)
	}
}

// calls returns how many calls are due in the first seconds of p.
func (p *piece) calls(seconds float64) float64 {
	if p.from == p.to {
		return p.from * seconds
	}
	return p.from*seconds + (p.to-p.from)*seconds*seconds/(2*p.length)
}

// after is the inverse of calls: it returns the number of seconds in which so many
// calls are due.
func (p *piece) after(calls float64) float64 {
	switch {
	case calls <= 0: // the formula divides by zero where a rate rises from zero
		return 0
	case p.from == p.to:
		return calls / p.from
	}
	slope := (p.to - p.from) / p.length
	// the usual formula for the root loses all digits where slope is small
	return 2 * calls / (p.from + math.Sqrt(max(0, p.from*p.from+2*slope*calls)))
}

// Next returns the time at which the next call is due, since the run began, or
// false if no further call is due.
func (s *Schedule) Next() (due time.Duration, ok bool) {
	for ; s.next < len(s.pieces); s.next++ {
		p := &s.pieces[s.next]
		left := s.calls - p.before
		if all := p.calls(p.length); math.IsNaN(all) || left >= all { // NaN: a rate of zero for ever
			continue
		}
		s.calls++
		return duration(p.start + p.after(left)), true
	}
	return 0, false
}

// Left returns how many calls are due before a time and have not been returned by
// Next.
func (s *Schedule) Left(before time.Duration) int64 {
	return max(0, int64(math.Ceil(s.Due(0, before)-s.calls-1e-6)))
}

// Due returns how many calls are due between two times.
func (s *Schedule) Due(from, to time.Duration) float64 {
	total := func(at float64) float64 {
		sum := 0.0
		for _, p := range s.pieces {
			if seconds := min(at-p.start, p.length); seconds > 0 {
				sum += p.calls(seconds)
			}
		}
		return sum
	}
	return total(to.Seconds()) - total(from.Seconds())
}

// Every returns the time between two events that happen perSecond times a second.
func Every(perSecond float64) time.Duration { return max(1, duration(1/perSecond)) }

// duration returns a number of seconds as a duration, rounded, or the longest
// duration if it is longer.
func duration(seconds float64) time.Duration {
	if ns := math.Round(seconds * float64(time.Second)); ns < math.MaxInt64 {
		return time.Duration(ns)
	}
	return math.MaxInt64
}
