package actors_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/cogbus/cogbus/wire/protocol"
)

// certificate returns a certificate for 127.0.0.1 that signs itself, and a pool that
// trusts it.
func certificate(t testing.TB) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		NotAfter:     time.Now().Add(time.Hour),
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// TestServe_everyListener serves TCP, TLS, a unix socket, the mux of another HTTP
// server, and memory, all at once.
func TestServe_everyListener(t *testing.T) {
	srv := newServer(t, nil)
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	unix, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	under, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	cert, pool := certificate(t)
	serve(t, srv, plain)
	serve(t, srv, unix)
	serve(t, srv, tls.NewListener(under, &tls.Config{Certificates: []tls.Certificate{cert}}))
	mux := http.NewServeMux()
	mux.Handle("/bot/", srv)
	mounted := httptest.NewServer(mux)
	defer mounted.Close()
	defer srv.Close() // first, since otherwise mounted waits for its clients

	dials := map[string]func() (net.Conn, error){
		"tcp":    func() (net.Conn, error) { return net.Dial("tcp", plain.Addr().String()) },
		"unix":   func() (net.Conn, error) { return net.Dial("unix", unix.Addr().String()) },
		"tls":    func() (net.Conn, error) { return tls.Dial("tcp", under.Addr().String(), &tls.Config{RootCAs: pool}) },
		"memory": func() (net.Conn, error) { return srv.DialContext(t.Context(), "", "") },
		"mounted": func() (net.Conn, error) {
			conn, err := net.Dial("tcp", mounted.Listener.Addr().String())
			return &elsewhere{Conn: conn}, err
		},
	}
	if got := srv.Addr(); got != plain.Addr().String() {
		t.Logf("Addr() = %s", got) // the address of the listener that was first
	}
	peers := map[string]*peer{}
	for name, dial := range dials {
		for _, dialect := range dialects {
			conn, err := dial()
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			p := newPeer(t, conn, dialect)
			if dialect == protocol.Subprotocol {
				p.shakeHands(secret)
			}
			peers[name+" "+dialect] = p
		}
	}
	for round := range 3 {
		for name, p := range peers {
			call, answer := envelope("echo", `{"n":1}`), `{"n":1}`
			if p.resp.Header.Get("Sec-Websocket-Protocol") == protocol.Subprotocol {
				call = fmt.Sprintf(`{"id":%d,"call":"echo","data":{"n":1}}`, round+1)
				answer = fmt.Sprintf(`{"id":%d,"ok":{"n":1}}`, round+1)
			}
			if got := p.ask(call); got != answer {
				t.Errorf("%s: a call = %s; want %s", name, got, answer)
			}
		}
	}
	conn, err := net.Dial("tcp", plain.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if p := newPeer(t, &elsewhere{Conn: conn}, "ipcx"); p.resp.StatusCode != http.StatusNotFound {
		t.Errorf("another path = %s; want 404", p.resp.Status)
	}
	// garbage on the TLS port, and TLS on the other one
	for _, addr := range []string{under.Addr().String(), plain.Addr().String()} {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
		if addr == under.Addr().String() {
			_, _ = conn.Write([]byte("GET / HTTP/1.1\r\nHost: bot\r\n\r\n"))
			_, _ = conn.Read(make([]byte, 100))
		} else if err := tls.Client(conn, &tls.Config{RootCAs: pool, ServerName: "127.0.0.1"}).Handshake(); err == nil {
			t.Error("a TLS handshake with a plain listener succeeded")
		}
		conn.Close()
	}
	for name, p := range peers {
		p.leave()
		if f, ok := p.hear(); ok {
			t.Errorf("%s: the server sent %v; want nothing more", name, f)
		}
	}
}

// An elsewhere asks for /bot/ where / was meant.
type elsewhere struct {
	net.Conn
	said bool
}

func (e *elsewhere) Write(p []byte) (int, error) {
	if e.said {
		return e.Conn.Write(p)
	}
	e.said = true
	_, err := e.Conn.Write(append([]byte("GET /bot/"), p[len("GET /"):]...))
	return len(p), err
}
