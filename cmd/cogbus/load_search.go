package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/cogbus/cogbus/client/loadtest"
)

// search looks for the highest rate at which the goals are met.
func (l *loader) search(ctx context.Context, p loadtest.Plan) error {
	l.out.live = false // each try has a line
	f, err := loadtest.FindMax(ctx, p, loadtest.Search{Goals: l.findMax, Most: l.most, Progress: func(t loadtest.Try) {
		if !l.s.json {
			l.s.out.printf("%s\n", tried(t))
		}
	}})
	if err != nil {
		return l.failed(ctx, nil, err)
	}
	if f.Report != nil {
		l.sign(f.Report)
	}
	if l.s.json {
		text, err := json.MarshalIndent(f, "", "  ")
		if err != nil {
			return fmt.Errorf("encode what was found: %w", err)
		}
		l.s.out.printf("%s\n", text)
	} else if f.Rate > 0 {
		l.s.out.printf("\nholds at %s calls/s; above: %s\n", figure(f.Rate), oneLine(f.Limit))
	}
	if f.Report != nil {
		if err := l.out.files(f.Report); err != nil {
			return err
		}
	}
	if ctx.Err() != nil {
		return &exitError{errors.New(f.Limit), exitInterrupted}
	}
	if f.Report != nil {
		if err := undone(f.Report); err != nil {
			return err
		}
	}
	if f.Rate == 0 {
		return &exitError{fmt.Errorf("no rate holds: %s", f.Limit), exitAssertion}
	}
	return nil
}

// tried is one line on a try.
func tried(t loadtest.Try) string {
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
	return fmt.Sprintf("%10s calls/s  %-5s  %s", figure(t.Rate), map[bool]string{true: "holds", false: "no"}[t.Held], oneLine(strings.Join(list, "  ")))
}
