package actors_test

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestLimits_clientsApart lets clients come at any distance from each other. Each has
// its own time to authenticate, and its own silence, to within a second.
func TestLimits_clientsApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := newServer(t, nil)
		var clients sync.WaitGroup
		for _, apart := range []time.Duration{0, 300 * time.Millisecond, time.Second, 1700 * time.Millisecond, time.Minute} {
			time.Sleep(apart)
			for _, dialect := range dialects {
				p := dialPeer(t, srv, dialect)
				began := time.Now()
				clients.Go(func() {
					f := <-p.frames
					if f.op == opPing {
						f = <-p.frames
					}
					if took := time.Since(began); f.code() != 1008 || took < 30*time.Second || took >= 31*time.Second {
						t.Errorf("a client without a secret, %v after the one before, got %v after %v of %s; want Close 1008 after 30s", apart, f, took, dialect)
					}
					p.leave()
				})
			}
			p := known(t, srv, dialects[1])
			began := time.Now()
			clients.Go(func() {
				pings := 0
				for f := range p.frames {
					if pings++; f.op != opPing {
						t.Errorf("a silent client got %v; want pings alone", f)
					}
				}
				// the first heartbeat hears of the handshake
				if took := time.Since(began); took < 50*time.Second || took >= 51*time.Second || pings != 2 {
					t.Errorf("a silent client, %v after the one before, was cut off after %v and %d pings; want 50s and 2", apart, took, pings)
				}
			})
		}
		clients.Wait()
	})
}
