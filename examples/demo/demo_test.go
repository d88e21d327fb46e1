package main

import (
	"net"
	"strings"
	"testing"
)

// TestVacant checks that vacant names the address that is in use.
func TestVacant(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	taken := map[string]string{"-addr": "127.0.0.1:0", "-discovery": "-", "-dashboard": l.Addr().String()}
	if err := vacant(t.Context(), taken); err == nil || !strings.Contains(err.Error(), "-dashboard") || !strings.Contains(err.Error(), l.Addr().String()) {
		t.Errorf("vacant(%v) = %v; want the dashboard's address and flag named", taken, err)
	}
	_ = l.Close()
	if err := vacant(t.Context(), taken); err != nil {
		t.Errorf("vacant of free addresses = %v; want nil", err)
	}
}

func TestBanner(t *testing.T) {
	c := config{addr: "localhost:1234", page: "127.0.0.1:8080"}
	got := banner(c, []secret{{"COGBUS_SECRET", "known", false}, {"COGBUS_ADMIN_SECRET", "new", true}}, 906875633666295393)
	const want = `
  dashboard  http://127.0.0.1:8080/
  bot        ws://localhost:1234

To call the bot, in another terminal in this folder with the same COGBUS_SECRET:

  export COGBUS_ADMIN_SECRET=new
  export COGBUS_TARGET=ws://localhost:1234
  go run ./cmd/cogbus call members.count '{"guild_id":"906875633666295393"}'
  go run ./cmd/cogbus cogs
  go run ./cmd/cogbus reload members

Ctrl-C stops both.

`
	if got != want {
		t.Errorf("banner = %s; want %s", got, want)
	}
}
