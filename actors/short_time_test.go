package actors_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/actors"
	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/protocol"
)

// A rest is a request that sets the time that its handler takes. The handler may wait for
// the end of its context instead.
type rest struct {
	Micro int
	Wait  bool
}

// quickServer returns a server with three routes: one without a limit, one with a limit of
// 5 ms, and one with a Key. Their handlers were quick until now, so they run on readers.
func quickServer(t *testing.T, deadline *time.Time) *actors.Server {
	t.Helper()
	srv := newServer(t, nil)
	handler := func(ctx context.Context, q rest) (int, error) {
		time.Sleep(time.Duration(q.Micro) * time.Microsecond)
		*deadline, _ = ctx.Deadline()
		if q.Wait {
			<-ctx.Done()
		}
		return 1, nil
	}
	if err := srv.Load(t.Context(), cogs.Cog{Name: "c", Setup: func(_ context.Context, r *cogs.Registrar) error {
		cogs.Handle(r, "rests", handler)
		cogs.HandleWith(r, "limited", cogs.RouteOptions[rest]{Timeout: 5 * time.Millisecond}, handler)
		cogs.HandleWith(r, "keyed", cogs.RouteOptions[rest]{Key: func(rest) string { return "" }}, handler)
		return nil
	}}); err != nil {
		t.Fatal(err)
	}
	return srv
}

func warm(p *peer, endpoint string) {
	for range 100 {
		p.ask(fmt.Sprintf(`{"id":1,"call":%q,"data":{}}`, endpoint))
	}
}

// TestDeadline_short_isExact makes calls with little time, which run on the reader: the
// handler's deadline counts from the arrival of the request, and the caller gets timeout
// in place of a later result.
func TestDeadline_short_isExact(t *testing.T) {
	for _, c := range []struct {
		endpoint string
		ms       string
		limit    time.Duration
		micro    int
		wait     bool
		ok       bool
	}{
		{"rests", `,"ms":1`, time.Millisecond, 900, false, true},
		{"rests", `,"ms":1`, time.Millisecond, 1000, false, false},
		{"rests", `,"ms":1`, time.Millisecond, 2000, false, false},
		{"rests", `,"ms":0.1`, 100 * time.Microsecond, 0, true, false},
		{"rests", `,"ms":2`, 2 * time.Millisecond, 500, true, false},
		{"rests", `,"ms":10`, 10 * time.Millisecond, 900, false, true},
		{"rests", `,"ms":10`, 10 * time.Millisecond, 9999, false, true},
		{"rests", `,"ms":10`, 10 * time.Millisecond, 900, true, false},
		{"rests", `,"ms":999`, 999 * time.Millisecond, 900, true, false},
		{"keyed", `,"ms":1`, time.Millisecond, 1500, false, false},
		{"keyed", `,"ms":10`, 10 * time.Millisecond, 900, true, false},
		{"limited", ``, 5 * time.Millisecond, 900, true, false},
		{"limited", ``, 5 * time.Millisecond, 4999, false, true},
		{"limited", `,"ms":2000`, 5 * time.Millisecond, 900, true, false},
		{"limited", `,"ms":1`, time.Millisecond, 1500, false, false},
	} {
		t.Run(fmt.Sprintf("%s%s rest %d wait %v", c.endpoint, c.ms, c.micro, c.wait), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var deadline time.Time
				p := known(t, quickServer(t, &deadline), protocol.Subprotocol)
				warm(p, c.endpoint)
				began := time.Now()
				got := p.ask(fmt.Sprintf(`{"id":7,"call":%q,"data":{"Micro":%d,"Wait":%v}%s}`, c.endpoint, c.micro, c.wait, c.ms))
				took := time.Since(began)
				if ok := got == `{"id":7,"ok":1}`; ok != c.ok || took > c.limit {
					t.Errorf("Call = %s after %v; want ok %v, within %v", got, took, c.ok, c.limit)
				}
				time.Sleep(time.Second)
				synctest.Wait() // until the handler has returned
				if d := deadline.Sub(began); d != c.limit {
					t.Errorf("Deadline is %v after the request; want %v", d, c.limit)
				}
			})
		})
	}
}

// TestDeadline_short_ofOneRead sends many calls in one write, each with 1 ms. Together they
// take longer. The answers of one read are written together, and the server may need two
// reads for the write. So each answer may come up to 2 ms after its deadline.
func TestDeadline_short_ofOneRead(t *testing.T) {
	for _, micro := range []int{100, 300, 600, 900} {
		t.Run(fmt.Sprint(micro), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const calls = 100
				var deadline time.Time
				p := known(t, quickServer(t, &deadline), protocol.Subprotocol)
				warm(p, "keyed")
				var text []byte
				for i := range calls {
					text = append(text, frameOf(0x81, fmt.Sprintf(`{"id":%d,"call":"keyed","data":{"Micro":%d},"ms":1}`, i+1, micro))...)
				}
				began := time.Now()
				p.write(text)
				ok := 0
				for range calls {
					got := p.answer()
					took := time.Since(began)
					var reply protocol.Reply
					if err := reply.Parse([]byte(got)); err != nil {
						t.Fatal(err)
					}
					if reply.OK != nil {
						ok++
					} else if reply.Err.Code != wire.Timeout {
						t.Errorf("a call = %s; want a result or timeout", got)
					}
					if most := 3 * time.Millisecond; took > most {
						t.Errorf("a call = %s after %v; want %v at most", got, took, most)
					}
				}
				if ok == 0 {
					t.Errorf("0 of %d calls have a result; want the first", calls)
				}
			})
		})
	}
}
