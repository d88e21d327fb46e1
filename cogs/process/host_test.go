//go:build unix

package process_test

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/cogs/cogtest"
	"github.com/cogbus/cogbus/internal/instance"
	"github.com/cogbus/cogbus/wire"
)

// A station is a host with events that a test makes.
type station struct {
	mu   sync.Mutex // protects subs
	subs map[string][]*func([]byte)
}

func (s *station) Call(_ context.Context, name string, data []byte) ([]byte, error) {
	switch name {
	case "fail":
		return nil, wire.Errorf(wire.NotFound, "no %s", name)
	case "panic":
		panic("the host panics")
	case "leave":
		runtime.Goexit()
	case "nil error":
		return nil, (*wire.Error)(nil)
	}
	return fmt.Appendf(nil, "%q", name+" "+string(data)), nil
}

func (s *station) Subscribe(event string, deliver func([]byte)) func() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.subs[event] = append(s.subs[event], &deliver)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.subs[event] = slices.DeleteFunc(s.subs[event], func(other *func([]byte)) bool { return other == &deliver })
	}
}

func (s *station) publish(event, data string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, deliver := range s.subs[event] {
		(*deliver)([]byte(data))
	}
}

func (s *station) with(cog cogs.Cog) cogs.Cog {
	setup := cog.Setup
	cog.Setup = func(ctx context.Context, r *cogs.Registrar) error {
		(*instance.Recorder)(r).SetHost(s)
		return setup(ctx, r)
	}
	return cog
}

func TestHost_call(t *testing.T) {
	s := &station{subs: map[string][]*func([]byte){}}
	_, bot := cogtest.Start(t, s.with(inProcess(t, "any", nil)))
	if got, err := client.Call(t.Context(), bot, hosted, "guild"); got != `"guild \"question\""` || err != nil {
		t.Errorf("Call(hosted) = %s, %v", got, err)
	}
	if _, err := client.Call(t.Context(), bot, hosted, "fail"); wire.CodeOf(err) != wire.NotFound {
		t.Errorf("Call(hosted) = %v; want not_found", err)
	}
	for _, bad := range []string{"panic", "leave", "nil error"} { // the function fails in the bot, which must go on
		if _, err := client.Call(t.Context(), bot, hosted, bad); wire.CodeOf(err) != wire.Internal {
			t.Errorf("Call(hosted) with a host that fails by %s = %v; want internal", bad, err)
		}
	}
	if events := slices.Collect(eventsOf(s)); !slices.Equal(events, []string{"JOIN"}) {
		t.Errorf("the process gets the events %v; want JOIN alone", events)
	}
}

func eventsOf(s *station) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		s.mu.Lock()
		defer s.mu.Unlock()
		for event, list := range s.subs {
			if len(list) > 0 && !yield(event) {
				return
			}
		}
	}
}

// TestEvents_overReloads makes events while the cog is reloaded and replaced. The cog
// handles each event exactly once, in order.
func TestEvents_overReloads(t *testing.T) {
	s := &station{subs: map[string][]*func([]byte){}}
	compiled := anyCog()
	compiled.Name = "any"
	list := []cogs.Cog{s.with(inProcess(t, "any", nil)), s.with(compiled)}
	srv, bot := cogtest.Start(t, list[0])
	const events = 2000
	var want []string
	published := make(chan struct{})
	go func() {
		defer close(published)
		for i := range events {
			s.publish("JOIN", fmt.Sprint(i))
			if i%100 == 99 {
				_, _ = client.Call(t.Context(), bot, echo, "not too fast")
			}
		}
	}()
	for i := range events {
		want = append(want, fmt.Sprint(i))
	}
	for i := 0; ; i++ {
		if _, err := srv.Replace(t.Context(), list[i/3%2], nil); err != nil {
			t.Fatalf("Replace = %v", err)
		}
		select {
		case <-published:
		default:
			continue
		}
		break
	}
	var got []string
	until(t, func() bool {
		var err error
		got, err = client.Call(t.Context(), bot, seen, wire.Empty{})
		return err != nil || len(got) >= events
	})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the events that were seen (-want +got):\n%s", diff)
	}
}

// TestTick checks that ticks run in the process, one at a time.
func TestTick(t *testing.T) {
	srv, bot := cogtest.Start(t, inProcess(t, "ticks", nil))
	count := func() (n int) {
		text, err := bot.Request(t.Context(), "ticks.count", nil)
		if err != nil {
			return 0
		}
		_ = json.Unmarshal(text, &n)
		return n
	}
	until(t, func() bool { return count() >= 3 })
	if _, err := srv.Reload(t.Context(), "any", nil); err != nil {
		t.Fatalf("Reload = %v", err)
	}
	until(t, func() bool { return count() >= 6 })
	if n := srv.Cogs()[0].Restarts; n != 0 {
		t.Errorf("%d restarts; want none", n)
	}
	_, _ = bot.Request(t.Context(), "ticks.break", nil)
	until(t, func() bool { return srv.Cogs()[0].Restarts == 1 })
	if text := srv.Cogs()[0].LastError; text != "every 5ms: the tick is broken" {
		t.Errorf("the last error is %q", text)
	}
}

// TestTask_fails has a task that fails in the process.
func TestTask_fails(t *testing.T) {
	srv, _ := cogtest.Start(t, inProcess(t, "task", nil))
	until(t, func() bool { return srv.Cogs()[0].Restarts > 0 })
	if text := srv.Cogs()[0].LastError; text != "task: the task has failed" {
		t.Errorf("the last error is %q", text)
	}
}

// TestKeep_afterACrash checks that a cog goes on with the values saved last.
func TestKeep_afterACrash(t *testing.T) {
	srv, bot := cogtest.Start(t, inProcess(t, "any", nil))
	for range 2 {
		_, _ = client.Call(t.Context(), bot, next, wire.Empty{})
	}
	if _, err := srv.Reload(t.Context(), "any", nil); err != nil {
		t.Fatal(err)
	}
	_, _ = client.Call(t.Context(), bot, next, wire.Empty{})
	_ = syscall.Kill(pidOf(t, bot), syscall.SIGKILL)
	until(t, func() bool { return srv.Cogs()[0].Restarts == 1 })
	untilServed(t, bot)
	if got, err := client.Call(t.Context(), bot, next, wire.Empty{}); got != 3 || err != nil {
		t.Errorf("Call(next) = %d, %v; want 3: 2 were saved", got, err)
	}
}
