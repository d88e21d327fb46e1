package cogs_test

import (
	"context"
	"strings"
	"testing"

	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/internal/instance"
	"github.com/cogbus/cogbus/internal/spec"
	"github.com/cogbus/cogbus/wire"
)

// open returns an instance of a cog whose Setup calls f, and the error of that Setup.
func open(t *testing.T, f func(r *cogs.Registrar)) (*instance.Instance, error) {
	t.Helper()
	setup := func(_ context.Context, r *cogs.Registrar) error { f(r); return nil }
	return instance.Open(t.Context(), spec.Of(cogs.Cog{Name: "c", Setup: setup}), instance.Options{})
}

func TestRegistrar_wrongUse(t *testing.T) {
	type in = wire.Empty
	fine := func(context.Context, in) (int, error) { return 0, nil }
	for want, f := range map[string]func(*cogs.Registrar){
		`route twice: "a"`:                   func(r *cogs.Registrar) { cogs.Handle(r, "a", fine); cogs.Handle(r, "a", fine) },
		"route of cog":                       func(r *cogs.Registrar) { cogs.Handle(r, "", fine) },
		"has no handler":                     func(r *cogs.Registrar) { cogs.Handle[in, int](r, "a", nil) },
		"has a negative limit":               func(r *cogs.Registrar) { cogs.HandleWith(r, "a", cogs.RouteOptions[in]{Timeout: -1}, fine) },
		"the interval must be positive":      func(r *cogs.Registrar) { r.Every(0, func(context.Context) error { return nil }) },
		"Go of cog \"c\" without a function": func(r *cogs.Registrar) { r.Go(nil) },
	} {
		_, err := open(t, f)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), `"c"`) {
			t.Errorf("Open = %v; want it to say %q and name the cog", err, want)
		}
	}
	if _, err := instance.Open(t.Context(), spec.Of(cogs.Cog{Name: "c"}), instance.Options{}); err == nil {
		t.Error("Open of a cog without Setup succeeded; want an error")
	}
}

func TestReason_isThatOfTheInstance(t *testing.T) {
	for reason, inside := range map[cogs.Reason]instance.Reason{
		cogs.Load: instance.Load, cogs.Reload: instance.Reload, cogs.Restart: instance.Restart, cogs.Rollback: instance.Rollback,
	} {
		if string(reason) != string(inside) {
			t.Errorf("a reason is %q in package cogs and %q inside", reason, inside)
		}
	}
}
