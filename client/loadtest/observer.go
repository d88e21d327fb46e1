package loadtest

import (
	"context"
	"slices"
	"time"

	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/wire"
)

// patience is how long the bot may take to tell its counts: a sample without them
// is better than a late one.
const patience = 300 * time.Millisecond

// An observer asks the bot what it has counted, on a connection of its own. A nil
// one knows nothing.
type observer struct {
	bot    *client.Client
	warmup time.Duration

	ahead time.Duration // the bot's clock of this one

	before *wire.Stats // at the beginning of the measurement
	last   *wire.Stats
	peaks  map[string]*CogSample
}

// newObserver returns nil for a bot that does not tell.
func newObserver(r *run) *observer {
	o := r.clientOptions("cogbus load: observer")
	bot, err := client.New(r.Target, &o)
	if err != nil {
		return nil // the lines were opened with the same: that cannot be
	}
	ob := &observer{bot: bot, warmup: r.Warmup, peaks: map[string]*CogSample{}}
	if ob.ask(2*time.Second) == nil {
		_ = bot.Close()
		return nil
	}
	asked := time.Now() // again: connecting took longer there than back
	stats := ob.ask(2 * time.Second)
	if stats == nil {
		_ = bot.Close()
		return nil
	}
	ob.ahead = stats.Time.Sub(asked.Add(time.Since(asked) / 2))
	ob.before, ob.last = stats, stats
	return ob
}

func (o *observer) close() {
	if o != nil {
		_ = o.bot.Close()
	}
}

// ask returns nil if the bot does not answer.
func (o *observer) ask(wait time.Duration) *wire.Stats {
	ctx, cancel := context.WithTimeout(context.Background(), wait)
	defer cancel()
	stats, err := client.Call(ctx, o.bot, wire.ReadStats, wire.Empty{})
	if err != nil {
		return nil
	}
	return &stats
}

// begin notes what there was when the measurement began.
func (o *observer) begin() {
	if o != nil {
		o.before = o.last
	}
}

// finish asks for the last time.
func (o *observer) finish() {
	if o == nil {
		return
	}
	if stats := o.ask(2 * time.Second); stats != nil {
		o.last = stats
	}
}

// sample returns the state of the cogs.
func (o *observer) sample(at time.Duration) []CogSample {
	if o == nil {
		return nil
	}
	stats := o.ask(patience)
	if stats == nil {
		return nil
	}
	var list []CogSample
	for _, c := range stats.Cogs {
		s := CogSample{Name: c.Name, InFlight: c.InFlight, Waiting: c.Waiting, Held: c.Held, Refused: sum(c.Refused)}
		if before := cogIn(o.last, c.Name); c.Calls >= before.Calls { // else it was loaded anew
			s.Refused -= sum(before.Refused)
		}
		list = append(list, s)
		if at <= o.warmup {
			continue
		}
		p := o.peaks[c.Name]
		if p == nil {
			p = &CogSample{}
			o.peaks[c.Name] = p
		}
		p.InFlight, p.Waiting, p.Held = max(p.InFlight, s.InFlight), max(p.Waiting, s.Waiting), max(p.Held, s.Held)
	}
	o.last = stats
	return list
}

func sum(counts map[wire.Code]uint64) (n uint64) {
	for _, c := range counts {
		n += c
	}
	return n
}

func cogIn(s *wire.Stats, name string) wire.CogStats {
	if s != nil {
		if i := slices.IndexFunc(s.Cogs, func(c wire.CogStats) bool { return c.Name == name }); i >= 0 {
			return s.Cogs[i]
		}
	}
	return wire.CogStats{}
}

// report returns what the bot has counted in between. The measurement began at a
// moment.
func (o *observer) report(began time.Time) *Server {
	if o == nil {
		return nil
	}
	began = began.Add(o.ahead) // by the bot's clock
	s := &Server{GCPauses: since(o.before.GCPauses, o.last.GCPauses), Heap: o.last.Heap}
	for _, after := range o.last.Cogs {
		before := cogIn(o.before, after.Name)
		if after.Calls < before.Calls { // it was unloaded and loaded meanwhile
			before = wire.CogStats{}
		}
		c := Cog{
			Name:    after.Name,
			Calls:   after.Calls - before.Calls,
			Queue:   since(before.Queue, after.Queue),
			Handler: since(before.Handler, after.Handler),
		}
		if p := o.peaks[after.Name]; p != nil {
			c.MaxFlight, c.MaxWaiting, c.MaxHeld = p.InFlight, p.Waiting, p.Held
		}
		for code, n := range after.Refused {
			if n > before.Refused[code] {
				if c.Refused == nil {
					c.Refused = map[wire.Code]uint64{}
				}
				c.Refused[code] = n - before.Refused[code]
			}
		}
		for _, sw := range after.Switches {
			if at := sw.At.Sub(began); at >= 0 {
				c.Switches = append(c.Switches, Switch{At: at.Seconds(), Switched: sw.Switched})
			}
		}
		s.Cogs = append(s.Cogs, c)
	}
	return s
}
