package load

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cogbus/cogbus/client/loadtest"
	"github.com/cogbus/cogbus/cmd/cogbus/internal/cli"
	"github.com/cogbus/cogbus/wire"
)

// outcome returns the error that gives a run its exit code, nil for a good run. An invalid
// run must not look like a good one to a script.
func (l *loader) outcome(ctx context.Context, r *loadtest.Report, err error) error {
	switch r.End {
	case loadtest.EndRefused, loadtest.EndLost, loadtest.EndScenario:
		return l.failed(ctx, r, err)
	case loadtest.EndInterrupted:
		return &cli.Error{Err: errors.New("interrupted: the report covers the calls until now"), Code: cli.ExitInterrupted}
	case loadtest.EndAborted:
		return &cli.Error{Err: fmt.Errorf("aborted: %s", r.EndedBy), Code: cli.ExitAssertion}
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

// undone returns an error if faults of the plan did not happen, because then the run does
// not answer the user's question.
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
		return &cli.Error{Err: fmt.Errorf("this fault did not happen: %s", list[0]), Code: cli.ExitFailed}
	}
	return &cli.Error{Err: fmt.Errorf("these faults did not happen: %s", and(list)), Code: cli.ExitFailed}
}

// judged returns an error if the run missed a goal, or is invalid and so proves nothing
// about the goals.
func judged(r *loadtest.Report) error {
	if len(r.Goals) == 0 {
		return nil
	}
	if len(r.Invalid) > 0 {
		return &cli.Error{Err: fmt.Errorf("the run is invalid, so its goals prove nothing: %s", strings.Join(distinct(r.Invalid), "; ")), Code: cli.ExitAssertion}
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
	return &cli.Error{Err: fmt.Errorf("missed %s", and(list)), Code: cli.ExitAssertion}
}

// unanswered returns the most frequent error of the calls if the bot answered none.
func unanswered(r *loadtest.Report) error {
	if r.Sent == 0 || r.Answered > 0 {
		return nil
	}
	text := fmt.Sprintf("none of %s was answered", cli.Count(int(r.Sent), "call"))
	if len(r.Errors) == 0 {
		return errors.New(text)
	}
	most := r.Errors[0]
	return wire.Errorf(most.Code, "%s; of %s: %s", text, most.Route, withoutCode(most))
}

// withoutCode returns the message of a failure without its code, which the report shows
// in another column.
func withoutCode(f loadtest.Failure) string {
	return strings.TrimPrefix(f.First, string(f.Code)+": ")
}

// distinct removes repeated texts.
func distinct(list []string) []string {
	var all []string
	for _, text := range list {
		if !slices.Contains(all, text) {
			all = append(all, text)
		}
	}
	return all
}

// failed returns the error of a run that did not happen, with a hint. The report r may
// be nil.
func (l *loader) failed(ctx context.Context, r *loadtest.Report, err error) error {
	e, ok := errors.AsType[*wire.Error](err)
	switch {
	case !ok:
		return cli.Usagef("%s", planInFlags(err))
	case ctx.Err() != nil:
		return e
	case e.Code == wire.NoRoute:
		return l.unknownRoute(ctx, r, e)
	}
	return &cli.Error{Err: e, Hint: l.env.Hint(err)}
}

// unknownRoute returns the error e about an unknown route, with the names of similar
// routes. The name of the unknown route is in the report r. If r is nil, it is known only
// if the scenario has a single route.
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
	bot, err := l.env.Connect()
	if err != nil {
		return err
	}
	defer func() { _ = bot.Close() }()
	if len(names) != 1 {
		return &cli.Error{Err: e, Hint: "cogbus routes lists all routes"}
	}
	return l.env.Explain(ctx, bot, names[0], e)
}
