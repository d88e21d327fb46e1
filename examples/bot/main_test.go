package main

import (
	"context"
	"net"
	"strings"
	"testing"

	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/examples/api"
	"github.com/cogbus/cogbus/wire"
)

// The test runs the whole bot in the simulation, with real sockets.
func TestRun(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	addr := make(chan string, 1)
	ended := make(chan error, 1)
	c := config{addr: "127.0.0.1:0", discovery: "-", data: t.TempDir(), secret: "secret", ready: func(a string) { addr <- a }}
	go func() { ended <- run(ctx, c) }()
	var bot *client.Client
	select {
	case err := <-ended:
		t.Fatalf("run() = %v; want it to run", err)
	case a := <-addr:
		var err error
		if bot, err = client.New("ws://"+a, &client.Options{Secret: "secret"}); err != nil {
			t.Fatal(err)
		}
		defer bot.Close()
	}
	list, err := client.Call(t.Context(), bot, api.ListGuilds, wire.Empty{})
	if err != nil || len(list) != simulatedGuilds {
		t.Errorf("members.list = %d guilds, %v; want %d", len(list), err, simulatedGuilds)
	}
	other := c
	other.ready = nil
	if err := run(t.Context(), other); err == nil || !strings.Contains(err.Error(), "is in use") {
		t.Errorf("run() with the data of another bot = %v; want an error that says so", err)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("run() = %v; want nil when its context is done", err)
	}
}

func TestRunSaysWhatIsWrong(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, test := range []struct {
		c    config
		want string
	}{
		{config{addr: "127.0.0.1:0"}, "COGBUS_SECRET is not set"},
		{config{addr: taken.Addr().String(), secret: "secret"}, "choose another port with -addr"},
	} {
		test.c.discovery, test.c.data = "-", t.TempDir()
		if err := run(t.Context(), test.c); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("run() = %v; want an error with %q", err, test.want)
		}
	}
}
