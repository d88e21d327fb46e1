package commands

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/cmd/cogbus/internal/cli"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/admin"
)

// NewPing returns the command "ping".
func NewPing(env *cli.Env) *cobra.Command {
	p := &pinger{env: env, interval: time.Second}
	cmd := &cobra.Command{
		Use:   "ping [-c COUNT] [-i INTERVAL] [-q]",
		Short: "Measure round trips to the bot",
		Long: `Each ping is a call of cogbus.ping, and waits for its answer for at most
--timeout. Ctrl-C ends the command and prints the summary. As with ping(8), the
exit code is 0 if there was an answer and 1 if there was none, also after Ctrl-C. A
bot of the Python package does not have that route. Its error counts as an answer.

With -c 1 -q the command is a health check for a container.`,
		Example:           "cogbus ping -c 3 -i 0.1\n  cogbus ping -c 1 -q --timeout 2s",
		Args:              cli.Args(0, 0),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			env.DefaultTimeout = 5 * time.Second
			return p.run(cmd.Context())
		},
	}
	cli.AddFlags(cmd, "Flags", func(fs *pflag.FlagSet) {
		fs.FuncP("count", "c", "end after `COUNT` pings", p.setCount)
		fs.FuncP("interval", "i", "begin one ping each `INTERVAL`, such as 0.1 or 500ms (default 1s)", p.setInterval)
		fs.BoolVarP(&p.quiet, "quiet", "q", false, "print the summary only")
	})
	return cmd
}

// A pinger pings one bot.
type pinger struct {
	env      *cli.Env
	count    int // 0 means that Ctrl-C ends it
	interval time.Duration
	quiet    bool

	target  string
	options *client.Options
	bot     *client.Client // nil until the bot was reached
	tally   tally
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
	p.interval, err = cli.ParsePeriod(text)
	return err
}

func (p *pinger) run(ctx context.Context) error {
	bot, err := p.env.Connect() // finds errors in the command line
	if err != nil {
		return err
	}
	_ = bot.Close()
	if p.options, err = p.env.ClientOptions(); err != nil {
		return err
	}
	p.target, _ = p.env.Address()
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
			break // the user has interrupted this ping, so it does not count
		}
		p.tally.add(took, err)
		p.show(seq, took, err)
		if err != nil {
			last = err
		}
		if wire.CodeOf(err) == wire.Unauthorized || seq == p.count {
			break // the bot will refuse all other pings with that secret
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
	return &cli.Error{
		Err:  fmt.Errorf("ping %s: %w", p.target, last),
		Code: cli.ExitFailed,
		Hint: p.env.Hint(last),
	}
}

// ping measures one round trip. The time does not include connecting.
func (p *pinger) ping(ctx context.Context) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, p.env.Limit())
	defer cancel()
	if p.bot == nil {
		began := time.Now()
		bot, err := client.Dial(ctx, p.target, p.options)
		if err != nil {
			return 0, err
		}
		p.bot = bot
		if !p.quiet && !p.env.JSON {
			p.env.Out.Printf("connected to %s in %.3f ms\n", p.target, milliseconds(time.Since(began)))
		}
	}
	began := time.Now()
	_, err := p.bot.Request(ctx, string(admin.Ping), nil)
	took := time.Since(began)
	if wire.CodeOf(err) == wire.NoRoute {
		err = nil // this error counts as an answer, because the bot runs and accepts the secret
	}
	return took, err
}

func (p *pinger) show(seq int, took time.Duration, err error) {
	switch {
	case p.quiet:
	case p.env.JSON && err != nil:
		p.env.Out.JSON(pong{Seq: seq, Error: cli.Describe(err)})
	case p.env.JSON:
		p.env.Out.JSON(pong{Seq: seq, MS: milliseconds(took)})
	case err != nil:
		p.env.Out.Printf("ping %d: %s\n", seq, p.env.Out.Colours.Red(cli.OneLine(cli.InFlags(err.Error()))))
	default:
		p.env.Out.Printf("ping %d: %.3f ms\n", seq, milliseconds(took))
	}
}

func (p *pinger) summary() {
	r := p.tally.report(p.target)
	if p.env.JSON {
		p.env.Out.JSON(r)
		return
	}
	p.env.Out.Printf("%d sent, %d answered, %.3g%% lost\n", r.Sent, r.Answered, r.Lost)
	if r.Answered > 0 {
		p.env.Out.Printf("min/avg/max/stddev = %.3f/%.3f/%.3f/%.3f ms\n", *r.Min, *r.Avg, *r.Max, *r.Stddev)
	}
}

// A pong is a ping's outcome for programs.
type pong struct {
	Seq   int              `json:"seq"`
	MS    float64          `json:"ms,omitempty"`
	Error *cli.Description `json:"error,omitempty"`
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
