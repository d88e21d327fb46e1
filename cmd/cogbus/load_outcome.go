package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cogbus/cogbus/client/loadtest"
	"github.com/cogbus/cogbus/wire"
)

// outcome returns the error that has the exit code of a run. A run that proves
// nothing must not look like a good one to a script.
func (l *loader) outcome(ctx context.Context, r *loadtest.Report, err error) error {
	switch r.End {
	case loadtest.EndRefused, loadtest.EndLost, loadtest.EndScenario:
		return l.failed(ctx, r, err)
	case loadtest.EndInterrupted:
		return &exitError{errors.New("interrupted: the report is that of the calls up to now"), exitInterrupted}
	case loadtest.EndAborted:
		return &exitError{fmt.Errorf("aborted: %s", r.EndedBy), exitAssertion}
	case loadtest.EndDone:
	}
	if err := undone(r); err != nil {
		return err
	}
	if err := judged(r); err != nil {
		return err
	}
	return unanswered(r)
}

// undone is the error of faults that did not happen: what callers saw without them
// is no answer to what was asked.
func undone(r *loadtest.Report) error {
	var list []string
	for _, f := range r.Faults {
		if f.Err != "" {
			list = append(list, fmt.Sprintf("%s (%s)", f.Text, f.Err))
		}
	}
	switch len(list) {
	case 0:
		return nil
	case 1:
		return &exitError{fmt.Errorf("this fault did not happen: %s", list[0]), exitFailed}
	}
	return &exitError{fmt.Errorf("these faults did not happen: %s", and(list)), exitFailed}
}

// judged is the error of goals that were missed, or that a run says nothing of.
func judged(r *loadtest.Report) error {
	if len(r.Goals) == 0 {
		return nil
	}
	if len(r.Invalid) > 0 {
		return &exitError{fmt.Errorf("the run is invalid, so its goals prove nothing: %s", strings.Join(distinct(r.Invalid), "; ")), exitAssertion}
	}
	var list []string
	for _, v := range r.Goals {
		if !v.Met {
			list = append(list, fmt.Sprintf("%s (%s)", v.Goal, got(v, r)))
		}
	}
	if len(list) == 0 {
		return nil
	}
	return &exitError{fmt.Errorf("missed %s", and(list)), exitAssertion}
}

// unanswered is the error of a run in which calls were made and none was answered:
// the one that most of them had.
func unanswered(r *loadtest.Report) error {
	if r.Sent == 0 || r.Answered > 0 {
		return nil
	}
	text := fmt.Sprintf("none of %s was answered", count(int(r.Sent), "call"))
	if len(r.Errors) == 0 {
		return errors.New(text)
	}
	most := r.Errors[0]
	return wire.Errorf(most.Code, "%s; of %s: %s", text, most.Route, withoutCode(most))
}

// withoutCode returns the message of a kind of failure; the code stands beside it.
func withoutCode(f loadtest.Failure) string {
	return strings.TrimPrefix(f.First, string(f.Code)+": ")
}

// distinct leaves out what was said before.
func distinct(list []string) []string {
	var all []string
	for _, text := range list {
		if !slices.Contains(all, text) {
			all = append(all, text)
		}
	}
	return all
}

// failed is the error of a run that could not be made. Its report may be nil.
func (l *loader) failed(ctx context.Context, r *loadtest.Report, err error) error {
	e, ok := errors.AsType[*wire.Error](err)
	switch {
	case !ok:
		return usagef("load", "%s", planInFlags(err))
	case ctx.Err() != nil:
		return e
	case e.Code == wire.NoRoute:
		return l.unknownRoute(ctx, r, e)
	}
	return &advised{e, l.s.adviseOn(err)}
}

// unknownRoute adds routes that are like the one that there is not, which the
// report names if there are several; nil: there is none.
func (l *loader) unknownRoute(ctx context.Context, r *loadtest.Report, e *wire.Error) error {
	var names []string
	if r != nil {
		for _, f := range r.Errors {
			if f.Code == wire.NoRoute {
				names = append(names, f.Route)
			}
		}
	} else {
		names = l.routes.names
	}
	bot, err := l.s.connect()
	if err != nil {
		return err
	}
	defer func() { _ = bot.Close() }()
	if len(names) != 1 {
		return &advised{e, "cogbus routes lists what there is"}
	}
	return l.s.advise(ctx, bot, names[0], e)
}
