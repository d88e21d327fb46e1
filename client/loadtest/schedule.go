package loadtest

import (
	"math"
	"time"
)

// A schedule says when the calls of an open loop are due: at the moments at which
// as many calls as have been made should have been.
type schedule struct {
	pieces []piece
	next   int // piece
	calls  float64
}

// A piece of a schedule has a rate that changes linearly. Times are in seconds
// since the run began, rates in calls a second.
type piece struct {
	start, length float64
	from, to      float64
	before        float64 // calls that are due before it
}

func newSchedule(p *Plan) *schedule {
	s := &schedule{}
	rate := p.Rate
	s.add(p.Warmup.Seconds(), rate, rate)
	for _, stage := range p.Stages {
		s.add(stage.Over.Seconds(), rate, stage.Rate)
		rate = stage.Rate
	}
	s.add(math.Inf(1), rate, rate)
	return s
}

func (s *schedule) add(length, from, to float64) {
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

// after returns after how many seconds of p as many calls are due.
func (p *piece) after(calls float64) float64 {
	switch {
	case calls <= 0: // the formula has no answer where a rate rises from zero
		return 0
	case p.from == p.to:
		return calls / p.from
	}
	slope := (p.to - p.from) / p.length
	// the usual formula loses all digits where slope is small
	return 2 * calls / (p.from + math.Sqrt(max(0, p.from*p.from+2*slope*calls)))
}

// take returns when the next call is due, or false if there is none.
func (s *schedule) take() (time.Duration, bool) {
	for ; s.next < len(s.pieces); s.next++ {
		p := &s.pieces[s.next]
		left := s.calls - p.before
		if all := p.calls(p.length); math.IsNaN(all) || left >= all { // NaN: nothing for ever
			continue
		}
		s.calls++
		return moment(p.start + p.after(left)), true
	}
	return 0, false
}

// moment returns seconds as a time: the nearest, or the longest there is.
func moment(seconds float64) time.Duration {
	if ns := math.Round(seconds * float64(time.Second)); ns < math.MaxInt64 {
		return time.Duration(ns)
	}
	return math.MaxInt64
}

// left returns how many calls are due before a moment that were not taken.
func (s *schedule) left(to time.Duration) int64 {
	return max(0, int64(math.Ceil(s.due(0, to)-s.calls-1e-6)))
}

// due returns how many calls are due between two moments.
func (s *schedule) due(from, to time.Duration) float64 {
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
