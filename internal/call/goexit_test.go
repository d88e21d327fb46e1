package call_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/internal/call"
	"github.com/cogbus/cogbus/wire"
)

// A bad value ends its own decoding in the way that its text names; see end.
type bad string

func (b *bad) UnmarshalJSON(text []byte) error {
	end(string(text))
	return nil
}

// end ends a piece of user code in the way that text names, after two seconds if the
// text begins with slow.
func end(text string) {
	switch text {
	case `"slow panic"`:
		time.Sleep(2 * time.Second)
		panic("user code panics")
	case `"slow goexit"`:
		time.Sleep(2 * time.Second)
		runtime.Goexit()
	case `"panic"`:
		panic("user code panics")
	case `"goexit"`:
		runtime.Goexit()
	}
}

// fragile records routes with different user code that may fail: a handler, the decoding
// of a request, a Key. The request names the way in which that code ends.
func fragile(r *cogs.Registrar) {
	cogs.Handle(r, "handler", func(_ context.Context, text string) (int, error) { end(`"` + text + `"`); return 1, nil })
	cogs.Handle(r, "decoding", func(context.Context, bad) (int, error) { return 1, nil })
	cogs.HandleWith(r, "key", cogs.RouteOptions[string]{Key: func(text string) string { end(`"` + text + `"`); return "" }},
		func(context.Context, string) (int, error) { return 1, nil })
	cogs.HandleWith(r, "keyed decoding", cogs.RouteOptions[bad]{Key: func(bad) string { return "" }},
		func(context.Context, bad) (int, error) { return 1, nil })
}

var brittle = []string{"handler", "decoding", "key", "keyed decoding"}

// TestRun_userCodeEnds has user code panic or call runtime.Goexit: the caller gets
// internal without the text of the panic, the place is free again, and Env.Failed gets
// the whole error.
func TestRun_userCodeEnds(t *testing.T) {
	for _, endpoint := range brittle {
		for how, failed := range map[string]string{"panic": "panic: user code panics", "goexit": "panic: the handler called runtime.Goexit"} {
			for _, onReader := range []bool{false, true} {
				bubble(t, fmt.Sprintf("%s/%s/on reader %v", endpoint, how, onReader), func(t *testing.T) {
					w := newWorld(t, fragile)
					c := w.admit(endpoint, `"`+how+`"`)
					if onReader {
						go func() { // a reader; the call ends it, by its return or by runtime.Goexit
							if c.RunOnReader() {
								c.Free()
							}
						}()
					} else {
						c.HandOff()
					}
					synctest.Wait()
					w.want(1, "internal: the handler failed", 1)
					w.wantLeft(1, 1)
					w.wantFailures("1 at " + endpoint + ": " + failed)
				})
			}
		}
	}
}

// TestRun_userCodeEndsAfterTheAnswer has user code end in these ways after the deadline
// has answered the call: the caller gets no second answer, and the operator gets the
// failure.
func TestRun_userCodeEndsAfterTheAnswer(t *testing.T) {
	for _, endpoint := range brittle {
		for how, failed := range map[string]string{"panic": "panic: user code panics", "goexit": "panic: the handler called runtime.Goexit"} {
			bubble(t, endpoint+"/"+how, func(t *testing.T) {
				w := newWorld(t, fragile)
				c := w.admit(endpoint, `"slow `+how+`"`)
				c.HandOff()
				time.Sleep(time.Second)
				c.CancelByCaller(nil)
				time.Sleep(2 * time.Second)
				synctest.Wait()
				w.want(1, "canceled", 1)
				w.wantLeft(1, 1)
				w.wantFailures("1 at nowhere: canceled", "1 at "+endpoint+": "+failed)
			})
		}
	}
}

// TestRun_errors checks the errors that callers get from handlers that fail, and for
// requests that do not decode.
func TestRun_errors(t *testing.T) {
	long := wire.Errorf(wire.NotFound, "%2000s", "")
	for _, k := range []struct {
		name   string
		err    error
		answer string
	}{
		{"of the wire", wire.Errorf(wire.NotFound, "nothing there"), "not_found: nothing there"},
		{"that wraps one", errors.Join(errors.New("secret"), wire.Errorf(wire.NotFound, "nothing there")), "not_found: nothing there"},
		{"any other", errors.New("secret"), "internal: the handler failed; the bot's log tells why"},
		{"too long", long, "not_found: the error's text is too long to be sent"},
	} {
		t.Run(k.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, func(r *cogs.Registrar) {
					cogs.Handle(r, "fail", func(context.Context, wire.Empty) (int, error) { return 0, k.err })
				})
				returned := false
				w.failed = func(c *call.Call) { returned = c.Returned() }
				w.admit("fail", "").Run()
				w.want(1, k.answer, 1)
				if got := w.answers[1][0]; got != k.answer {
					t.Errorf("answer = %.200q; want %q", got, k.answer)
				}
				if !returned {
					t.Error("Returned() = false while the handler's error is told; want true")
				}
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(r *cogs.Registrar) {
			cogs.Handle(r, "long", func(_ context.Context, n int) (string, error) { return string(make([]byte, n)), nil })
		})
		w.admit("long", "1000").Run()
		w.want(1, "too_large: the response is larger than 1000 bytes", 1)
		w.admit("long", `"no number"`).Run()
		w.want(2, "bad_request", 1)
		w.admit("long", "3").Run()
		w.want(3, "ok ", 1)
	})
}
