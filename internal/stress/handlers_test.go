//go:build stress

package stress

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"runtime"
	"strconv"
	"time"

	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/wire"
)

// An ask is the request of most routes. It has no pointers, so that cogbus uses it
// again.
type ask struct {
	Token uint64 `json:"token"`
	Path  string `json:"path"` // the calls that led to this one
	N     int    `json:"n"`
}

type reply struct {
	Token uint64 `json:"token"`
	N     int    `json:"n"`
}

// A fat is a request with parts that a handler may keep for ever.
type fat struct {
	Token uint64            `json:"token"`
	Raw   json.RawMessage   `json:"raw"`
	List  []string          `json:"list"`
	Map   map[string]string `json:"map"`
}

func newFat(token uint64) fat {
	text := strconv.FormatUint(token, 10)
	return fat{Token: token, Raw: json.RawMessage(`{"x":"` + text + `"}`), List: []string{text, "é"}, Map: map[string]string{text: text}}
}

func (f fat) whole() bool {
	text := strconv.FormatUint(f.Token, 10)
	return string(f.Raw) == `{"x":"`+text+`"}` && len(f.List) == 2 && f.List[0] == text && f.List[1] == "é" && f.Map[text] == text
}

// The routes of each member; frequent ones are in the list several times.
var kinds = []string{"quick", "quick", "quick", "slow", "moody", "moody", "fault", "heed", "wait", "deaf", "haunt", "nest", "nest", "keyed", "keyed", "narrow", "fat"}

type handler = func(context.Context, ask) (reply, error)

func (i *instance) handlers(r *cogs.Registrar) {
	i.handle(r, "quick", cogs.RouteOptions[ask]{}, i.quick)
	i.handle(r, "slow", cogs.RouteOptions[ask]{}, i.slow)
	i.handle(r, "moody", cogs.RouteOptions[ask]{}, i.moody)
	i.handle(r, "fault", cogs.RouteOptions[ask]{}, i.fault)
	i.handle(r, "heed", cogs.RouteOptions[ask]{}, i.heed)
	i.handle(r, "wait", cogs.RouteOptions[ask]{}, i.wait)
	i.handle(r, "deaf", cogs.RouteOptions[ask]{Timeout: 5 * time.Millisecond}, i.slow)
	i.handle(r, "haunt", cogs.RouteOptions[ask]{}, i.haunted)
	i.handle(r, "nest", cogs.RouteOptions[ask]{}, i.nest)
	i.handle(r, "keyed", cogs.RouteOptions[ask]{Key: slowKey}, i.keyed)
	i.handle(r, "narrow", cogs.RouteOptions[ask]{MaxInFlight: 2, MaxWaiting: 6}, i.slow)
	cogs.Handle(r, wire.Route[fat, fat](i.name+".fat"), func(_ context.Context, f fat) (fat, error) {
		i.w.ran(f.Token)
		defer i.enter(f.Token, "")()
		i.count()
		i.w.outlive(func() { // ends after some milliseconds
			time.Sleep(time.Duration(rand.IntN(5000)) * time.Microsecond)
			if !f.whole() {
				i.w.bad.add("data that a handler keeps changes", "of call %d: %+v", f.Token, f)
			}
		})
		return f, nil
	})
	cogs.Handle(r, wire.Route[wire.Empty, int](i.name+".count"), func(context.Context, wire.Empty) (int, error) {
		i.mu.Lock()
		defer i.mu.Unlock()
		return i.n, nil
	})
}

// handle is cogs.HandleWith with the ledger's checks around h.
func (i *instance) handle(r *cogs.Registrar, kind string, o cogs.RouteOptions[ask], h handler) {
	endpoint := i.name + "." + kind
	cogs.HandleWith(r, wire.Route[ask, reply](endpoint), o, func(ctx context.Context, q ask) (reply, error) {
		i.w.ran(q.Token)
		var lanes []*lane
		if o.Key != nil {
			lanes = append(lanes, i.keys[q.N%len(i.keys)])
		}
		defer i.enter(q.Token, q.Path, lanes...)()
		i.count()
		if rand.IntN(4) == 0 { // not always, since a context that is never asked is used again sooner
			if info := cogs.CallInfo(ctx); info.Cog != i.name || info.Generation != i.generation || info.Endpoint != endpoint {
				i.w.bad.add("a context tells of another instance", "call %d of %s in %v has %+v", q.Token, endpoint, i, info)
			}
		}
		return h(ctx, q)
	})
}

// slowKey is a Key that takes tens of microseconds, and now and then milliseconds.
func slowKey(q ask) string {
	switch n := rand.IntN(1000); {
	case n == 0:
		time.Sleep(time.Duration(rand.IntN(10)) * time.Millisecond)
	case n < 200:
		for began := time.Now(); time.Since(began) < 40*time.Microsecond; {
			runtime.Gosched()
		}
	}
	return strconv.Itoa(q.N % 5)
}

func (i *instance) quick(_ context.Context, q ask) (reply, error) { return reply{q.Token, q.N}, nil }

// slow takes up to 6 ms, or 1 ms if others wait for it. It ignores its context.
func (i *instance) slow(_ context.Context, q ask) (reply, error) {
	most := 6000
	if i.serial {
		most = 1000
	}
	time.Sleep(time.Duration(rand.IntN(most)) * time.Microsecond)
	return reply{q.Token, q.N}, nil
}

// moody is usually quick, so that it runs on its reader's goroutine.
func (i *instance) moody(ctx context.Context, q ask) (reply, error) {
	if rand.IntN(100) == 0 {
		if rand.IntN(2) == 0 {
			i.haunt(ctx, q)
		}
		return i.slow(ctx, q)
	}
	return reply{q.Token, q.N}, nil
}

func (i *instance) fault(_ context.Context, q ask) (reply, error) {
	switch rand.IntN(10) {
	case 0:
		panic("planned: a handler panics")
	case 1:
		runtime.Goexit()
	case 2:
		return reply{}, errors.New("planned: a handler fails")
	case 3:
		return reply{}, wire.Errorf(codeOwn, "planned")
	}
	return reply{q.Token, q.N}, nil
}

// heed waits up to 20 ms and leaves when its context is done.
func (i *instance) heed(ctx context.Context, q ask) (reply, error) {
	most := 20000
	if i.serial {
		most = 2000
	}
	select {
	case <-ctx.Done():
	case <-time.After(time.Duration(rand.IntN(most)) * time.Microsecond):
	}
	return reply{q.Token, q.N}, nil
}

// longWait is longer than the timeout of any caller of the route wait.
const longWait = 20 * time.Second

// wait returns when its context is done, and not before. In the serial cog, where
// others would wait too, it does nothing.
func (i *instance) wait(ctx context.Context, q ask) (reply, error) {
	if i.serial {
		return reply{q.Token, q.N}, nil
	}
	select {
	case <-ctx.Done():
		return reply{}, ctx.Err()
	case <-time.After(longWait):
		i.w.bad.add("the context of a call does not end", "call %d in %v", q.Token, i)
		return reply{q.Token, q.N}, nil
	}
}

func (i *instance) haunted(ctx context.Context, q ask) (reply, error) {
	i.haunt(ctx, q)
	return reply{q.Token, q.N}, nil
}

// nest calls the next member, or its own, N levels deep, in a cycle over all cogs.
func (i *instance) nest(ctx context.Context, q ask) (reply, error) {
	if q.N <= 0 {
		return reply{q.Token, q.N}, nil
	}
	to := i.next
	if rand.IntN(3) == 0 {
		to = i.name
	}
	err := i.w.callInside(ctx, byHandler, to+".nest", ask{Path: pathBelow(q.Path, q.Token), N: q.N - 1})
	if err != nil {
		return reply{}, wire.Errorf(codeNested, "%v", err)
	}
	return reply{q.Token, q.N}, nil
}

// keyed calls the serial cog sometimes. No handler calls a keyed route from there,
// since handlers would then wait for each other by their own fault.
func (i *instance) keyed(ctx context.Context, q ask) (reply, error) {
	switch rand.IntN(40) {
	case 0:
		time.Sleep(time.Millisecond)
	case 1:
		if err := i.w.callInside(ctx, byHandler, "serial.quick", ask{Path: pathBelow(q.Path, q.Token)}); err != nil {
			return reply{}, wire.Errorf(codeNested, "%v", err)
		}
	}
	return reply{q.Token, q.N}, nil
}
