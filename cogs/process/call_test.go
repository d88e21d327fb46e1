//go:build unix

package process_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/cogs/cogtest"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/protocol"
)

func TestCall(t *testing.T) {
	srv, bot := cogtest.Start(t, inProcess(t, "any", nil))
	for range 3 {
		if got, err := client.Call(t.Context(), bot, echo, "hello"); got != "hello" || err != nil {
			t.Errorf("Call(echo) = %q, %v", got, err)
		}
	}
	got, err := client.Call(t.Context(), bot, info, wire.Empty{})
	if err != nil || got.Cog != "any" || got.Endpoint != "any.info" || got.Dialect != "cogbus.v1" || got.Caller == "" || got.Reason != cogs.Load ||
		got.Generation != srv.Cogs()[0].Generation || !got.Admin || !got.Deadline {
		t.Errorf("CallInfo in the process = %+v, %v", got, err)
	}
	named, err := client.New("ws://bot", &client.Options{DialContext: srv.DialContext, Secret: "secret", Name: "my dashboard"})
	if err != nil {
		t.Fatal(err)
	}
	defer named.Close()
	if again, err := client.Call(t.Context(), named, info, wire.Empty{}); err != nil || again.Client != "my dashboard" || again.Caller != got.Caller || got.Client != "" {
		t.Errorf("CallInfo in the process = %+v, %v for a client with a name, %+v for one without", again, err, got)
	}
	if _, err := bot.Request(t.Context(), "any.echo", 1); wire.CodeOf(err) != wire.BadRequest {
		t.Errorf("Request with the wrong type = %v; want bad_request", err)
	}
	for _, r := range srv.Routes() {
		if r.Endpoint == "any.echo" && r.TimeoutMS != 20_000 {
			t.Errorf("the time limit of the route is %d ms; want that of the cog in the process", r.TimeoutMS)
		}
	}
}

func TestCall_errors(t *testing.T) {
	srv, bot := cogtest.Start(t, inProcess(t, "any", nil))
	for how, code := range map[string]wire.Code{"panic": wire.Internal, "foreign": wire.Internal, "": "no_money"} {
		_, err := client.Call(t.Context(), bot, fails, how)
		if wire.CodeOf(err) != code {
			t.Errorf("Call(fails, %q) = %v; want %s", how, err, code)
		}
		if e, ok := errors.AsType[*wire.Error](err); how == "" && (!ok || e.RetryAfter != 3*time.Second || e.Message != "none") {
			t.Errorf("Call(fails) = %#v", err)
		}
	}
	// Python callers get the name of the error's type, as from a compiled-in cog
	python, err := client.New("ipcx://localhost:1", &client.Options{
		DialContext: srv.DialContext, Secret: "secret", AllowCleartextSecret: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer python.Close()
	_, err = client.Call(t.Context(), python, keyError, wire.Empty{})
	if e, ok := errors.AsType[*protocol.ErrorObject](err); !ok || !strings.Contains(string(e.Text), "IPC route raised error of type KeyError") {
		t.Errorf("an ipcx caller gets %v; want the type", err)
	}
	if n := srv.Cogs()[0].Panics; n != 1 {
		t.Errorf("%d panics were counted; want 1", n)
	}
}

// TestCall_bothWays checks that the process can call other cogs, and itself.
func TestCall_bothWays(t *testing.T) {
	other := cogs.Cog{Name: "other", Setup: func(_ context.Context, r *cogs.Registrar) error {
		cogs.Handle(r, "other.hello", func(ctx context.Context, s string) (string, error) {
			if s == "who?" {
				return cogs.CallInfo(ctx).Caller, nil
			}
			if s == "fail" {
				return "", wire.Errorf("no_luck", "none")
			}
			return cogs.Call(ctx, echo, s+" "+s)
		})
		return nil
	}}
	for _, kind := range []string{"any", "serial"} {
		t.Run(kind, func(t *testing.T) {
			_, bot := cogtest.Start(t, inProcess(t, kind, nil), other)
			if got, err := client.Call(t.Context(), bot, nested, "yes"); got != "yes yes" || err != nil {
				t.Errorf("Call(nested) = %q, %v", got, err)
			}
			if got, err := client.Call(t.Context(), bot, nested, "who?"); got != "any" || err != nil {
				t.Errorf("the caller's name = %q, %v", got, err)
			}
			if _, err := client.Call(t.Context(), bot, nested, "fail"); wire.CodeOf(err) != "no_luck" {
				t.Errorf("Call(nested, fail) = %v", err)
			}
			if got, err := client.Call(t.Context(), bot, again, 5); got != 6 || err != nil {
				t.Errorf("Call(again) = %d, %v; want 6", got, err)
			}
		})
	}
}

func TestCall_cancelAndDeadline(t *testing.T) {
	srv, bot := cogtest.Start(t, inProcess(t, "any", nil))
	short, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer stop()
	if _, err := client.Call(short, bot, wait, 20_000); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Call = %v; want the deadline", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	if _, err := client.Call(ctx, bot, wait, 20_000); !errors.Is(err, context.Canceled) {
		t.Errorf("Call = %v; want canceled", err)
	}
	// the handlers have returned: otherwise the reload would wait for them
	if _, err := srv.Reload(t.Context(), "any", nil); err != nil {
		t.Errorf("Reload = %v", err)
	}
}

func TestSetup_errorsOfTheProcess(t *testing.T) {
	srv, _ := cogtest.Start(t)
	if err := srv.Load(t.Context(), inProcess(t, "refuses", nil)); err == nil || !strings.Contains(err.Error(), "no database") {
		t.Errorf("Load = %v; want the error of the Setup", err)
	}
	if err := srv.Load(t.Context(), inProcess(t, "refuses", withEnv("HOW=panic"))); err == nil || !strings.Contains(err.Error(), "panic: no table at ") || !strings.Contains(err.Error(), "cogs_test.go:") {
		t.Errorf("Load = %v; want the panic of the Setup", err)
	}
	if list := srv.Cogs(); len(list) != 0 {
		t.Errorf("%v are loaded", list)
	}
}
