package compat

import (
	"errors"
	"fmt"
	"strings"

	"github.com/cogbus/cogbus/actors"
	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/wire"
)

// killed makes a call and kills its server while the route runs, so that the connection
// ends without a Close. A proxy stands for the server's process.
func (s *situation) killed() (c *client.Client, p *proxy, err error) {
	if _, err = s.start(); err != nil {
		return nil, nil, err
	}
	if p, err = startProxy(s.bot.addr()); err != nil {
		return nil, nil, err
	}
	if c, err = s.client("ipcx", p.addr()); err != nil {
		return nil, nil, err
	}
	down := make(chan error, 1)
	go func() { // ends when the route runs
		err := s.bot.wait(event{kind: "call", route: "hang"})
		p.stop()
		down <- err
	}()
	err = call(c, "hang", nil, interrupted)
	return c, p, errors.Join(err, <-down)
}

// killedAndReplaced checks that a call that may have run is not sent to the next process.
func (s *situation) killedAndReplaced() error {
	c, p, err := s.killed()
	if err != nil {
		return err
	}
	next, err := startBot(s.secret, fixture.cogs, func(o *actors.Options) { o.Addr = p.addr() })
	if err != nil {
		return err
	}
	err = call(c, "plain", nil, plain)
	if n := next.times(event{kind: "call", route: "hang"}); n != 0 {
		err = errors.Join(err, fmt.Errorf("the lost call ran %d times in the next process; want 0", n))
	}
	return errors.Join(err, next.stop())
}

func (s *situation) killedForGood() error {
	c, _, err := s.killed()
	if err != nil {
		return err
	}
	return call(c, "plain", nil, unavailable)
}

// stalePort starts the bot again on another port, which the client must find by discovery.
func (s *situation) stalePort() error {
	if _, err := s.start(); err != nil {
		return err
	}
	c, err := s.client("discover", s.bot.discover)
	if err != nil {
		return err
	}
	if err := call(c, "plain", nil, plain); err != nil {
		return err
	}
	discover, old := s.bot.discover, s.bot.addr()
	var other string
	if err := freeAddresses(s.bot.host(), &other); err != nil {
		return err
	}
	if err := s.bot.stop(); err != nil {
		return err
	}
	if s.bot, err = startBot(s.secret, fixture.cogs, func(o *actors.Options) { o.Addr, o.Discovery = other, discover }); err != nil {
		return err
	}
	if s.bot.addr() == old {
		return errors.New("the bot did not move")
	}
	return call(c, "plain", nil, plain)
}

func (s *situation) bigRequest() error {
	if _, err := s.start(); err != nil {
		return err
	}
	p, err := startProxy(s.bot.addr())
	if err != nil {
		return err
	}
	defer p.stop()
	c, err := s.client("ipcx", p.addr())
	if err != nil {
		return err
	}
	data := map[string]any{"value": strings.Repeat("x", 4<<20)}
	if err := call(c, "type_of_value", data, outcome{code: wire.TooLarge}); err != nil {
		return err
	}
	if n := p.count(); n != 0 {
		return fmt.Errorf("a request that is too large makes %d connections; want 0", n)
	}
	return call(c, "plain", nil, plain)
}
