package loadtest

import (
	"context"
	"net"
	"strings"
	"testing"

	"github.com/cogbus/cogbus/client"
)

// TestNotes_crowded checks that there is a note about a full machine if the bot is on
// the same machine and the generator helps to fill it.
func TestNotes_crowded(t *testing.T) {
	inMemory := &client.Options{DialContext: func(context.Context, string, string) (net.Conn, error) { return nil, net.ErrClosed }}
	for _, test := range []struct {
		target      string
		client      *client.Options
		busy, cores float64
		want        bool
	}{
		{"ws://localhost:8765", nil, 0.96, 1.3, true},
		{"ws://127.0.0.1", &client.Options{}, 0.96, 1.3, true},
		{"ipcx://[::1]:8765", nil, 1, 4, true},
		{"discover://", nil, 1, 4, true},
		{"unix:///run/bot.sock", nil, 1, 4, true},
		{"ws://localhost", nil, 0.94, 1.3, false},
		{"ws://localhost", nil, 1, 1.1, false},
		{"ws://localhost", nil, -1, -1, false},
		{"ws://localhost", inMemory, 1, 4, false},
		{"wss://bot.example.com", nil, 1, 4, false},
		{"ws://10.0.0.1", nil, 1, 4, false},
	} {
		p := &Plan{Target: test.target, Client: test.client}
		rep := &Report{Machine: Machine{Cores: 4}, Generator: Generator{Cores: test.cores, MachineBusy: test.busy}}
		got := p.notes(rep)
		if (len(got) == 1 && strings.HasPrefix(got[0], crowded)) != test.want || len(got) > 1 {
			t.Errorf("notes() of %+v = %q; want one: %t", test, got, test.want)
		}
	}
}
