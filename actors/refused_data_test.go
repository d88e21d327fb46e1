package actors_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/protocol"
)

// refusing is a request whose UnmarshalJSON refuses all data with the error that why makes.
type refusing struct{}

func (*refusing) UnmarshalJSON(text []byte) error { return refusals[strings.Trim(string(text), `"`)] }

// refusals are the errors, by the data that they refuse.
var refusals = map[string]error{
	"plain":   errors.New("too old"),
	"coded":   &wire.Error{Code: "too_old", Message: "it is from 1999"},
	"wrapped": fmt.Errorf("a list: %w", wire.Errorf(wire.NotFound, "no such list")),
	"hangs":   hangingError{},
	"unwraps": hangingUnwrap{},
	"panics":  panickingError{},
	"circle":  circle(),
	"number":  &strconv.NumError{Func: "f", Num: "n", Err: hangingError{}},
}

type hangingError struct{}

func (hangingError) Error() string { time.Sleep(time.Hour); return "late" }

type hangingUnwrap struct{}

func (hangingUnwrap) Error() string { return "unwraps" }
func (hangingUnwrap) Unwrap() error { time.Sleep(time.Hour); return nil }

type panickingError struct{}

func (panickingError) Error() string { panic("no text") }

type circular struct{ next error }

func (c *circular) Error() string { return "a circle" }
func (c *circular) Unwrap() error { return c.next }

func circle() error {
	c := &circular{}
	c.next = &circular{c}
	return c
}

// TestDecode_errorsOfUserCode refuses data with errors of each kind, on routes with and
// without a key. Callers get an answer within a second, and the calls' places are free.
func TestDecode_errorsOfUserCode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := newServer(t, nil)
		err := srv.Load(t.Context(), cogs.Cog{Name: "c", Setup: func(_ context.Context, r *cogs.Registrar) error {
			h := func(context.Context, refusing) (int, error) { return 0, nil }
			cogs.Handle(r, "plain", h)
			cogs.HandleWith(r, "keyed", cogs.RouteOptions[refusing]{Key: func(refusing) string { return "" }}, h)
			return nil
		}})
		if err != nil {
			t.Fatal(err)
		}
		p := known(t, srv, protocol.Subprotocol)
		id := 0
		for _, route := range []string{"plain", "keyed"} {
			for name, want := range map[string]string{
				"plain":   `"code":"bad_request","message":"data: too old"`,
				"coded":   `"code":"too_old","message":"it is from 1999"`,
				"wrapped": `"code":"not_found","message":"no such list"`,
				"hangs":   `"code":"bad_request","message":"data: the type refuses it with a actors_test.hangingError"`,
				"unwraps": `"code":"bad_request","message":"data: the type refuses it with a actors_test.hangingUnwrap"`,
				"panics":  `"code":"bad_request","message":"data: the type refuses it with a actors_test.panickingError"`,
				"number":  `"code":"bad_request","message":"data: the type refuses it with a *strconv.NumError"`,
				"circle":  `"code":"bad_request","message":"data: the type refuses it with a *actors_test.circular"`,
			} {
				id++
				began := time.Now()
				if got := p.ask(fmt.Sprintf(`{"id":%d,"call":%q,"data":%q,"ms":5000}`, id, route, name)); !strings.Contains(got, want) {
					t.Errorf("%s of %s = %s; want %s", route, name, got, want)
				}
				if took := time.Since(began); took > time.Second {
					t.Errorf("%s of %s took %v; want a second at most", route, name, took)
				}
			}
		}
		synctest.Wait()
		for _, c := range srv.Cogs() {
			if c.InFlight != 0 {
				t.Errorf("%d calls of cog %s are in flight; want 0", c.InFlight, c.Name)
			}
		}
		time.Sleep(24 * time.Hour) // for the methods that were left behind
	})
}
