package actors_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/actors"
	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/protocol"
)

// deafPeer returns an authenticated client that does not read any more.
func deafPeer(t testing.TB, srv *actors.Server, dialect string) *peer {
	t.Helper()
	conn, err := srv.DialContext(t.Context(), "", "")
	if err != nil {
		t.Fatal(err)
	}
	p := &peer{t: t, conn: conn, frames: make(chan frame, 2)}
	t.Cleanup(p.leave)
	p.write([]byte(handshakeText(dialect)))
	r := bufio.NewReader(conn)
	if _, err := http.ReadResponse(r, nil); err != nil {
		t.Fatal(err)
	}
	if dialect != protocol.Subprotocol {
		return p
	}
	go func() {
		for range 2 { // the answers of the handshake
			f, _ := readFrame(r)
			p.frames <- f
		}
	}()
	p.shakeHands(secret)
	return p
}

// TestReader_neverReads calls and does not read the answers. The server cuts the client
// off, and until then delays neither other callers of the same serial cog, nor a
// reload, nor held calls.
func TestReader_neverReads(t *testing.T) {
	for _, dialect := range dialects {
		t.Run(dialect, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				log := &logbook{}
				srv := newServer(t, &actors.Options{Logger: log.logger()})
				err := srv.Load(t.Context(), cogs.Cog{Name: "serial", Serial: true, Setup: func(_ context.Context, r *cogs.Registrar) error {
					n := 0
					cogs.Keep(r, "n", &n)
					cogs.Handle(r, "serial", func(context.Context, wire.Empty) (string, error) {
						time.Sleep(time.Millisecond) // not quick: it runs on a worker
						n++
						return strings.Repeat("x", 100_000), nil
					})
					return nil
				}})
				if err != nil {
					t.Fatal(err)
				}
				beside, other := newNeighbour(t, srv), known(t, srv, protocol.Subprotocol)
				began := time.Now()
				deaf := deafPeer(t, srv, dialect)
				go func() {
					for id := 1; time.Since(began) < 20*time.Second; id++ {
						if dialect == "ipcx" {
							deaf.say(envelope("serial", "{}"))
						} else {
							deaf.say(fmt.Sprintf(`{"id":%d,"call":"serial"}`, id))
						}
						time.Sleep(time.Millisecond)
					}
				}()
				for id := range 200 {
					time.Sleep(10 * time.Millisecond)
					before := time.Now()
					if got := other.ask(fmt.Sprintf(`{"id":%d,"call":"serial"}`, id+1)); !strings.Contains(got, `"ok":`) {
						t.Errorf("another caller of the cog got %.200s; want a result", got)
					}
					if took := time.Since(before); took > 300*time.Millisecond {
						t.Errorf("another caller of the cog waited %v; want it not held up", took)
					}
					beside.check("meanwhile")
					if id%50 == 0 {
						before := time.Now()
						if _, err := srv.Reload(t.Context(), "serial", nil); err != nil || time.Since(before) > time.Second {
							t.Errorf("Reload = %v after %v; want it not held up", err, time.Since(before))
						}
					}
				}
				time.Sleep(20 * time.Second)
				if text := log.String(); strings.Count(text, "does not read") != 1 {
					t.Errorf("the log = %.500s; want one warning of a client that does not read", text)
				}
				if got := srv.Cogs()[1].InFlight; got != 0 {
					t.Errorf("%d calls in flight; want none left behind", got)
				}
			})
		})
	}
}

// TestReader_heldCallIsRefused holds calls while a cog is reloaded. The first of them
// is refused then, and its caller does not read. The calls behind it do not wait.
func TestReader_heldCallIsRefused(t *testing.T) {
	type order struct{ N int }
	cog := cogs.Cog{Name: "c", Setup: func(_ context.Context, r *cogs.Registrar) error {
		n := 0
		cogs.Keep(r, "n", &n)
		cogs.HandleWith(r, "slow", cogs.RouteOptions[order]{Key: func(o order) string { return fmt.Sprint(o.N) }}, func(context.Context, order) (int, error) {
			time.Sleep(time.Second)
			return 1, nil
		})
		return nil
	}}
	for _, dialect := range dialects {
		t.Run(dialect, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := newServer(t, nil)
				if err := srv.Load(t.Context(), cog); err != nil {
					t.Fatal(err)
				}
				p, deaf := known(t, srv, protocol.Subprotocol), deafPeer(t, srv, dialect)
				p.say(`{"id":1,"call":"slow"}`)
				synctest.Wait()
				reloaded := make(chan error, 1)
				go func() {
					_, err := srv.Reload(t.Context(), "c", nil)
					reloaded <- err
				}()
				synctest.Wait()
				if dialect == "ipcx" {
					deaf.say(envelope("slow", `{"N":"x"}`))
				} else {
					deaf.say(`{"id":1,"call":"slow","data":{"N":"x"}}`)
				}
				p.say(`{"id":2,"call":"slow"}`)
				began := time.Now()
				for id := 1; id <= 2; id++ {
					if got, want := p.answer(), fmt.Sprintf(`{"id":%d,"ok":1}`, id); got != want {
						t.Errorf("a call = %s; want %s", got, want)
					}
				}
				if err := <-reloaded; err != nil || time.Since(began) > 3*time.Second {
					t.Errorf("Reload = %v, and the held call took %v; want it not held up by another", err, time.Since(began))
				}
			})
		})
	}
}

// TestReader_manyLargeAnswers asks for more bytes at once than the server gathers. A
// client that reads gets all of them.
func TestReader_manyLargeAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := newServer(t, nil)
		err := srv.Load(t.Context(), cogs.Single("4 MB", func(context.Context, wire.Empty) (string, error) {
			time.Sleep(time.Millisecond)
			return strings.Repeat("x", 4_000_000), nil
		}))
		if err != nil {
			t.Fatal(err)
		}
		p := known(t, srv, protocol.Subprotocol)
		for id := range 12 {
			p.say(fmt.Sprintf(`{"id":%d,"call":"4 MB"}`, id+1))
		}
		for range 12 {
			if got := p.answer(); len(got) < 4_000_000 {
				t.Fatalf("an answer = %.200s; want 4 MB", got)
			}
		}
	})
}

// TestClient_leaves leaves while calls run. The contexts of their handlers end, and the
// requests behind them do not run.
func TestClient_leaves(t *testing.T) {
	for _, dialect := range dialects {
		for _, politely := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s politely=%v", dialect, politely), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var began, ended atomic.Int64
					srv := newServer(t, nil)
					err := srv.Load(t.Context(), cogs.Single("wait", func(ctx context.Context, _ wire.Empty) (int, error) {
						began.Add(1)
						<-ctx.Done()
						ended.Add(1)
						return 0, ctx.Err()
					}))
					if err != nil {
						t.Fatal(err)
					}
					p := known(t, srv, dialect)
					for id := range 10 {
						if dialect == "ipcx" {
							p.say(envelope("wait", "{}"))
						} else {
							p.say(fmt.Sprintf(`{"id":%d,"call":"wait"}`, id+1))
						}
					}
					synctest.Wait()
					if politely {
						p.write(frameOf(0x80|opClose, "\x03\xe8"))
					} else {
						p.leave()
					}
					time.Sleep(2 * time.Second)
					want := int64(10)
					if dialect == "ipcx" {
						want = 1
					}
					if began.Load() != want || ended.Load() != want {
						t.Errorf("%d handlers began and %d contexts ended; want %d", began.Load(), ended.Load(), want)
					}
					if got := srv.Cogs()[1].InFlight; got != 0 {
						t.Errorf("%d calls in flight; want none", got)
					}
				})
			})
		}
	}
}

// TestV1_heartbeats lets a client be silent. The server pings it, and cuts it off if it
// does not answer.
func TestV1_heartbeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := known(t, newServer(t, nil), protocol.Subprotocol)
		began := time.Now()
		for _, after := range []time.Duration{15 * time.Second, 30 * time.Second} {
			f := <-p.frames
			if took := time.Since(began); f.op != opPing || took < after || took > after+5*time.Second {
				t.Errorf("the server sent %v after %v of silence; want a ping after %v", f, took, after)
			}
		}
		p.write(frameOf(0x80|opPong, ""))
		began = time.Now()
		pings := 0
		for f := range p.frames {
			if pings++; f.op != opPing {
				t.Errorf("the server sent %v; want pings alone", f)
			}
		}
		if took := time.Since(began); took < 45*time.Second || took > 50*time.Second || pings != 2 {
			t.Errorf("a silent client was ended after %v and %d pings; want 45s and 2", took, pings)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		p := known(t, newServer(t, nil), protocol.Subprotocol)
		var beats sync.WaitGroup
		beats.Go(func() {
			for range 100 {
				f := <-p.frames
				if f.op != opPing {
					t.Errorf("the server sent %v; want pings", f)
				}
				p.write(frameOf(0x80|opPong, f.text))
			}
		})
		beats.Wait() // half an hour
		if got := p.ask(`{"id":1,"call":"echo","data":1}`); got != `{"id":1,"ok":1}` {
			t.Errorf("a call = %s; want its result", got)
		}
	})
}
