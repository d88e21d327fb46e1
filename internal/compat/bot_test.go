package compat

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"

	"github.com/cogbus/cogbus/actors"
	"github.com/cogbus/cogbus/cogs"
)

// A bot is a running cogbus server with the fixture's cogs.
type bot struct {
	fixture
	srv      *actors.Server
	discover string // the address of discovery, also if discovery is off

	cancel context.CancelFunc
	ended  chan error // gets the result of Run
}

// startBot runs a server on its own address. If change is not nil, it changes the usual
// options.
func startBot(secret *string, list func(fixture) []cogs.Cog, change func(*actors.Options)) (*bot, error) {
	b := &bot{fixture: fixture{newEvents()}, ended: make(chan error, 1)}
	ready := make(chan struct{})
	o := &actors.Options{
		Insecure: true,
		Logger:   quiet,
		OnReady:  func(string) { close(ready) },
		OnError: func(f actors.Failure) {
			if typ := errorType(f.Err); typ != "" {
				b.add(event{kind: "ipc_error", route: f.Endpoint, typ: typ, caller: f.Caller})
			}
		},
	}
	if secret != nil {
		o.Secret, o.Insecure = *secret, false
	}
	if err := freeAddresses(ownAddress(), &o.Addr, &o.Discovery); err != nil {
		return nil, err
	}
	b.discover = o.Discovery
	if change != nil {
		change(o)
	}
	b.srv = actors.NewServer(o)
	if err := b.srv.Load(context.Background(), list(b.fixture)...); err != nil {
		b.srv.Close()
		return nil, err
	}
	var ctx context.Context
	ctx, b.cancel = context.WithCancel(context.Background())
	go func() { b.ended <- b.srv.Run(ctx) }() // stop ends it
	select {
	case <-ready:
		return b, nil
	case err := <-b.ended:
		b.cancel()
		return nil, fmt.Errorf("Run ends: %w", err)
	}
}

// freeAddresses finds free ports of host. They stay free, because no other program uses
// that address.
func freeAddresses(host string, addrs ...*string) error {
	for _, addr := range addrs {
		l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
		if err != nil {
			return err
		}
		defer l.Close() // at the end of the function, so that each port is another
		*addr = l.Addr().String()
	}
	return nil
}

func (b *bot) addr() string { return b.srv.Addr() }

func (b *bot) host() string {
	host, _, _ := net.SplitHostPort(b.discover)
	return host
}

func (b *bot) port() string {
	_, port, _ := net.SplitHostPort(b.addr())
	return port
}

// stop ends the bot and returns the result of Run.
func (b *bot) stop() error {
	b.cancel()
	return <-b.ended
}

// bots are the servers that most cases share, one for each secret.
type bots struct {
	mu   sync.Mutex // protects list
	list map[string]*bot
}

func (s *bots) get(secret *string) (*bot, error) {
	key := "none"
	if secret != nil {
		key = "secret " + *secret
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if b := s.list[key]; b != nil {
		return b, nil
	}
	b, err := startBot(secret, fixture.cogs, nil)
	if err == nil {
		s.list[key] = b
	}
	return b, err
}

// stop ends all servers. That is quick, because they have no clients any more.
func (s *bots) stop() error {
	var errs []error
	for _, b := range s.list {
		errs = append(errs, b.stop())
	}
	return errors.Join(errs...)
}
