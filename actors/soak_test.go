package actors_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/actors"
	"github.com/cogbus/cogbus/cogs"
)

// once is a cog that notes the numbers with which it was called.
type once struct {
	mu  sync.Mutex // protects ran
	ran map[int]int
}

type job struct {
	N  int `json:"n"`
	MS int `json:"ms"`
}

func (o *once) cog() cogs.Cog {
	return cogs.Cog{Name: "once", Setup: func(_ context.Context, r *cogs.Registrar) error {
		run := func(ctx context.Context, j job) (int, error) {
			o.mu.Lock()
			o.ran[j.N]++
			o.mu.Unlock()
			switch {
			case j.N%50 == 7:
				panic("7")
			case j.MS > 0:
				select {
				case <-time.After(time.Duration(j.MS) * time.Millisecond):
				case <-ctx.Done():
					return 0, ctx.Err()
				}
			}
			return j.N, nil
		}
		cogs.Handle(r, "job", run)
		cogs.HandleWith(r, "keyed", cogs.RouteOptions[job]{Key: func(j job) string { return fmt.Sprint(j.N % 5) }}, run)
		return nil
	}}
}

// A soaker is one client that mixes good calls with faults.
type soaker struct {
	t       *testing.T
	srv     *actors.Server
	rand    *rand.Rand
	dialect string
	p       *peer
	n       int // the last number used; every client has its own
	good    int // calls that were answered
}

// batch sends some messages at once and takes their answers. Each well-formed
// call gets one, and the last answers are those that belong to the last call.
func (s *soaker) batch() {
	want := map[string][]string{} // the allowed ends of an answer, by its start
	var order []string
	var out []byte
	for range 1 + s.rand.IntN(20) {
		s.n++
		j := job{N: s.n, MS: max(0, s.rand.IntN(60)-30)}
		endpoint := []string{"job", "keyed"}[s.rand.IntN(2)]
		data := fmt.Sprintf(`{"n":%d,"ms":%d}`, j.N, j.MS)
		ok, failed := fmt.Sprint(j.N), ""
		if j.N%50 == 7 {
			ok, failed = "", "internal"
		}
		ms := ""
		switch s.rand.IntN(8) {
		case 0:
			endpoint, ok, failed = "nothing", "", "no_route"
		case 1:
			data, ok, failed = `{"n":"x"}`, "", "bad_request"
		case 2:
			ms = `,"ms":5`
		}
		if s.dialect == "ipcx" {
			out = append(out, frameOf(0x80|opText, envelope(endpoint, data))...)
			if failed != "" {
				ok = map[string]string{"internal": "500}", "no_route": "400}", "bad_request": "400}"}[failed]
			}
			order = append(order, ok)
			if s.rand.IntN(10) == 0 {
				out = append(out, frameOf(0x80|opText, "nonsense")...)
				order = append(order, "400}")
			}
			continue
		}
		out = append(out, frameOf(0x80|opText, fmt.Sprintf(`{"id":%d,"call":%q,"data":%s%s}`, s.n, endpoint, data, ms))...)
		may := []string{`"ok":` + ok + "}"}
		if failed != "" {
			may = []string{`"err":{"code":"` + failed + `"`}
		}
		if ms != "" {
			may = append(may, `"err":{"code":"timeout"`)
		}
		if s.rand.IntN(10) == 0 {
			out = append(out, frameOf(0x80|opText, fmt.Sprintf(`{"id":%d,"cancel":true}`, s.n))...)
			may = append(may, `"err":{"code":"canceled"`)
		}
		want[fmt.Sprintf(`{"id":%d,`, s.n)] = may
	}
	s.p.write(out)
	for _, end := range order {
		if got := s.p.answer(); !strings.HasSuffix(got, end) {
			s.t.Errorf("an answer = %.200s; want one that ends in %s", got, end)
		}
		s.good++
	}
	for range len(want) {
		got := s.p.answer()
		head, rest, _ := strings.Cut(got, ",")
		head += ","
		may := want[head]
		delete(want, head)
		fits := false
		for _, m := range may {
			fits = fits || strings.HasPrefix(rest, m)
		}
		if !fits {
			s.t.Errorf("the answer = %.200s; want one of %q, once", got, may)
		}
		s.good++
	}
	// any other message would come before this one
	call, answer := echoOf(s.dialect)
	if got := s.p.ask(call); got != answer {
		s.t.Errorf("behind a batch the server sent %.200s; want %s", got, answer)
	}
}

// fault ends the connection in one of many ways, with a call in flight, and
// makes another.
func (s *soaker) fault() {
	s.n++
	if s.dialect == "ipcx" {
		s.p.say(envelope("job", fmt.Sprintf(`{"n":%d,"ms":100}`, s.n)))
	} else {
		s.p.say(fmt.Sprintf(`{"id":%d,"call":"job","data":{"n":%d,"ms":100}}`, s.n, s.n))
	}
	faults := [][]byte{
		nil,
		frameOf(0x80|opText, "\xff"),
		frameOf(0xC0|opText, "{}"),
		header(0x80|opText, 1<<30),
		frameOf(0x80|opClose, "\x03\xe8"),
		frameOf(0x80|opClose, "x"),
		frameOf(opText, "half")[:5],
		{0x81, 0x02, 'n', 'o'},
	}
	go s.p.write(faults[s.rand.IntN(len(faults))])
	time.Sleep(time.Duration(s.rand.IntN(20)) * time.Millisecond)
	s.p.leave()
	s.p = known(s.t, s.srv, s.dialect)
}

// TestSoak has 64 clients call, fail and leave at random while the cog is
// reloaded. Every well-formed call has one outcome and ran at most once.
func TestSoak(t *testing.T) {
	rounds := 12
	if testing.Short() {
		rounds = 3
	}
	synctest.Test(t, func(t *testing.T) {
		cog := &once{ran: map[int]int{}}
		srv := newServer(t, nil)
		if err := srv.Load(t.Context(), cog.cog()); err != nil {
			t.Fatal(err)
		}
		beside := newNeighbour(t, srv)
		var clients sync.WaitGroup
		total := make([]int, 64)
		for i := range total {
			clients.Go(func() {
				s := &soaker{t: t, srv: srv, rand: rand.New(rand.NewPCG(uint64(i), 1)), dialect: dialects[i%2], n: i * 100_000}
				s.p = known(t, srv, s.dialect)
				for range rounds {
					s.batch()
					if s.rand.IntN(3) == 0 {
						s.fault()
					}
				}
				total[i] = s.good
			})
		}
		done := make(chan struct{})
		go func() { clients.Wait(); close(done) }()
		reloads := 0
		for running := true; running; reloads++ {
			select {
			case <-done:
				running = false
			case <-time.After(20 * time.Millisecond):
			}
			if _, err := srv.Reload(t.Context(), "once", nil); err != nil {
				t.Errorf("Reload failed: %v", err)
			}
			beside.check("in the soak")
		}
		sum := 0
		for i, n := range total {
			if sum += n; n == 0 {
				t.Errorf("client %d got no answers", i)
			}
		}
		for n, times := range cog.ran {
			if times != 1 {
				t.Errorf("call %d ran %d times; want once", n, times)
			}
		}
		time.Sleep(3 * time.Second)
		for _, c := range srv.Cogs() {
			if c.InFlight != 0 {
				t.Errorf("%d calls in flight in %s at the end; want none", c.InFlight, c.Name)
			}
		}
		t.Logf("%d answers over %d reloads", sum, reloads)
	})
}
