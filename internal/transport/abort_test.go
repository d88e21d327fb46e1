package transport

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"testing"
	"testing/synctest"
	"time"
)

// TestAbort_doesNotWait aborts a TLS connection with a peer that does not read. Closing
// a TLS connection would wait to say goodbye.
func TestAbort_doesNotWait(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert := tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		defer a.Close()
		server := tls.Server(b, &tls.Config{Certificates: []tls.Certificate{cert}})
		shaken := make(chan error, 1)
		go func() {
			client := tls.Client(a, &tls.Config{InsecureSkipVerify: true}) // the certificate signs itself
			err := client.Handshake()
			if err == nil {
				_, err = client.Read(make([]byte, 1)) // takes the server's messages that end the handshake
			}
			shaken <- err
		}()
		if err := server.Handshake(); err != nil {
			t.Fatal(err)
		}
		if _, err := server.Write([]byte("x")); err != nil {
			t.Fatal(err)
		}
		if err := <-shaken; err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		(&frameConn{Conn: server}).abort()
		if took := time.Since(began); took != 0 {
			t.Errorf("abort took %v; want no time", took)
		}
	})
}
