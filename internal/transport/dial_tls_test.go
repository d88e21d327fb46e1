package transport

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// certificate returns a certificate for bot.example and ::1 that signs itself, and a
// pool that trusts it.
func certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		NotBefore:    time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC), // the clock of a bubble begins in 2000
		NotAfter:     time.Date(2199, 1, 1, 0, 0, 0, 0, time.UTC),
		DNSNames:     []string{"bot.example"},
		IPAddresses:  []net.IP{net.IPv6loopback},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// overTLS returns a dial function that connects to server, and notes the address.
func overTLS(to *string, server func(conn net.Conn)) func(context.Context, string, string) (net.Conn, error) {
	return func(_ context.Context, _, addr string) (net.Conn, error) {
		*to = addr
		near, far := net.Pipe()
		go server(far) // ends with the connection
		return near, nil
	}
}

func TestDial_tls(t *testing.T) {
	cert, trusted := certificate(t)
	for _, c := range []struct {
		url, addr string
		config    *tls.Config
		name      string // the name that the client asks for
		fails     string
	}{
		{"wss://bot.example/", "bot.example:443", &tls.Config{RootCAs: trusted}, "bot.example", ""},
		{"wss://bot.example:8765/", "bot.example:8765", &tls.Config{RootCAs: trusted}, "bot.example", ""},
		{"wss://[::1]:8765/", "[::1]:8765", &tls.Config{RootCAs: trusted}, "", ""},
		{"wss://[::1]/", "[::1]:443", &tls.Config{RootCAs: trusted}, "", ""},
		{"wss://elsewhere/", "elsewhere:443", &tls.Config{RootCAs: trusted, ServerName: "bot.example"}, "bot.example", ""},
		{"wss://elsewhere/", "elsewhere:443", &tls.Config{InsecureSkipVerify: true}, "elsewhere", ""},
		{"wss://elsewhere/", "elsewhere:443", &tls.Config{RootCAs: trusted}, "elsewhere", "hostname"},
		{"wss://bot.example/", "bot.example:443", nil, "bot.example", "authority"},
	} {
		synctest.Test(t, func(t *testing.T) {
			var addr, name string
			var protocols []string
			c, config := c, c.config
			ended := make(chan error, 1)
			conn, err := Dial(t.Context(), c.url, DialOptions{TLS: config, MaxMessage: 100, DialContext: overTLS(&addr, func(far net.Conn) {
				server := tls.Server(far, &tls.Config{GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
					name, protocols = hello.ServerName, hello.SupportedProtos
					return &tls.Config{Certificates: []tls.Certificate{cert}}, nil
				}})
				ended <- serveTLS(server)
			})})
			if addr != c.addr || name != c.name || len(protocols) > 0 {
				t.Errorf("Dial(%q) goes to %s and asks for %q and protocols %q; want %s, %q and none", c.url, addr, name, protocols, c.addr, c.name)
			}
			if config != nil && config.ServerName != "" && config.ServerName != c.name {
				t.Errorf("Dial(%q) has changed the config", c.url)
			}
			if c.fails != "" {
				_, unverified := errors.AsType[*tls.CertificateVerificationError](err)
				_, wrongHost := errors.AsType[x509.HostnameError](err)
				_, unknown := errors.AsType[x509.UnknownAuthorityError](err)
				if !unverified || wrongHost != (c.fails == "hostname") || unknown != (c.fails == "authority") {
					t.Errorf("Dial(%q) = %v; want an error of the %s", c.url, err, c.fails)
				}
				if err := <-ended; err == nil {
					t.Error("the server's handshake passed; want the connection closed")
				}
				return
			}
			if err != nil {
				t.Errorf("Dial(%q) failed: %v", c.url, err)
				return
			}
			defer conn.Abort()
			if err := conn.Send([]byte("hello")); err != nil {
				t.Error(err)
			}
			if b, text, err := conn.Receive(); err != nil || !text || string(b.B) != "hello" {
				t.Errorf("Receive = %v, %v, %v; want hello", b, text, err)
			}
			if err := <-ended; err != nil {
				t.Errorf("the server failed: %v", err)
			}
			// the server's TCP connection has ended without an alert
			if _, _, err := conn.Receive(); !Cut(err) {
				t.Errorf("Receive = %v; want an error that says that the connection was cut", err)
			}
		})
	}
}

// serveTLS answers a handshake, returns one message, and cuts the connection.
func serveTLS(server *tls.Conn) error {
	defer server.NetConn().Close()
	b := make([]byte, 1000)
	n, err := server.Read(b)
	if err != nil {
		return err
	}
	if _, err := server.Write(answerTo(b[:n])); err != nil {
		return err
	}
	if n, err = io.ReadFull(server, b[:11]); err != nil {
		return err
	}
	h, _ := parseHeader(b[:n])
	unmask(b[6:11], h.key)
	_, err = server.Write(append([]byte("\x81\x05"), b[6:11]...))
	return err
}

// TestDial_tlsCancelled ends the context while a server does not shake hands.
func TestDial_tlsCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Hour, cancel)
		began := time.Now()
		var addr string
		ended := make(chan error)
		_, err := Dial(ctx, "wss://bot.example/", DialOptions{DialContext: overTLS(&addr, func(far net.Conn) {
			_, err := io.Copy(io.Discard, far)
			ended <- err
		})})
		if took := time.Since(began); took != time.Hour || !errors.Is(err, context.Canceled) {
			t.Errorf("Dial = %v after %v; want context.Canceled after an hour", err, took)
		}
		if err := <-ended; err != nil {
			t.Errorf("the server read %v; want the end", err)
		}
	})
}

// TestDial_tlsRefused has a server that refuses and then does not read. Dial does not
// wait for it, although TLS would wait to say goodbye.
func TestDial_tlsRefused(t *testing.T) {
	cert, trusted := certificate(t)
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var addr string
		stop := make(chan struct{})
		_, err := Dial(t.Context(), "wss://bot.example/", DialOptions{TLS: &tls.Config{RootCAs: trusted}, DialContext: overTLS(&addr, func(far net.Conn) {
			server := tls.Server(far, &tls.Config{Certificates: []tls.Certificate{cert}})
			_, _ = server.Read(make([]byte, 1000))
			_, _ = server.Write([]byte("HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n"))
			<-stop
		})})
		if status, ok := errors.AsType[*StatusError](err); !ok || status.Status != 403 || time.Since(began) != 0 {
			t.Errorf("Dial = %v after %v; want status 403 at once", err, time.Since(began))
		}
		close(stop)
	})
}

// TestDial_tlsProtocol names a config for HTTP/2 as the reason.
func TestDial_tlsProtocol(t *testing.T) {
	cert, trusted := certificate(t)
	synctest.Test(t, func(t *testing.T) {
		var addr string
		config := &tls.Config{RootCAs: trusted, NextProtos: []string{"h2", "http/1.1"}}
		_, err := Dial(t.Context(), "wss://bot.example/", DialOptions{TLS: config, DialContext: overTLS(&addr, func(far net.Conn) {
			server := tls.Server(far, &tls.Config{Certificates: []tls.Certificate{cert}, NextProtos: []string{"h2"}})
			_, _ = server.Read(make([]byte, 1000))
			_, _ = server.Write([]byte("\x00\x00\x12\x04\x00\x00\x00\x00\x00\r\n\r\n"))
			_ = far.Close()
		})})
		if err == nil || !strings.Contains(err.Error(), `protocol "h2"`) {
			t.Errorf("Dial = %v; want an error that names the protocol", err)
		}
	})
}
