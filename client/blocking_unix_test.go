//go:build unix

package client_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"math/big"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/cogbus/cogbus/actors"
	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/cogs"
)

// block puts the socket of a connection or a listener into blocking mode, as File and
// Fd do.
func block(t *testing.T, conn any) {
	raw, err := conn.(syscall.Conn).SyscallConn()
	if err == nil {
		err = raw.Control(func(fd uintptr) { err = syscall.SetNonblock(int(fd), false) })
	}
	if err != nil {
		t.Fatalf("make a socket block: %v", err)
	}
}

// A blockingListener accepts connections in blocking mode.
type blockingListener struct {
	net.Listener
	t *testing.T
}

func (l blockingListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err == nil {
		block(l.t, conn)
	}
	return conn, err
}

// TestCall_blockingSockets calls over sockets in blocking mode. If a system call
// blocked, the whole program could stop, and no test in it could tell. So it runs in a
// process of its own.
func TestCall_blockingSockets(t *testing.T) {
	const variable = "COGBUS_TEST_BLOCKING"
	if name := os.Getenv(variable); name != "" {
		overBlockingSockets(t, name)
		return
	}
	for _, name := range []string{"dialled", "dialled, later", "dialled, TLS", "accepted", "listener", "listener, later"} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestCall_blockingSockets$")
			cmd.Env = append(os.Environ(), variable+"="+name, "GOMAXPROCS=2")
			if out, err := cmd.CombinedOutput(); err != nil || !strings.HasPrefix(string(out), "PASS") {
				t.Errorf("the process ended with %v, and said %q; want PASS within a minute", err, out)
			}
		})
	}
}

// overBlockingSockets calls, collects garbage, lets connections idle and ends both
// sides. The end needs that no goroutine waits in a system call.
func overBlockingSockets(t *testing.T, name string) {
	quiet := slog.New(slog.DiscardHandler)
	srv := actors.NewServer(&actors.Options{Secret: "s3cret", Logger: quiet})
	if err := srv.Load(t.Context(), cogs.Cog{Name: "c", Setup: func(_ context.Context, r *cogs.Registrar) error {
		cogs.Handle(r, describe, func(_ context.Context, g guild) (guild, error) { return g, nil })
		return nil
	}}); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	own, served, target, config := l, l, "ws://", (*tls.Config)(nil)
	switch name {
	case "dialled, TLS":
		served, target, config = tls.NewListener(l, selfSigned(t)), "wss://", &tls.Config{InsecureSkipVerify: true} // the certificate signs itself
	case "accepted":
		served = blockingListener{l, t}
	case "listener":
		block(t, own)
	}
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(context.Background(), served) }() // ends when the server is closed
	var mu sync.Mutex                                                // protects conns
	var conns []net.Conn
	dial := func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		mu.Lock()
		defer mu.Unlock()
		conns = append(conns, conn)
		if name == "dialled" || name == "dialled, TLS" {
			block(t, conn)
		}
		return conn, nil
	}
	var bots []*client.Client
	for range 4 {
		bot, err := client.Dial(t.Context(), target+l.Addr().String(), &client.Options{Secret: "s3cret", DialContext: dial, TLS: config, Logger: quiet})
		if err != nil {
			t.Fatal(err)
		}
		bots = append(bots, bot)
	}
	mu.Lock()
	for _, conn := range conns {
		if name == "dialled, later" {
			block(t, conn)
		}
	}
	mu.Unlock()
	if name == "listener, later" {
		block(t, own)
		if bot, err := client.Dial(t.Context(), target+l.Addr().String(), &client.Options{Secret: "s3cret", Logger: quiet}); err != nil {
			t.Error(err)
		} else {
			bots = append(bots, bot)
		}
	}
	for i := range 100 {
		want := guild{ID: 1, Name: "x"}
		if i%10 == 0 {
			want.Name = strings.Repeat("x", 1<<20) // too large to be read or written at once
		}
		for _, bot := range bots {
			if got, err := client.Call(t.Context(), bot, describe, want); err != nil || got != want {
				t.Errorf("Call = %d bytes, %v; want %d", len(got.Name), err, len(want.Name))
			}
		}
	}
	runtime.GC() // stops the program, also code that the scheduler does not know to be waiting
	for _, bot := range bots[1:] {
		_ = bot.Close()
	}
	_ = srv.Close()
	if err := <-ended; err != nil {
		t.Errorf("Serve = %v; want nil", err)
	}
	_ = bots[0].Close()
}

func selfSigned(t *testing.T) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
}
