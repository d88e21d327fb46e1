package discordtest

import (
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/bwmarrin/discordgo"
)

// bubble runs f in a synctest bubble against a server of its own.
func bubble(t *testing.T, opts *Options, f func(t *testing.T, srv *Server)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		srv := New(opts)
		t.Cleanup(srv.Close)
		f(t, srv)
	})
}

// newSession returns a session that is not open, for REST or further setup.
func newSession(t *testing.T, srv *Server) *discordgo.Session {
	t.Helper()
	d, err := srv.Session()
	if err != nil {
		t.Fatalf("Session() = %v; want nil", err)
	}
	d.SyncEvents = true // handlers then get events in order
	return d
}

// open opens d, and closes it before the server when the test ends.
func open(t *testing.T, d *discordgo.Session) {
	t.Helper()
	if err := d.Open(); err != nil {
		t.Fatalf("Open() = %v; want nil", err)
	}
	synctest.Wait()
	t.Cleanup(func() {
		synctest.Wait()
		d.Close()
	})
}

// inbox collects texts that handlers add.
type inbox struct {
	mu   sync.Mutex
	seen []string // guarded by mu
}

func (b *inbox) add(text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.seen = append(b.seen, text)
}

// all waits until every goroutine of the bubble is idle. It returns the texts that were
// added since its last call.
func (b *inbox) all() []string {
	synctest.Wait()
	b.mu.Lock()
	defer b.mu.Unlock()
	seen := slices.Clone(b.seen)
	b.seen = nil
	return seen
}

// listen returns an inbox that gets the events of d.
func listen(d *discordgo.Session) *inbox {
	b := new(inbox)
	d.AddHandler(func(_ *discordgo.Session, e *discordgo.Event) {
		switch e.Type {
		case "MESSAGE_CREATE":
			b.add("says " + e.Struct.(*discordgo.MessageCreate).Content)
		default:
			b.add(e.Type)
		}
	})
	return b
}
