package load

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/cogbus/cogbus/client/loadtest"
	"github.com/cogbus/cogbus/cmd/cogbus/internal/cli"
)

// search looks for the highest rate at which the goals are met.
func (l *loader) search(ctx context.Context, p loadtest.Plan) error {
	l.out.live = false // a line for each try replaces the lines for each second
	progress := l.env.Progress("the first try")
	p.Progress = func(s loadtest.Sample) {
		l.out.progress(s)
		progress.Say(fmt.Sprintf("this try: %s of %s s, %s answered/s", moment(s.At), moment(p.Duration.Seconds()), perSecond(s.Answered, s.Seconds)))
	}
	f, err := loadtest.FindMax(ctx, p, loadtest.Search{Goals: l.findMax, Most: l.most, Progress: func(t loadtest.Try) {
		if !l.env.JSON {
			progress.Hide() // the progress and the output may be on the same terminal
			l.env.Out.Printf("%s\n", tried(t, l.env.Out.Colours))
		}
	}})
	progress.Done()
	if err != nil {
		return l.failed(ctx, nil, err)
	}
	if f.Report != nil {
		l.sign(f.Report)
	}
	if l.env.JSON {
		text, err := json.MarshalIndent(f, "", "  ")
		if err != nil {
			return fmt.Errorf("encode the result: %w", err)
		}
		l.env.Out.Printf("%s\n", text)
	} else if f.Rate > 0 {
		l.env.Out.Printf("\nholds at %s calls/s; above: %s\n", figure(f.Rate), cli.OneLine(f.Limit))
	}
	if f.Report != nil {
		if err := l.out.files(f.Report); err != nil {
			return err
		}
	}
	if ctx.Err() != nil {
		return &cli.Error{Err: errors.New(f.Limit), Code: cli.ExitInterrupted}
	}
	if f.Report != nil {
		if err := undone(f.Report); err != nil {
			return err
		}
	}
	if f.Rate == 0 {
		return &cli.Error{Err: fmt.Errorf("no rate holds: %s", f.Limit), Code: cli.ExitAssertion}
	}
	return nil
}

// tried describes a try in one line.
func tried(t loadtest.Try, colours cli.Colours) string {
	var list []string
	for _, v := range t.Verdicts {
		list = append(list, v.Goal+": "+withUnit(v.Got, v.Unit))
	}
	for _, why := range t.Invalid {
		list = append(list, "invalid: "+why)
	}
	for _, note := range t.Notes {
		list = append(list, "note: "+note)
	}
	held := colours.Red("no   ")
	if t.Held {
		held = colours.Green("holds")
	}
	return fmt.Sprintf("%10s calls/s  %s  %s", figure(t.Rate), held, cli.OneLine(strings.Join(list, "  ")))
}
