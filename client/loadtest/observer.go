package loadtest

import (
	"context"
	"time"

	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/admin"
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

	last   *admin.BotStats // the last reading
	missed bool            // the bot did not answer in time since
	counts botCounts       // up to last
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
	ob.last = stats
	return ob
}

func (o *observer) close() {
	if o != nil {
		_ = o.bot.Close()
	}
}

// ask returns nil if the bot does not answer.
func (o *observer) ask(wait time.Duration) *admin.BotStats {
	ctx, cancel := context.WithTimeout(context.Background(), wait)
	defer cancel()
	stats, err := client.Call(ctx, o.bot, admin.Stats, wire.Empty{})
	if err != nil {
		return nil
	}
	return &stats
}

// read notes what the bot has counted up to now. It reports whether the bot told.
func (o *observer) read(wait time.Duration) bool {
	stats := o.ask(wait)
	if o.missed = stats == nil; o.missed {
		return false
	}
	o.counts.add(o.last, stats)
	o.last = stats
	return true
}

// begin begins the counts of the measurement: with the sample that was taken just
// now, or if there was none in time, now.
func (o *observer) begin() {
	if o == nil {
		return
	}
	if o.missed {
		o.read(patience)
	}
	o.counts = botCounts{}
}

// finish asks for the last time.
func (o *observer) finish() {
	if o != nil {
		o.read(2 * time.Second)
	}
}

// sample returns the state of the cogs.
func (o *observer) sample(at time.Duration) []CogSample {
	if o == nil {
		return nil
	}
	before := o.last
	if !o.read(patience) {
		return nil
	}
	var list []CogSample
	for _, c := range o.last.Cogs {
		s := CogSample{Name: c.Name, InFlight: c.InFlight, Waiting: c.Waiting, Held: c.Held}
		s.Refused = sum(c.Refused) - sum(goneOn(before, &c).Refused)
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
	return list
}

// report returns what the bot has counted in the measurement, which began at a
// moment.
func (o *observer) report(began time.Time) *Server {
	if o == nil {
		return nil
	}
	s := &Server{
		Cogs:     o.counts.report(began.Add(o.ahead)), // by the bot's clock
		GCPauses: o.counts.gcPauses.latency(),
		Heap:     o.last.Heap,
	}
	for i := range s.Cogs {
		c := &s.Cogs[i]
		if p := o.peaks[c.Name]; p != nil {
			c.MaxFlight, c.MaxWaiting, c.MaxHeld = p.InFlight, p.Waiting, p.Held
		}
	}
	return s
}
