package transport

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// dialed connects to a server that answers the handshake with answer. In answer,
// "ACCEPT" stands for a valid one without its last newlines. The server stays
// connected.
func dialed(t *testing.T, answer string, split []int) (*Conn, error) {
	t.Helper()
	return Dial(t.Context(), "ws://bot/", DialOptions{
		MaxMessage: 1000,
		DialContext: func(context.Context, string, string) (net.Conn, error) {
			client, server := net.Pipe()
			t.Cleanup(func() { _ = server.Close() })
			go func() { // ends with the connection
				var request []byte
				for b := make([]byte, 1000); !bytes.HasSuffix(request, []byte("\r\n\r\n")); {
					n, err := server.Read(b)
					if err != nil {
						return
					}
					request = append(request, b[:n]...)
				}
				go func() { _, _ = io.Copy(io.Discard, server) }()
				head := bytes.TrimSuffix(answerTo(request), []byte("\r\n\r\n"))
				text := bytes.ReplaceAll([]byte(answer), []byte("ACCEPT"), head)
				for i := 0; len(text) > 0; i++ {
					n := len(text)
					if len(split) > 0 {
						n = min(n, split[i%len(split)])
					}
					if _, err := server.Write(text[:n]); err != nil {
						return
					}
					text = text[n:]
				}
			}()
			return client, nil
		},
	})
}

// TestDial_frames checks that no frame behind the server's answer is lost, however the
// bytes arrive.
func TestDial_frames(t *testing.T) {
	const hello, ping = "\x81\x05hello", "\x89\x01?"
	for _, answer := range []string{
		"ACCEPT\r\n\r\n" + hello + hello,
		"ACCEPT\r\n\r\n" + ping + hello + ping + "\x01\x02he\x80\x03llo",
		"ACCEPT\n\n" + hello + hello,
		"ACCEPT\n\r\n" + hello + hello,
		"ACCEPT\r\n\n" + hello + hello,
		"ACCEPT\r\nFolded: a\r\n b\r\nEmpty:\r\n\r\n" + hello + hello,
		"ACCEPT\r\nLong: " + strings.Repeat("x", 3000) + "\r\n\r\n" + hello + hello,
	} {
		for _, split := range [][]int{nil, {1}, {7}, {200}, {1000, 1}} {
			synctest.Test(t, func(t *testing.T) {
				c, err := dialed(t, answer, split)
				if err != nil {
					t.Errorf("Dial of a server that answers %q failed: %v", answer, err)
					return
				}
				defer c.Abort()
				for range 2 {
					if b, text, err := c.Receive(); err != nil || !text || string(b.B) != "hello" {
						t.Errorf("Receive behind %q in %v = %v, %v, %v; want hello", answer, split, b, text, err)
					}
				}
			})
		}
	}
}

// TestDial_refused takes the bodies of refusals for no frames. The server does not hang
// up.
func TestDial_refused(t *testing.T) {
	for _, c := range []struct {
		answer string
		status int
	}{
		{"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n", 403},
		{"HTTP/1.1 403 No\r\nContent-Length: 1\r\n\r\n~", 403},
		{"HTTP/1.1 404 No\r\nContent-Length: 3\r\n\r\na\x7f.", 404},
		{"HTTP/1.1 404 No\r\nContent-Length: 4\r\n\r\na\x01.a", 404},
		{"HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n2\r\n~~\r\n0\r\n\r\n", 500},
		{"HTTP/1.1 503 No\nContent-Length: 3000\n\n" + strings.Repeat("\x7f~\xff", 1000), 503},
		{"HTTP/1.1 200 Yes\r\nContent-Length: 5\r\n\r\n\x81\x05hel", 200},
		{"HTTP/1.1 101 Yes\r\nUpgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Accept: wrong\r\n\r\n\x81\x05hello", 101},
		{"no HTTP at all\r\n\r\n", 0},
		{"\r\n\r\n", 0},
	} {
		for _, split := range [][]int{nil, {1}, {40, 3}} {
			synctest.Test(t, func(t *testing.T) {
				_, err := dialed(t, c.answer, split)
				status, ok := errors.AsType[*StatusError](err)
				if err == nil || ok != (c.status != 0) || ok && status.Status != c.status {
					t.Errorf("Dial of a server that answers %.100q in %v = %v; want status %d", c.answer, split, err, c.status)
				}
			})
		}
	}
}

// TestDial_cancelled checks that Dial returns as soon as its context ends.
func TestDial_cancelled(t *testing.T) {
	for _, answer := range []string{"", "HTTP/1.1 101 Yes\r\n", "HTTP/1.1 403 No\r\nContent-Length: 10\r\n\r\nhalf"} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			reason := errors.New("a reason")
			time.AfterFunc(time.Hour, func() { cancel(reason) })
			began := time.Now()
			client, server := net.Pipe()
			go func() { // ends with the connection
				_, _ = server.Read(make([]byte, 1000))
				_, _ = server.Write([]byte(answer))
			}()
			_, err := Dial(ctx, "ws://bot/", DialOptions{DialContext: func(context.Context, string, string) (net.Conn, error) { return client, nil }})
			took := time.Since(began)
			// if an answer was cut, its status is known
			if _, refused := errors.AsType[*StatusError](err); took != time.Hour || !refused && !errors.Is(err, reason) {
				t.Errorf("Dial of a server that answers %q = %v after %v; want %v after an hour", answer, err, took, reason)
			}
			if _, err := server.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
				t.Errorf("the server reads %v; want the end", err)
			}
		})
	}
}

// TestDial_later ends the context of Dial later, which must have no effect.
func TestDial_later(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		peer, server := net.Pipe()
		go func() { // ends with the connection
			b := make([]byte, 1000)
			n, _ := server.Read(b)
			_, _ = server.Write(answerTo(b[:n]))
			time.Sleep(time.Hour)
			_, _ = server.Write([]byte("\x81\x05hello"))
		}()
		c, err := Dial(ctx, "ws://bot/", DialOptions{MaxMessage: 5, DialContext: func(context.Context, string, string) (net.Conn, error) { return peer, nil }})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Abort()
		cancel()
		if b, _, err := c.Receive(); err != nil || string(b.B) != "hello" {
			t.Errorf("Receive an hour after the context of Dial has ended = %v, %v; want hello", b, err)
		}
	})
}
