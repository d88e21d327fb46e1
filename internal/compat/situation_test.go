package compat

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"

	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/wire"
)

// replaySituation replays a client case without a script. Such a case was recorded with a
// real server, or without a server, and is described in words. Here our client calls our
// server.
func replaySituation(g golden) error {
	s, ok := situations[g.name]
	if !ok {
		s = (*situation).plainCalls
		for _, c := range g.get("setup").get("calls").list {
			ok = c.kind == '['
		}
		if !ok {
			return errors.New("the test knows no such situation")
		}
	}
	secret := "s3cret"
	w := &situation{g: g, secret: &secret}
	err := s(w)
	for _, c := range w.clients {
		c.Close()
	}
	if w.bot != nil {
		err = errors.Join(err, w.bot.stop())
	}
	return err
}

// A situation is such a case in progress.
type situation struct {
	g       golden
	secret  *string
	bot     *bot
	clients []*client.Client
}

var situations = map[string]func(*situation) error{
	"c-refused":                      (*situation).refused,
	"c-mc-refused":                   (*situation).discoveryRefused,
	"c-host-ipv6-bare":               (*situation).bareIPv6,
	"c-gather-10-connected":          (*situation).gatherConnected,
	"c-gather-10-discovery":          (*situation).gatherDiscovery,
	"c-server-killed-during-request": (*situation).killedAndReplaced,
	"c-server-killed-for-good":       (*situation).killedForGood,
	"c-stale-port":                   (*situation).stalePort,
	"c-big-to-server":                (*situation).bigRequest,
	"c-cross-ipc-server":             (*situation).five,
	"c-cross-ipcx-server":            (*situation).five,
	"c-async-with":                   (*situation).closedClient,
}

// start starts the bot and returns a client of it.
func (s *situation) start() (*client.Client, error) {
	b, err := startBot(s.secret, fixture.cogs, nil)
	if err != nil {
		return nil, err
	}
	s.bot = b
	return s.client("ipcx", b.addr())
}

func (s *situation) client(scheme, addr string) (*client.Client, error) {
	c, err := newClient(scheme, addr, s.secret)
	if err == nil {
		s.clients = append(s.clients, c)
	}
	return c, err
}

// result returns the outcome that recorded call i must have.
func (s *situation) result(i int) outcome {
	rec := s.g.get("result")
	if list := s.g.get("results").list; i < len(list) {
		rec = list[i]
	}
	return recordedOutcome(rec)
}

// call makes a call that must soon have outcome o.
func call(c *client.Client, endpoint string, data any, o outcome) error {
	ctx, cancel := context.WithTimeout(context.Background(), callTime)
	defer cancel()
	text, err := c.Request(ctx, endpoint, data)
	if d := o.differ(text, err); d != "" {
		return fmt.Errorf("%s: %s", endpoint, d)
	}
	return nil
}

var (
	plain       = outcome{value: `"plain"`}
	unavailable = outcome{code: wire.Unavailable}
	interrupted = outcome{code: wire.Interrupted}
)

// plainCalls makes the recorded calls, one after the other. If a call has a third element,
// its caller gives up.
func (s *situation) plainCalls() error {
	c, err := s.start()
	if err != nil {
		return err
	}
	for i, n := range s.g.get("setup").get("calls").list {
		o := s.result(i)
		if len(n.list) == 3 {
			if err := s.givenUp(c, n); err != nil {
				return fmt.Errorf("call %d: %w", i, err)
			}
			continue
		}
		data, _, err := argument(n.list[1])
		if err != nil {
			return err
		}
		if s.g.fix { // then each call must get its own reply
			envelope := fmt.Sprintf(`{"endpoint": %s, "data": %s, "headers": {"Authorization": "s3cret"}}`, n.list[0].raw, n.list[1].raw)
			o = value([]byte(oracle{secret: s.secret}.answer(message{payload: []byte(envelope)}).text))
		}
		if err := call(c, n.list[0].str, data, o); err != nil {
			return fmt.Errorf("call %d: %w", i, err)
		}
	}
	return nil
}

// givenUp makes a call and cancels it as soon as the route runs. If it waited for the
// recorded time, less time would be left until the reply.
func (s *situation) givenUp(c *client.Client, n node) error {
	if !strings.HasPrefix(n.list[2].str, "cancelled after ") {
		return fmt.Errorf("the test does not know the remark %q", n.list[2].str)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ran := make(chan error, 1)
	go func() { // ends when the route runs
		ran <- s.bot.wait(event{kind: "call", route: n.list[0].str})
		cancel()
	}()
	data, _, err := argument(n.list[1])
	if err != nil {
		return err
	}
	text, err := c.Request(ctx, n.list[0].str, data)
	if d := (outcome{code: wire.Canceled}).differ(text, err); d != "" {
		return errors.New(d)
	}
	return <-ran
}

// refused makes calls while no server listens, and then a call while one does.
func (s *situation) refused() error {
	var addr string
	if err := freeAddresses(ownAddress(), &addr); err != nil {
		return err
	}
	c, err := s.client("ipcx", addr)
	if err != nil {
		return err
	}
	if err := errors.Join(call(c, "plain", nil, unavailable), call(c, "plain", nil, unavailable)); err != nil {
		return err
	}
	script, _ := parse([]byte(`[{"recv": 1}, {"op": "text", "text": "\"ok\""}, {"op": "close", "code": 1000}]`))
	f, err := startFake(addr, []node{script})
	if err != nil {
		return err
	}
	err = call(c, "plain", nil, outcome{value: `"ok"`})
	c.Close()
	_, scriptErr := f.stop()
	return errors.Join(err, scriptErr)
}

func (s *situation) discoveryRefused() error {
	var addr string
	if err := freeAddresses(ownAddress(), &addr); err != nil {
		return err
	}
	c, err := s.client("discover", addr)
	if err != nil {
		return err
	}
	return errors.Join(call(c, "plain", nil, unavailable), call(c, "plain", nil, unavailable))
}

// bareIPv6 checks that an IPv6 address in brackets works as a host.
func (s *situation) bareIPv6() error {
	script, _ := parse([]byte(`[{"recv": 1}, {"op": "text", "text": "\"ok\""}]`))
	f, err := startFake("[::1]:0", []node{script})
	if err != nil { // this machine has no IPv6, but the client must accept the URL all the same
		c, err := s.client("ipcx", net.JoinHostPort("::1", "1"))
		if err != nil {
			return err
		}
		return call(c, "plain", nil, unavailable)
	}
	_, port, _ := net.SplitHostPort(f.addr())
	c, err := s.client("ipcx", net.JoinHostPort(s.g.get("setup").get("host").str, port))
	if err == nil {
		err = call(c, "plain", nil, outcome{value: `"ok"`})
		c.Close()
	}
	_, scriptErr := f.stop()
	return errors.Join(err, scriptErr)
}

// gather makes ten calls at once, each of which must get its own reply.
func gather(c *client.Client, endpoint string, data func(i int) string) error {
	errs := make([]error, 10)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() {
			n, err := parse([]byte(data(i)))
			if err != nil {
				errs[i] = err
				return
			}
			arg, _, _ := argument(n)
			o := outcome{value: n.raw}
			if endpoint == "echo_value" {
				o.value = n.get("value").raw
			}
			errs[i] = call(c, endpoint, arg, o)
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

func (s *situation) gatherConnected() error {
	c, err := s.start()
	if err != nil {
		return err
	}
	if err := call(c, "plain", nil, plain); err != nil {
		return err
	}
	if err := gather(c, "sleep", func(i int) string { return fmt.Sprintf(`{"seconds": 0.3, "n": %d}`, i) }); err != nil {
		return err
	}
	if n := s.bot.times(event{kind: "call", route: "sleep"}); n != s.g.get("server_runs").int() {
		return fmt.Errorf("the route ran %d times; want %s", n, s.g.get("server_runs").raw)
	}
	for i := range s.g.get("afterwards").list { // a late reply of an earlier call would come now
		v := fmt.Sprint(100 + i)
		if err := call(c, "echo_value", map[string]any{"value": 100 + i}, outcome{value: v}); err != nil {
			return err
		}
	}
	return nil
}

func (s *situation) gatherDiscovery() error {
	if _, err := s.start(); err != nil {
		return err
	}
	// The proxy counts the lookups.
	lookups, err := startProxy(s.bot.discover)
	if err != nil {
		return err
	}
	defer lookups.stop()
	c, err := s.client("discover", lookups.addr())
	if err != nil {
		return err
	}
	if err := gather(c, "echo_value", func(i int) string { return fmt.Sprintf(`{"value": %d}`, i) }); err != nil {
		return err
	}
	if n := lookups.count(); s.g.fix && n != 1 || n < 1 || n > 10 {
		return fmt.Errorf("ten first calls make %d lookups; want 1 that they share", n)
	}
	return nil
}

// five makes five calls. An old client makes them on one connection, and a new one on five.
func (s *situation) five() error {
	c, err := s.start()
	if err != nil {
		return err
	}
	for i := range 5 {
		if err := call(c, "echo_value", map[string]any{"value": i}, outcome{value: fmt.Sprint(i)}); err != nil {
			return err
		}
	}
	return nil
}

// closedClient closes the client, as "async with" does at its end, and then makes a call.
func (s *situation) closedClient() error {
	c, err := s.start()
	if err != nil {
		return err
	}
	if err := call(c, "plain", nil, plain); err != nil {
		return err
	}
	c.Close()
	_, err = c.Request(context.Background(), "plain", nil)
	if d := s.result(1).differ(nil, err); d != "" || !errors.Is(err, client.ErrClosed) {
		return fmt.Errorf("call of a closed client: %w; want ErrClosed: %s", err, d)
	}
	return nil
}
