package foreign_test

import (
	"errors"
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/internal/foreign"
)

// TestAsk runs functions that end in each way.
func TestAsk(t *testing.T) {
	for _, test := range []struct {
		name string
		f    func() int
		out  int
		end  foreign.End
		v    any
		took time.Duration
	}{
		{"returns", func() int { return 1 }, 1, foreign.Returned, nil, 0},
		{"returns late", func() int { time.Sleep(foreign.Limit - 1); return 1 }, 1, foreign.Returned, nil, foreign.Limit - 1},
		{"panics", func() int { panic("no") }, 0, foreign.Panicked, "no", 0},
		{"exits", func() int { runtime.Goexit(); return 1 }, 0, foreign.Exited, nil, 0},
		{"hangs", func() int { time.Sleep(time.Hour); return 1 }, 0, foreign.Hung, nil, foreign.Limit},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				out, end, v := foreign.Ask(test.f)
				if out != test.out || end != test.end || v != test.v || time.Since(began) != test.took {
					t.Errorf("Ask() = %v, %v, %v after %v; want %v, %v, %v after %v", out, end, v, time.Since(began), test.out, test.end, test.v, test.took)
				}
				time.Sleep(2 * time.Hour) // for the function that was left behind
			})
		})
	}
}

type link struct{ next error }

func (l *link) Error() string { return "link" }
func (l *link) Unwrap() error { return l.next }

// chain returns an error of n errors, each of which wraps the next one.
func chain(n int) (err error) {
	for range n {
		err = &link{err}
	}
	return err
}

func TestTreeEnds(t *testing.T) {
	circle := &link{}
	circle.next = circle
	var many []error
	for range foreign.MaxTree {
		many = append(many, errors.New("one"))
	}
	for _, test := range []struct {
		name string
		err  error
		want bool
	}{
		{"one", errors.New("one"), true},
		{"wrapped", fmt.Errorf("it: %w, %w", errors.New("one"), chain(3)), true},
		{"as many as may be", chain(foreign.MaxTree), true},
		{"one too many", chain(foreign.MaxTree + 1), false},
		{"joined, too many", errors.Join(many...), false},
		{"a circle", circle, false},
	} {
		if got := foreign.TreeEnds(test.err); got != test.want {
			t.Errorf("TreeEnds(%s) = %v; want %v", test.name, got, test.want)
		}
	}
}
