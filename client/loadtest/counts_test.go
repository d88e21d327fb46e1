package loadtest_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/client/loadtest"
	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/wire"
)

// A ledger counts the calls in the handlers of a bot.
type ledger struct{ began, ended atomic.Int64 }

// cog returns a cog that takes 25 ms a call, and fails every seventh call.
func (l *ledger) cog() cogs.Cog {
	return cogs.Cog{Name: "work", Setup: func(_ context.Context, r *cogs.Registrar) error {
		cogs.Handle(r, "work", func(ctx context.Context, in struct{ Seq int }) (wire.Empty, error) {
			l.began.Add(1)
			defer l.ended.Add(1)
			time.Sleep(25 * time.Millisecond)
			if in.Seq%7 == 0 {
				return wire.Empty{}, wire.Errorf(wire.NotFound, "it is the seventh")
			}
			return wire.Empty{}, nil
		})
		return nil
	}}
}

// TestRun_counts compares the generator's counts with the bot's, while cogs are
// reloaded and fail, and connections are cut and stopped.
func TestRun_counts(t *testing.T) {
	faults := map[string]string{
		"quiet":  "",
		"faults": "reload=work@500ms,kill=work@1s,reload=work@1500ms,churn=20/s@1800ms+500ms,partition=2@2500ms+300ms",
	}
	for _, dialect := range []loadtest.Dialect{loadtest.V1, loadtest.IPCX, loadtest.IPCXDial} {
		for name, text := range faults {
			for _, loop := range []string{"open", "closed"} {
				t.Run(string(dialect)+"/"+name+"/"+loop, func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) { testCounts(t, dialect, text, loop) })
				})
			}
		}
	}
}

func testCounts(t *testing.T, dialect loadtest.Dialect, faults, loop string) {
	var done ledger
	p := start(t, done.cog())
	p.Dialect, p.Duration, p.Timeout, p.Churn = dialect, 3*time.Second, time.Second, 5
	p.Scenario = calling(`work={"Seq":{{seq}}}`)
	p.Connections = 8
	if loop == "open" {
		p.Rate = 200
	} else {
		p.Callers, p.Depth, p.Connections = 4, 4, 4
		// fewer calls, because a connection for each call makes the test slow; and a
		// time that keeps calls out of step with the faults
		p.Scenario.Think = 22 * time.Millisecond
	}
	if faults != "" {
		var err error
		if p.Faults, err = loadtest.ParseFaults(faults); err != nil {
			t.Fatal(err)
		}
	}
	r, err := loadtest.Run(t.Context(), p)
	if err != nil {
		t.Fatalf("Run() = %v", err)
	}
	if r.Sent != r.Answered+r.Failed+r.Unanswered {
		t.Errorf("sent %d is not answered %d + failed %d + unanswered %d", r.Sent, r.Answered, r.Failed, r.Unanswered)
	}
	var sevenths, refused, other int64
	for _, e := range r.Errors {
		switch {
		case e.Code == wire.NotFound:
			sevenths += e.Count
		case e.Unanswered, e.Code == wire.Interrupted: // may have run
		case e.Code == wire.Unavailable, e.Code == wire.Overloaded:
			refused += e.Count
		default:
			other += e.Count
		}
	}
	if sevenths == 0 {
		t.Errorf("errors = %+v; want those of the seventh calls", r.Errors)
	}
	// unanswered calls may have run, and refused calls have not
	ran := done.began.Load()
	if least, most := r.Answered+sevenths+other, r.Sent-refused; ran < least || ran > most {
		t.Errorf("the bot has run %d calls; want %d to %d: %+v", ran, least, most, r.Errors)
	}
	if done.ended.Load() != ran {
		t.Errorf("%d of %d calls have ended; want all", done.ended.Load(), ran)
	}
	if faults == "" && (r.Unanswered > 0 || refused > 0 || ran != r.Sent) {
		t.Errorf("without faults: sent %d, ran %d, %+v; want none lost", r.Sent, ran, r.Errors)
	}
	var sent, ended int64
	for _, s := range r.Timeline {
		sent += s.Sent
		ended += s.Answered + s.Failed + s.Unanswered
	}
	if sent != r.Sent || ended != r.Sent {
		t.Errorf("the timeline has %d sent and %d ended; want %d", sent, ended, r.Sent)
	}
	for _, f := range r.Faults {
		if f.Err != "" {
			t.Errorf("fault %s = %s; want no error", f.Text, f.Err)
		}
	}
	if faults != "" {
		if r.Lines.Cut == 0 {
			t.Errorf("connections = %+v; want some cut", r.Lines)
		}
		if len(r.Faults) != len(strings.Split(faults, ",")) {
			t.Errorf("%d faults; want all of %s", len(r.Faults), faults)
		}
	} else if r.Lines.Churned < 5 {
		t.Errorf("connections = %+v; want some churned", r.Lines)
	}
	if r.Server == nil {
		t.Fatal("the report has no statistics of the bot")
	}
	for _, c := range r.Server.Cogs {
		if c.Name == "work" && (int64(c.Calls) < ran || int64(c.Calls) > r.Sent) {
			t.Errorf("the bot counts %d calls; want %d to %d", c.Calls, ran, r.Sent)
		}
	}
}
