package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"strconv"
	"time"

	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/admin"
)

func newPing() *command {
	p := &pinger{interval: time.Second}
	return &command{
		name:    "ping",
		params:  "[-c COUNT] [-i INTERVAL] [-q]",
		summary: "measure round trips to the bot",
		details: `Each ping is a call of cogbus.ping, and waits for its answer for at most
--timeout. Ctrl-C ends it and prints the summary. As with ping(8), the exit
code is 0 if there was an answer and 1 if there was none, also after Ctrl-C. A
bot of the Python package has no such route; that it says so is an answer.

With -c 1 -q it is the health check of a container.`,
		examples: []string{
			"cogbus ping -c 3 -i 0.1",
			"cogbus ping -c 1 -q --timeout 2s",
		},
		timeout: 5 * time.Second,
		flags: func(fs *flag.FlagSet) {
			fs.Func("c", "end after `COUNT` pings", p.setCount)
			fs.Func("i", "begin one ping each `INTERVAL`, such as 0.1 or 500ms (default 1s)", p.setInterval)
			fs.BoolVar(&p.quiet, "q", p.quiet, "print the summary only")
		},
		run: func(ctx context.Context, s *session, _ []string) error {
			p.s = s
			return p.run(ctx)
		},
	}
}

// A pinger pings one bot.
type pinger struct {
	s        *session
	count    int // 0: no end
	interval time.Duration
	quiet    bool

	target string
	bot    *client.Client // nil until the bot was reached
	tally  tally
}

func (p *pinger) setCount(text string) error {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return errors.New("want a whole number from 1")
	}
	p.count = n
	return nil
}

func (p *pinger) setInterval(text string) (err error) {
	p.interval, err = parsePeriod(text)
	return err
}

func (p *pinger) run(ctx context.Context) error {
	bot, err := p.s.connect() // finds what is wrong with the command line
	if err != nil {
		return err
	}
	_ = bot.Close()
	p.target, _ = p.s.address()
	defer func() {
		if p.bot != nil {
			_ = p.bot.Close()
		}
	}()
	var last error
	for seq := 1; p.count == 0 || seq <= p.count; seq++ {
		next := time.NewTimer(p.interval)
		took, err := p.ping(ctx)
		if ctx.Err() != nil {
			break // it was not given the time to be answered
		}
		p.tally.add(took, err)
		p.show(seq, took, err)
		if err != nil {
			last = err
		}
		if wire.CodeOf(err) == wire.Unauthorized || seq == p.count {
			break // no ping with that secret will be answered
		}
		select {
		case <-next.C:
		case <-ctx.Done():
		}
		next.Stop()
	}
	p.summary()
	if p.tally.answered > 0 {
		return nil
	}
	if last == nil {
		last = ctx.Err()
	}
	return &exitError{&advised{fmt.Errorf("ping %s: %w", p.target, last), p.s.adviseOn(last)}, exitFailed}
}

// ping takes the time of one round trip; connecting comes before that.
func (p *pinger) ping(ctx context.Context) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, p.s.limit())
	defer cancel()
	if p.bot == nil {
		began := time.Now()
		bot, err := client.Dial(ctx, p.target, p.s.client)
		if err != nil {
			return 0, err
		}
		p.bot = bot
		if !p.quiet && !p.s.json {
			p.s.out.printf("connected to %s in %.3f ms\n", p.target, milliseconds(time.Since(began)))
		}
	}
	began := time.Now()
	_, err := p.bot.Request(ctx, string(admin.Ping), nil)
	took := time.Since(began)
	if wire.CodeOf(err) == wire.NoRoute {
		err = nil // the bot lives and knows the secret
	}
	return took, err
}

func (p *pinger) show(seq int, took time.Duration, err error) {
	switch {
	case p.quiet:
	case p.s.json && err != nil:
		p.s.line(pong{Seq: seq, Error: describe(err)})
	case p.s.json:
		p.s.line(pong{Seq: seq, MS: milliseconds(took)})
	case err != nil:
		p.s.out.printf("ping %d: %s\n", seq, oneLine(inFlags(err.Error())))
	default:
		p.s.out.printf("ping %d: %.3f ms\n", seq, milliseconds(took))
	}
}

func (p *pinger) summary() {
	r := p.tally.report(p.target)
	if p.s.json {
		p.s.line(r)
		return
	}
	p.s.out.printf("%d sent, %d answered, %.3g%% lost\n", r.Sent, r.Answered, r.Lost)
	if r.Answered > 0 {
		p.s.out.printf("min/avg/max/stddev = %.3f/%.3f/%.3f/%.3f ms\n", *r.Min, *r.Avg, *r.Max, *r.Stddev)
	}
}

// A pong is a ping's outcome for programs.
type pong struct {
	Seq   int          `json:"seq"`
	MS    float64      `json:"ms,omitempty"`
	Error *description `json:"error,omitempty"`
}

// line prints v as one line of JSON.
func (s *session) line(v any) {
	text, _ := json.Marshal(v) // of strings and numbers
	s.out.printf("%s\n", text)
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
