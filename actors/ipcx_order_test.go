package actors_test

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/actors"
	"github.com/cogbus/cogbus/wire/protocol"
)

// TestIPCX_order sends requests of which the first is slow. Up to 64 are read
// ahead; they are run one after the other and answered in order.
func TestIPCX_order(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := newServer(t, nil)
		beside := newNeighbour(t, srv)
		p := known(t, srv, "ipcx")
		const requests = 200
		var sent atomic.Int64
		go func() {
			p.say(envelope("sleep", `{"s":1}`))
			for n := range requests {
				switch n % 4 {
				case 0:
					p.say(envelope("echo", fmt.Sprintf(`{"n":%d}`, n)))
				case 1:
					p.say("nonsense")
				case 2:
					p.say(envelope("nothing", "{}"))
				case 3:
					p.say(envelope("sleep", "{}"))
				}
				sent.Add(1)
			}
		}()
		time.Sleep(500 * time.Millisecond)
		if n := sent.Load(); n < 64 || n > 66 {
			t.Errorf("%d requests were taken behind a slow one; want 64 read ahead", n)
		}
		if len(p.frames) != 0 {
			t.Errorf("the server sent %v before its turn", <-p.frames)
		}
		beside.check("meanwhile")
		if got := p.answer(); got != `"slept"` {
			t.Errorf("the first answer = %s; want that of the first request", got)
		}
		for n := range requests {
			want := [4]string{fmt.Sprintf(`{"n":%d}`, n), bad400, noRoute, `"slept"`}[n%4]
			if got := p.answer(); !strings.HasSuffix(got, want) {
				t.Fatalf("answer %d = %s; want %s", n, got, want)
			}
		}
	})
}

// TestIPCX_manyRefused pipelines requests that are all refused. The stack must
// not grow with them.
func TestIPCX_manyRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &stackLog{Handler: slog.DiscardHandler}
		srv := newServer(t, &actors.Options{Logger: slog.New(log)})
		p := known(t, srv, "ipcx")
		p.say(envelope("sleep", `{"s":1}`))
		go func() {
			for range 1000 {
				p.say(envelope("nothing", "{}"))
			}
		}()
		for range 1001 {
			p.answer()
		}
		if deepest := log.deepest.Load(); deepest == 0 || deepest > 60 {
			t.Errorf("requests were refused %d calls deep; want some, and no more than one needs", deepest)
		}
	})
}

// A stackLog notes the depth of the stack at each log message. Failures are logged on
// the goroutine that meets them.
type stackLog struct {
	slog.Handler
	deepest atomic.Int64
}

func (*stackLog) Enabled(context.Context, slog.Level) bool { return true }

func (l *stackLog) Handle(context.Context, slog.Record) error {
	var frames [1000]uintptr
	depth := int64(runtime.Callers(0, frames[:]))
	for last := l.deepest.Load(); depth > last && !l.deepest.CompareAndSwap(last, depth); last = l.deepest.Load() {
	}
	return nil
}

func TestV1_answersAsTheyCome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := newServer(t, nil)
		p := known(t, srv, protocol.Subprotocol)
		for id, s := range []int{3, 1, 2} {
			p.say(fmt.Sprintf(`{"id":%d,"call":"sleep","data":{"s":%d}}`, id+1, s))
		}
		for _, again := range []string{`{"id":1,"call":"echo"}`, `{"id":1,"call":"nothing"}`} {
			if got := p.ask(again); !strings.HasPrefix(got, `{"id":1,"err":{"code":"bad_request"`) {
				t.Errorf("an id that is in flight = %s; want bad_request", got)
			}
		}
		for _, id := range []int{2, 3, 1} {
			if got, want := p.answer(), fmt.Sprintf(`{"id":%d,"ok":"slept"}`, id); got != want {
				t.Errorf("the answer = %s; want %s", got, want)
			}
		}
		p.say(`{"id":4,"call":"sleep","data":{"s":100}}`)
		p.say(`{"id":4,"cancel":true}`)
		p.say(`{"id":4,"cancel":true}`)
		if got := p.answer(); !strings.HasPrefix(got, `{"id":4,"err":{"code":"canceled"`) {
			t.Errorf("a canceled call = %s; want canceled, once", got)
		}
		if got := p.ask(`{"id":5,"call":"echo","data":1}`); got != `{"id":5,"ok":1}` {
			t.Errorf("the call behind = %s; want its result", got)
		}
	})
}
