//go:build unix

package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/cogbus/cogbus/actors"
	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/protocol"
)

// serverVariable is the environment variable that makes the test binary a server. In its
// own process the server's processor time does not count as the client's.
const serverVariable = "COGBUS_BENCH_SERVER"

func TestMain(m *testing.M) {
	var cogCount, routes int
	if _, err := fmt.Sscan(os.Getenv(serverVariable), &cogCount, &routes); err != nil {
		os.Exit(m.Run())
	}
	srv := actors.NewServer(&actors.Options{
		Addr: "127.0.0.1:0", Discovery: "-", Insecure: true,
		OnReady: func(addr string) { fmt.Println(addr) },
	})
	ctx, cancel := context.WithCancel(context.Background())
	if err := srv.Load(ctx, append(many(cogCount, routes), processorsCog(), spinCog())...); err != nil {
		panic(err)
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // until the benchmark is over
		cancel()
	}()
	if err := srv.Run(ctx); err != nil {
		panic(err)
	}
}

// many returns cogs, each with the given number of routes. The first one has the route
// echo.
func many(count, routes int) []cogs.Cog {
	var list []cogs.Cog
	for n := range count {
		list = append(list, cogs.Cog{Name: fmt.Sprintf("cog%d", n), Setup: func(_ context.Context, r *cogs.Registrar) error {
			for k := range routes {
				name := fmt.Sprintf("cog%d.route%d", n, k)
				if n == 0 && k == 0 {
					name = "echo"
				}
				cogs.Handle(r, wire.Route[echo, echo](name), handle)
			}
			return nil
		}})
	}
	return list
}

// setProcessors sets the number of processors of a server, and starts or ends a goroutine
// of the server that computes all the time.
const setProcessors wire.Route[processors, wire.Empty] = "processors"

type processors struct {
	Count int  `json:"count"`
	Busy  bool `json:"busy"`
}

func processorsCog() cogs.Cog {
	return cogs.Cog{Name: "processors", Setup: func(_ context.Context, r *cogs.Registrar) error {
		var busy atomic.Bool
		cogs.Handle(r, setProcessors, func(_ context.Context, p processors) (wire.Empty, error) {
			runtime.GOMAXPROCS(p.Count)
			if !busy.Swap(p.Busy) && p.Busy {
				go func() { // ends when a request sets Busy to false
					for busy.Load() {
					}
				}()
			}
			return wire.Empty{}, nil
		})
		return nil
	}}
}

// spin is a route with handlers that compute. The last request with a time sets how long.
const spin wire.Route[spinning, spinning] = "spin"

// spinning sets the time for which handlers compute. Zero changes nothing.
type spinning struct {
	For time.Duration `json:"for"`
}

func spinCog() cogs.Cog {
	return cogs.Cog{Name: "spin", Setup: func(_ context.Context, r *cogs.Registrar) error {
		var takes atomic.Int64
		cogs.Handle(r, spin, func(_ context.Context, s spinning) (spinning, error) {
			if s.For > 0 {
				takes.Store(int64(s.For))
				return s, nil
			}
			for began := time.Now(); time.Since(began) < time.Duration(takes.Load()); {
			}
			return s, nil
		})
		return nil
	}}
}

// serveApart starts a server in its own process.
func serveApart(b *testing.B, cogCount, routes int) (addr string, pid int) {
	b.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d %d", serverVariable, cogCount, routes))
	cmd.Stderr = io.Discard
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	addr, err = bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	return strings.TrimSpace(addr), cmd.Process.Pid
}

// byHand is a client as a user would write it: with gorilla, encoding/json, a map of ids
// and a mutex.
type byHand struct {
	conn   *websocket.Conn
	lastID atomic.Uint64

	mu      sync.Mutex // protects the field below, and writes to the connection
	waiting map[uint64]chan json.RawMessage
}

func dialByHand(b *testing.B, addr string) *byHand {
	d := websocket.Dialer{Subprotocols: []string{protocol.Subprotocol}}
	conn, resp, err := d.Dial("ws://"+addr, nil)
	if err != nil {
		b.Fatal(err)
	}
	_ = resp.Body.Close()
	b.Cleanup(func() { _ = conn.Close() })
	hello := `{"hello":{"v":[1],"nonce":"` + strings.Repeat("A", 43) + `="}}`
	if err := conn.WriteMessage(websocket.TextMessage, []byte(hello)); err != nil {
		b.Fatal(err)
	}
	if _, text, err := conn.ReadMessage(); err != nil || !strings.Contains(string(text), "welcome") {
		b.Fatalf("the server says %s, %v; want a welcome", text, err)
	}
	c := &byHand{conn: conn, waiting: map[uint64]chan json.RawMessage{}}
	go c.read() // ends with the connection
	return c
}

func (c *byHand) read() {
	for {
		_, text, err := c.conn.ReadMessage()
		if err != nil {
			return
		}
		var m struct {
			ID uint64          `json:"id"`
			OK json.RawMessage `json:"ok"`
		}
		if json.Unmarshal(text, &m) != nil {
			return
		}
		c.mu.Lock()
		ch := c.waiting[m.ID]
		delete(c.waiting, m.ID)
		c.mu.Unlock()
		ch <- m.OK
	}
}

func (c *byHand) call(ctx context.Context, endpoint string, req, resp any) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	data, err := json.Marshal(req)
	if err != nil {
		return err
	}
	id := c.lastID.Add(1)
	text, err := json.Marshal(struct {
		ID   uint64          `json:"id"`
		Call string          `json:"call"`
		Data json.RawMessage `json:"data"`
		MS   int64           `json:"ms"`
	}{id, endpoint, data, 30_000})
	if err != nil {
		return err
	}
	ch := make(chan json.RawMessage, 1)
	c.mu.Lock()
	c.waiting[id] = ch
	err = c.conn.WriteMessage(websocket.TextMessage, text)
	c.mu.Unlock()
	if err != nil {
		return err
	}
	select {
	case ok := <-ch:
		if ok == nil {
			return errors.New("the call failed")
		}
		return json.Unmarshal(ok, resp)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// BenchmarkClient measures typed calls on one connection, by client.Call and by a client
// written by hand. The server is another process, so calls/CPU-s is per second of the
// client's processor time.
func BenchmarkClient(b *testing.B) {
	for _, callers := range []int{1, 32} {
		for _, name := range []string{"byhand", "cogbus"} {
			b.Run(fmt.Sprintf("callers=%d/client=%s", callers, name), func(b *testing.B) {
				addr, _ := serveApart(b, 1, 1)
				var call func(ctx context.Context, e echo) (echo, error)
				if name == "cogbus" {
					bot, err := client.Dial(b.Context(), "ws://"+addr, nil)
					if err != nil {
						b.Fatal(err)
					}
					b.Cleanup(func() { _ = bot.Close() })
					call = func(ctx context.Context, e echo) (echo, error) {
						return client.Call[echo, echo](ctx, bot, "echo", e)
					}
				} else {
					c := dialByHand(b, addr)
					call = func(ctx context.Context, e echo) (got echo, err error) {
						err = c.call(ctx, "echo", e, &got)
						return got, err
					}
				}
				e := echo{Guild: 123456789012345678, Pad: strings.Repeat("x", 60)}
				if got, err := call(b.Context(), e); got != e || err != nil {
					b.Fatalf("echo = %+v, %v; want the request", got, err)
				}
				b.ReportAllocs()
				before := processorTime(b)
				b.ResetTimer()
				var wg sync.WaitGroup
				var left atomic.Int64
				left.Store(int64(b.N))
				for range callers {
					wg.Go(func() {
						for left.Add(-1) >= 0 {
							if _, err := call(context.Background(), e); err != nil {
								b.Error(err)
								return
							}
						}
					})
				}
				wg.Wait()
				b.StopTimer()
				took := processorTime(b) - before
				b.ReportMetric(float64(b.N)/took.Seconds(), "calls/CPU-s")
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "calls/s")
			})
		}
	}
}

func processorTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
