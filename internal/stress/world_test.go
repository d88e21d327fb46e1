//go:build stress

package stress

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cogbus/cogbus/actors"
	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/wire"
)

const (
	secret      = "the secret"
	adminSecret = "the admin secret"
)

// A world is the bot, with the ledger of its calls and operations.
type world struct {
	t       *testing.T
	srv     *actors.Server
	addr    string
	until   atomic.Int64 // when the load ends, in Unix nanoseconds
	book    *ledger
	bad     *violations
	events  *eventBook
	host    *host
	work    *operations
	members []*member
	routes  map[string]int // numbers of the routes in the ledger
	ids     atomic.Uint64  // for code that runs without a line in the ledger
	late    atomic.Int64   // goroutines that outlive their handlers
	serving context.CancelFunc
	served  chan error
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, host: newHost(), bad: newViolations()}
	w.events = newEventBook(w.bad)
	w.work = newOperations(w.bad)
	w.members = []*member{
		newMember(w, &member{name: "steady", strict: true, next: "keeper"}),
		newMember(w, &member{name: "keeper", strict: true, keep: true, next: "serial"}),
		newMember(w, &member{name: "serial", strict: true, keep: true, serial: true, limit: 32, next: "victim"}),
		newMember(w, &member{name: "victim", keep: true, limit: 24, next: "steady"}),
	}
	w.routes = map[string]int{}
	var names []string
	add := func(name string) {
		if _, ok := w.routes[name]; !ok {
			w.routes[name] = len(names)
			names = append(names, name)
		}
	}
	for _, m := range w.members {
		for _, k := range kinds {
			add(m.name + "." + k)
		}
	}
	for _, k := range tallyKinds {
		add("tally." + k)
	}
	add("victim.bad data")
	w.book = newLedger(names)
	return w
}

// start serves the cogs on loopback.
func (w *world) start() {
	w.srv = actors.NewServer(&actors.Options{
		Secret:      secret,
		AdminSecret: adminSecret,
		MaxCalls:    64,
		Logger:      slog.New(slog.NewTextHandler(io.Discard, nil)),
		OnError:     w.failed,
	})
	for _, m := range w.members {
		if err := w.srv.Load(w.t.Context(), m.cog()); err != nil {
			w.t.Fatal(err)
		}
	}
	l, err := (&net.ListenConfig{}).Listen(w.t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	w.addr = l.Addr().String()
	ctx, stop := context.WithCancel(context.Background())
	w.serving, w.served = stop, make(chan error, 1)
	go func() { w.served <- w.srv.Serve(ctx, l) }() // ends when stop is called
}

// failed is the bot's OnError.
func (w *world) failed(f actors.Failure) {
	name, isEvent := strings.CutPrefix(f.Endpoint, "event joined ")
	switch {
	case isEvent && f.Code != wire.Internal: // internal: a listener has panicked
		w.events.refused(name)
	case strings.HasPrefix(f.Endpoint, "every ") && f.Code == wire.NoRoute:
		w.bad.add("a tick of an instance that has ended is reported", "%s of %s: %v", f.Endpoint, f.Caller, f.Err)
	}
}

// ran notes that a handler runs the call of a token.
func (w *world) ran(token uint64) {
	if !w.book.ran(token) {
		w.bad.add("a handler gets what nobody sent", "token %d", token)
	}
}

// anonymous returns an id for code without a line in the ledger.
func (w *world) anonymous() uint64 { return 1<<62 + w.ids.Add(1) }

func (w *world) over() bool { return time.Now().UnixNano() >= w.until.Load() }

// outlive runs f beside the handler that asks for it, and after it.
func (w *world) outlive(f func()) {
	w.late.Add(1)
	go func() { // ends when f returns, which is bounded
		defer w.late.Add(-1)
		f()
	}()
}

// pick returns a route with an ask as its request.
func (w *world) pick() string {
	for {
		if k := kinds[rand.IntN(len(kinds))]; k != "fat" && k != "wait" {
			return w.members[rand.IntN(len(w.members))].name + "." + k
		}
	}
}

// callInside calls a route from inside the bot and writes its line.
func (w *world) callInside(ctx context.Context, by caller, endpoint string, q ask) error {
	q.Token = w.book.open(by, w.routes[endpoint])
	began := time.Now()
	got, err := cogs.Call(ctx, wire.Route[ask, reply](endpoint), q)
	w.book.answer(q.Token, fateInBot(err), time.Since(began))
	if err == nil && got.Token != q.Token {
		w.bad.add("a call gets another's answer", "call %d of %s by %v got that of %d", q.Token, endpoint, by, got.Token)
	}
	return err
}

// A request is a call as a raw client sends it.
type request struct {
	token    uint64
	endpoint string
	data     []byte
}

// waits reports whether only its deadline ends the call.
func (r request) waits() bool { return strings.HasSuffix(r.endpoint, ".wait") }

// request makes a call and begins its line.
func (w *world) request(by caller) request {
	m := w.members[rand.IntN(len(w.members))].name
	k := kinds[rand.IntN(len(kinds))]
	if k == "wait" && by == byIPCX {
		k = "quick" // a client that cannot name a deadline would wait for the route's own
	}
	r := request{endpoint: m + "." + k}
	if m == "victim" && k == "quick" && rand.IntN(20) == 0 {
		r.token = w.book.open(by, w.routes["victim.bad data"])
		r.data = fmt.Appendf(nil, `{"token":%d,"n":"none"}`, r.token)
		return r
	}
	r.token = w.book.open(by, w.routes[r.endpoint])
	if k == "fat" {
		r.data, _ = json.Marshal(newFat(r.token))
	} else {
		r.data, _ = json.Marshal(ask{Token: r.token, N: rand.IntN(5)})
	}
	return r
}

// check compares the data of an answer with the data of its call.
func (w *world) check(r request, by caller, data []byte) {
	var got fat // it has the members of both kinds of answers
	if err := json.Unmarshal(data, &got); err != nil || got.Token != r.token || strings.HasSuffix(r.endpoint, ".fat") && !got.whole() {
		w.bad.add("a call gets another's answer", "call %d of %s by %v got %.300q", r.token, r.endpoint, by, data)
	}
}

// emit makes events until the load ends.
func (w *world) emit() {
	listening := []string{"tally"} // without processes no cog listens to these
	for _, m := range w.members {
		listening = append(listening, m.name)
	}
	for !w.over() {
		for range rand.IntN(8) {
			name := listening[rand.IntN(len(listening))]
			text, err := json.Marshal(w.events.begin(name))
			if err != nil {
				w.bad.add("the test is wrong", "%v", err)
			}
			w.host.emit(eventOf(name), text)
		}
		time.Sleep(time.Duration(rand.IntN(10)) * time.Millisecond)
	}
}
