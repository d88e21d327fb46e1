package loadtest

import (
	"context"
	"time"

	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/admin"
)

// patience is the time that the bot has to report its statistics for a sample. A
// late sample is worse than a sample without them.
const patience = 300 * time.Millisecond

// A statsClient asks the bot for its statistics, on a connection of its own. A nil
// statsClient reports nothing.
type statsClient struct {
	bot    *client.Client
	warmup time.Duration

	ahead time.Duration // how far the bot's clock is ahead of the local clock

	last   *admin.BotStats // the last reading
	missed bool            // the bot did not answer the last request in time
	stats  botStats        // up to last
	peaks  map[string]*CogSample
}

// newStatsClient returns nil if the bot does not report statistics.
func newStatsClient(p *Plan) *statsClient {
	o := p.clientOptions("cogbus load: observer")
	bot, err := client.New(p.Target, &o)
	if err != nil {
		return nil // cannot happen, because withDefaults has tried it
	}
	c := &statsClient{bot: bot, warmup: p.Warmup, peaks: map[string]*CogSample{}}
	if c.ask(2*time.Second) == nil {
		_ = bot.Close()
		return nil
	}
	asked := time.Now() // a second time, because the first request took longer: it had to connect
	stats := c.ask(2 * time.Second)
	if stats == nil {
		_ = bot.Close()
		return nil
	}
	c.ahead = stats.Time.Sub(asked.Add(time.Since(asked) / 2))
	c.last = stats
	return c
}

func (c *statsClient) close() {
	if c != nil {
		_ = c.bot.Close()
	}
}

// ask returns nil if the bot does not answer in time.
func (c *statsClient) ask(limit time.Duration) *admin.BotStats {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	stats, err := client.Call(ctx, c.bot, admin.Stats, wire.Empty{})
	if err != nil {
		return nil
	}
	return &stats
}

// read adds the bot's current statistics to stats. It returns false if the bot does
// not answer in time.
func (c *statsClient) read(limit time.Duration) bool {
	stats := c.ask(limit)
	if c.missed = stats == nil; c.missed {
		return false
	}
	c.stats.add(c.last, stats)
	c.last = stats
	return true
}

// begin begins the measurement. Its statistics count from the last reading. If the
// bot did not answer in time then, begin asks again.
func (c *statsClient) begin() {
	if c == nil {
		return
	}
	if c.missed {
		c.read(patience)
	}
	c.stats = botStats{}
}

// finish asks for the last time.
func (c *statsClient) finish() {
	if c != nil {
		c.read(2 * time.Second)
	}
}

// sample returns the state of the cogs.
func (c *statsClient) sample(at time.Duration) []CogSample {
	if c == nil {
		return nil
	}
	before := c.last
	if !c.read(patience) {
		return nil
	}
	var list []CogSample
	for _, cog := range c.last.Cogs {
		s := CogSample{Name: cog.Name, InFlight: cog.InFlight, Waiting: cog.Waiting, Held: cog.Held}
		s.Refused = sum(cog.Refused) - sum(baseOf(before, &cog).Refused)
		list = append(list, s)
		if at <= c.warmup {
			continue
		}
		p := c.peaks[cog.Name]
		if p == nil {
			p = &CogSample{}
			c.peaks[cog.Name] = p
		}
		p.InFlight, p.Waiting, p.Held = max(p.InFlight, s.InFlight), max(p.Waiting, s.Waiting), max(p.Held, s.Held)
	}
	return list
}

// report returns the bot's statistics of the measurement, which began at a time of
// the local clock.
func (c *statsClient) report(began time.Time) *Server {
	if c == nil {
		return nil
	}
	s := &Server{
		Cogs:     c.stats.report(began.Add(c.ahead)),
		GCPauses: c.stats.gcPauses.latency(),
		Heap:     c.last.Heap,
	}
	for i := range s.Cogs {
		cog := &s.Cogs[i]
		if p := c.peaks[cog.Name]; p != nil {
			cog.MaxFlight, cog.MaxWaiting, cog.MaxHeld = p.InFlight, p.Waiting, p.Held
		}
	}
	return s
}
