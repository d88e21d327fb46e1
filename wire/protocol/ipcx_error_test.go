package protocol_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/cogbus/cogbus/internal/codec"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/protocol"
)

type (
	KeyError  struct{ error }
	foreign   struct{}
	pointed   struct{}
	number    int
	list      []string
	Of[T any] struct{ Value T }
	// Panic has the name of the type that a bot makes of a handler's panic, since
	// Python callers see that name.
	Panic   struct{ Value any }
	wrapper struct{ inner error }
)

func (foreign) Error() string    { return "foreign" }
func (foreign) TypeName() string { return "OutOfStock" }
func (KeyError) Unwrap() error   { return nil }
func (*pointed) Error() string   { return "pointed" }
func (number) Error() string     { return "number" }
func (list) Error() string       { return "list" }
func (Of[T]) Error() string      { return "of" }
func (Panic) Error() string      { return "panic" }
func (wrapper) Error() string    { return "wrapper" }
func (w wrapper) Unwrap() error  { return w.inner }

func TestAppendErrorObject(t *testing.T) {
	_, atoi := strconv.Atoi("x")
	dial := &url.Error{Op: "Get", Err: &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}}
	const unserialisable = `IPC route returned values which are not able to be sent over sockets. ` +
		`If you are trying to send a discord.py object, please only send the data you need.`
	raised := "IPC route raised error of type "
	for _, test := range []struct {
		err    error
		text   string
		number int
	}{
		{wire.Errorf(wire.Unauthorized, "secret number 2 is old"), "Invalid or no token provided.", 403},
		{wire.Errorf(wire.NoRoute, "no route %q", "x"), "Invalid or no endpoint given.", 400},
		{wire.Errorf(wire.BadRequest, "field %q", "id"), `field "id"`, 400},
		{wire.Errorf(wire.Forbidden, "no"), "no", 403},
		{wire.Errorf(wire.NotFound, "no guild"), "no guild", 404},
		{wire.Errorf(wire.Timeout, "late"), "late", 408},
		{wire.Errorf(wire.TooLarge, "large"), "large", 413},
		{wire.Errorf(wire.Overloaded, "busy"), "busy", 429},
		{wire.Errorf(wire.Canceled, "gone"), "gone", 499},
		{wire.Errorf(wire.Interrupted, "lost"), "lost", 502},
		{wire.Errorf(wire.Unavailable, "reloading"), "reloading", 503},
		{wire.Errorf("out_of_stock", "none left\n\xff"), "none left\n\xff", 500},
		{fmt.Errorf("load: %w", wire.Errorf(wire.NotFound, "no guild")), "no guild", 404},
		{fmt.Errorf("%w: %w", wire.Errorf(wire.BadRequest, "request"), codec.NotSerialisable{Err: atoi}), "request", 400},
		{codec.NotSerialisable{Err: atoi}, unserialisable, 500},
		{fmt.Errorf("reply: %w", codec.NotSerialisable{Err: atoi}), unserialisable, 500},

		{wire.Errorf(wire.Internal, "the text is not told"), raised + "Exception", 500},
		{&wire.Error{}, raised + "Exception", 500},
		{errors.New("x"), raised + "Exception", 500},
		{fmt.Errorf("x"), raised + "Exception", 500},
		{errors.Join(errors.New("x"), fmt.Errorf("y")), raised + "Exception", 500},
		{nil, raised + "Exception", 500},
		{KeyError{}, raised + "KeyError", 500},
		{foreign{}, raised + "OutOfStock", 500},
		{fmt.Errorf("x: %w", foreign{}), raised + "OutOfStock", 500},
		{&KeyError{}, raised + "KeyError", 500},
		{fmt.Errorf("x: %w", &pointed{}), raised + "pointed", 500},
		{number(1), raised + "number", 500},
		{list{}, raised + "list", 500},
		{Of[url.Error]{}, raised + "Of", 500},
		{Panic{"boom"}, raised + "Panic", 500},
		{fmt.Errorf("handler: %w", &Panic{"boom"}), raised + "Panic", 500},
		{atoi, raised + "NumError", 500}, // it wraps strconv.ErrSyntax, which is of package errors
		{dial, raised + "Errno", 500},
		{&fs.PathError{Err: errors.New("x")}, raised + "PathError", 500},
		{wrapper{wrapper{KeyError{}}}, raised + "KeyError", 500},
		{wrapper{nil}, raised + "wrapper", 500},
		{wrapper{wire.Errorf(wire.Internal, "x")}, raised + "wrapper", 500},
		{errors.Join(errors.New("x"), fmt.Errorf("y: %w", KeyError{}), &pointed{}), raised + "KeyError", 500},
		{fmt.Errorf("%w: %w", errors.New("sentinel"), atoi), raised + "NumError", 500},
	} {
		got := string(protocol.AppendErrorObject([]byte("x"), test.err))
		want := fmt.Sprintf(`x{"error": %s, "code": %d}`, jsonString(t, test.text), test.number)
		if got != want {
			t.Errorf("AppendErrorObject(%T: %v) = %s; want %s", test.err, test.err, got, want)
		}
	}
}

func jsonString(t *testing.T, s string) string {
	t.Helper()
	codec := codec.Of[string]()
	text, err := codec.Append(nil, &s)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestErrorIs(t *testing.T) {
	timeout := fmt.Errorf("call: %w", wire.Errorf(wire.Timeout, "late"))
	for _, test := range []struct {
		err, target error
		want        bool
	}{
		{timeout, context.DeadlineExceeded, true},
		{timeout, context.Canceled, false},
		{timeout, &wire.Error{Code: wire.Timeout}, true},
		{timeout, &wire.Error{Code: wire.Canceled}, false},
		{wire.Errorf(wire.Canceled, ""), context.Canceled, true},
		{wire.Errorf(wire.Canceled, ""), context.DeadlineExceeded, false},
		{wire.Errorf(wire.Internal, ""), context.Canceled, false},
		{&wire.Error{}, &wire.Error{Code: wire.Internal}, true},
		{wire.Errorf("own", ""), &wire.Error{Code: "own"}, true},
		{wire.Errorf("own", ""), list{"not comparable"}, false},
	} {
		if got := errors.Is(test.err, test.target); got != test.want {
			t.Errorf("errors.Is(%v, %v) = %v; want %v", test.err, test.target, got, test.want)
		}
	}
}

func TestCodeOf(t *testing.T) {
	for _, test := range []struct {
		err  error
		want wire.Code
	}{
		{nil, ""},
		{wire.Errorf(wire.NotFound, ""), wire.NotFound},
		{&wire.Error{}, wire.Internal},
		{fmt.Errorf("x: %w", wire.Errorf("own", "")), "own"},
		{errors.Join(errors.New("x"), wire.Errorf(wire.Timeout, "")), wire.Timeout},
		{errors.Join(context.Canceled, wire.Errorf(wire.Forbidden, "")), wire.Forbidden},
		{context.Canceled, wire.Canceled},
		{fmt.Errorf("x: %w", context.DeadlineExceeded), wire.Timeout},
		{errors.New("x"), wire.Internal},
		{codec.NotSerialisable{Err: errors.New("x")}, wire.Internal},
	} {
		if got := wire.CodeOf(test.err); got != test.want {
			t.Errorf("CodeOf(%v) = %q; want %q", test.err, got, test.want)
		}
	}
}

func TestErrorText(t *testing.T) {
	for _, test := range []struct {
		err  *wire.Error
		want string
	}{
		{&wire.Error{}, "internal"},
		{&wire.Error{Code: wire.NotFound}, "not_found"},
		{wire.Errorf(wire.NotFound, "no guild %d", 7), "not_found: no guild 7"},
		{&wire.Error{Code: wire.Overloaded, Message: "busy", RetryAfter: 2 * time.Second}, "overloaded: busy (try again in 2s)"},
		{&wire.Error{Code: wire.Overloaded, RetryAfter: time.Second}, "overloaded (try again in 1s)"},
	} {
		if got := test.err.Error(); got != test.want {
			t.Errorf("Error() of %+v = %q; want %q", *test.err, got, test.want)
		}
	}
}
