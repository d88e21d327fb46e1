package page

import (
	"fmt"
	"strconv"

	"github.com/cogbus/cogbus/client/loadtest"
)

// charts has the data that page.js draws. Columns have an element for each sample.
type charts struct {
	From        []num        `json:"from"` // s
	To          []num        `json:"to"`
	Merged      int          `json:"merged"` // number of samples that were folded into each element
	P50         []*num       `json:"p50"`    // ms; null if no call was timed
	P90         []*num       `json:"p90"`
	P99         []*num       `json:"p99"`
	Max         []*num       `json:"max"`
	Lag         []*num       `json:"lag"`
	Sent        []num        `json:"sent"` // this and the next three are calls a second
	Answered    []num        `json:"answered"`
	Failed      []num        `json:"failed"`
	Unanswered  []num        `json:"unanswered"`
	InFlight    []num        `json:"in_flight"`
	Connections []num        `json:"connections"`
	Wanted      []*num       `json:"wanted"`
	Errors      []column     `json:"errors"`
	Faults      []faultMark  `json:"faults"`
	Switches    []switchMark `json:"switches"`
	Cogs        []cogColumns `json:"cogs"`
	Times       []cogTimes   `json:"times"`

	Response *distribution `json:"response"`
	Service  *distribution `json:"service"`
}

// A num is encoded with seven significant digits, which are enough for a chart.
// encoding/json would write up to seventeen.
type num float64

// MarshalJSON also writes NaN and infinities. encoding/json then returns an error,
// because they are not JSON.
func (n num) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, float64(n), 'g', 7, 64), nil
}

type column struct {
	Name string `json:"name"`
	N    []num  `json:"n"` // errors a second
}

type faultMark struct {
	Text  string `json:"text"`
	At    num    `json:"at"`
	Until num    `json:"until"`
	Err   bool   `json:"error"`
}

type switchMark struct {
	Cog string `json:"cog"`
	At  num    `json:"at"`
}

type cogColumns struct {
	Name     string `json:"name"`
	InFlight []num  `json:"in_flight"`
	Waiting  []num  `json:"waiting"`
	Held     []num  `json:"held"`
}

// cogTimes has p50 and p99 for the bars of a cog, in ms.
type cogTimes struct {
	Name    string  `json:"name"`
	Queue   *[2]num `json:"queue"`
	Handler *[2]num `json:"handler"`
}

func chartsOf(r *loadtest.Report) (*charts, error) {
	c := &charts{}
	var err error
	if c.Response, err = distributionOf(r.Response); err != nil {
		return nil, fmt.Errorf("decode the histogram of the response: %w", err)
	}
	if r.Load.Open { // in a closed loop it equals the response time
		if c.Service, err = distributionOf(r.Service); err != nil {
			return nil, fmt.Errorf("decode the histogram of the service: %w", err)
		}
	}
	samples, merged := fold(r.Timeline)
	c.Merged = merged
	for _, s := range samples {
		c.add(s)
	}
	c.Wanted = wantedOf(&r.Load, samples)
	c.Errors = errorsOf(samples, r.Errors)
	for _, f := range r.Faults {
		c.Faults = append(c.Faults, faultMark{f.Text, num(f.At), num(f.At + f.Took/1000), f.Err != ""})
	}
	c.Cogs = cogsOf(samples)
	if r.Server != nil {
		for _, cog := range r.Server.Cogs {
			for _, s := range cog.Switches {
				c.Switches = append(c.Switches, switchMark{cog.Name, num(s.At)})
			}
			if t := (cogTimes{cog.Name, span(cog.Queue), span(cog.Handler)}); t.Queue != nil || t.Handler != nil {
				c.Times = append(c.Times, t)
			}
		}
	}
	return c, nil
}

func (c *charts) add(s loadtest.Sample) {
	c.From = append(c.From, num(s.At-s.Seconds))
	c.To = append(c.To, num(s.At))
	c.P50 = append(c.P50, measured(s.P50))
	c.P90 = append(c.P90, measured(s.P90))
	c.P99 = append(c.P99, measured(s.P99))
	c.Max = append(c.Max, measured(s.Max))
	c.Lag = append(c.Lag, measured(s.Lag))
	c.Sent = append(c.Sent, perSecond(s.Sent, s))
	c.Answered = append(c.Answered, perSecond(s.Answered, s))
	c.Failed = append(c.Failed, perSecond(s.Failed, s))
	c.Unanswered = append(c.Unanswered, perSecond(s.Unanswered, s))
	c.InFlight = append(c.InFlight, num(s.InFlight))
	c.Connections = append(c.Connections, num(s.Connections))
}

func measured(ms float64) *num {
	if ms == 0 {
		return nil
	}
	return new(num(ms))
}

func perSecond(n int64, s loadtest.Sample) num {
	if s.Seconds <= 0 {
		return 0
	}
	return num(float64(n) / s.Seconds)
}

func span(l loadtest.Latency) *[2]num {
	if l.Count == 0 {
		return nil
	}
	return &[2]num{num(l.P50), num(l.P99)}
}

// wantedOf returns the planned rate in the middle of each sample. An element is nil if
// the plan has no rate there.
func wantedOf(l *loadtest.Load, samples []loadtest.Sample) []*num {
	if !l.Open {
		return nil
	}
	wanted := make([]*num, len(samples))
	for i, s := range samples {
		if at := s.At - s.Seconds/2; l.Duration == 0 || at < l.Duration {
			wanted[i] = new(num(planned(l, at)))
		}
	}
	return wanted
}

// planned returns the rate that l has planned for a time. Before the stages it is
// l.Rate, and after them the rate of the last stage.
func planned(l *loadtest.Load, at float64) float64 {
	begin, level := 0.0, l.Rate
	for _, s := range l.Stages {
		over := s.Over.Seconds()
		if at < begin {
			break
		}
		if at < begin+over {
			return level + (s.Rate-level)*(at-begin)/over
		}
		begin, level = begin+over, s.Rate
	}
	return level
}
