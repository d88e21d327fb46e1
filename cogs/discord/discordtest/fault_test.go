package discordtest

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestResumeLosesNothing(t *testing.T) {
	bubble(t, nil, func(t *testing.T, srv *Server) {
		d := newSession(t, srv)
		open(t, d)
		in := listen(d)
		g := srv.Guild(0)
		var want []string
		say := func(text string) {
			if _, err := srv.Message(g.Channels[0].ID, g.OwnerID, text); err != nil {
				t.Fatalf("Message() = %v; want nil", err)
			}
			want = append(want, "says "+text)
		}
		say("before")
		synctest.Wait()
		srv.Disconnect()
		for i := range 100 {
			say(fmt.Sprint(i))
		}
		time.Sleep(5 * time.Second) // discordgo takes a second to come back
		want = append(want, "RESUMED")
		say("after")
		if diff := cmp.Diff(want, in.all()); diff != "" {
			t.Errorf("events around Disconnect() (-want +got):\n%s", diff)
		}
	})
}

func TestResumeWithoutCompression(t *testing.T) {
	bubble(t, nil, func(t *testing.T, srv *Server) {
		d := newSession(t, srv)
		d.Compress = false
		open(t, d)
		in := listen(d)
		srv.Reconnect()
		time.Sleep(5 * time.Second)
		if diff := cmp.Diff([]string{"RESUMED"}, in.all()); diff != "" {
			t.Errorf("events after Reconnect() (-want +got):\n%s", diff)
		}
	})
}

func TestTooMuchMissed(t *testing.T) {
	bubble(t, &Options{Replay: 3}, func(t *testing.T, srv *Server) {
		d := newSession(t, srv)
		open(t, d)
		in := listen(d)
		g := srv.Guild(0)
		for _, tt := range []struct {
			missed int
			want   []string
		}{
			{3, []string{"says hi", "says hi", "says hi", "RESUMED"}},
			{4, []string{"READY", "GUILD_CREATE"}},
		} {
			srv.Disconnect()
			for range tt.missed {
				if _, err := srv.Message(g.Channels[0].ID, g.OwnerID, "hi"); err != nil {
					t.Fatalf("Message() = %v; want nil", err)
				}
			}
			time.Sleep(5 * time.Second)
			if diff := cmp.Diff(tt.want, in.all()); diff != "" {
				t.Errorf("after missing %d of 3 events (-want +got):\n%s", tt.missed, diff)
			}
		}
	})
}

func TestInvalidateSessions(t *testing.T) {
	for _, connected := range []bool{true, false} {
		t.Run(fmt.Sprintf("connected=%t", connected), func(t *testing.T) {
			bubble(t, nil, func(t *testing.T, srv *Server) {
				d := newSession(t, srv)
				open(t, d)
				in := listen(d)
				d.State.RLock()
				before := d.State.SessionID
				d.State.RUnlock()
				if !connected {
					srv.Disconnect()
				}
				srv.InvalidateSessions()
				time.Sleep(5 * time.Second)
				if diff := cmp.Diff([]string{"READY", "GUILD_CREATE"}, in.all()); diff != "" {
					t.Errorf("events after InvalidateSessions() (-want +got):\n%s", diff)
				}
				d.State.RLock()
				after := d.State.SessionID
				d.State.RUnlock()
				if before == after {
					t.Errorf("session id is still %s; want another", after)
				}
				// The new session must work as the old one did.
				srv.Disconnect()
				time.Sleep(5 * time.Second)
				if diff := cmp.Diff([]string{"RESUMED"}, in.all()); diff != "" {
					t.Errorf("events after a further Disconnect() (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestClosedSessionIsNotResumed(t *testing.T) {
	bubble(t, nil, func(t *testing.T, srv *Server) {
		d := newSession(t, srv)
		open(t, d)
		in := listen(d)
		if err := d.Close(); err != nil {
			t.Fatalf("Close() = %v; want nil", err)
		}
		if err := d.Open(); err != nil {
			t.Fatalf("Open() again = %v; want nil", err)
		}
		if diff := cmp.Diff([]string{"READY", "GUILD_CREATE"}, in.all()); diff != "" {
			t.Errorf("events after Close() and Open() (-want +got):\n%s", diff)
		}
	})
}

func TestRateLimit(t *testing.T) {
	bubble(t, nil, func(t *testing.T, srv *Server) {
		d := newSession(t, srv)
		srv.RateLimit(2, 1500*time.Millisecond)
		start := time.Now()
		if _, err := d.User("@me"); err != nil {
			t.Fatalf("User(@me) = %v; want nil", err)
		}
		if took := time.Since(start); took != 3*time.Second {
			t.Errorf("User(@me) took %v; want 3s", took)
		}
		var got []string
		for _, r := range srv.Requests() {
			got = append(got, r.String())
		}
		want := []string{"GET /users/@me 429", "GET /users/@me 429", "GET /users/@me 200"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("Requests() (-want +got):\n%s", diff)
		}
	})
}
