package compat

import (
	"bufio"
	"context"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"
)

// A fake is a server that follows recorded scripts, one for each connection. All further
// connections get the last script.
type fake struct {
	ln      net.Listener
	scripts []node
	wg      sync.WaitGroup

	mu    sync.Mutex // protects the fields below
	conns []*fakeConn
	err   error // the error of a script
}

// A fakeConn is the input of one connection of the client.
type fakeConn struct {
	conn   *net.TCPConn
	head   []string // the lines of the handshake
	script []node

	mu        sync.Mutex // protects the fields below
	frames    []frame
	changed   chan struct{} // closed and replaced at every frame, and at the end
	ended     bool
	closeSent bool
}

// startFake listens at addr.
func startFake(addr string, scripts []node) (*fake, error) {
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	f := &fake{ln: ln, scripts: scripts}
	f.wg.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return // stop has closed the listener
			}
			f.mu.Lock()
			fc := &fakeConn{conn: c.(*net.TCPConn), changed: make(chan struct{}), script: scripts[min(len(f.conns), len(scripts)-1)].list}
			f.conns = append(f.conns, fc)
			f.mu.Unlock()
			f.wg.Go(func() {
				defer c.Close()
				if err := fc.serve(); err != nil {
					f.mu.Lock()
					f.err = err
					f.mu.Unlock()
				}
			})
		}
	})
	return f, nil
}

func (f *fake) addr() string { return f.ln.Addr().String() }

// stop waits until every client has gone, and returns their input.
func (f *fake) stop() ([]*fakeConn, error) {
	f.ln.Close()
	f.wg.Wait()
	return f.conns, f.err
}

func (c *fakeConn) serve() error {
	r := bufio.NewReader(c.conn)
	_ = c.conn.SetReadDeadline(time.Now().Add(patience))
	key := ""
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return nil // the client has gone, which may be right
		}
		if line = strings.TrimSpace(line); line == "" {
			break
		}
		c.head = append(c.head, line)
		if name, value, _ := strings.Cut(line, ":"); strings.EqualFold(name, "Sec-WebSocket-Key") {
			key = strings.TrimSpace(value)
		}
	}
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	accept := base64.StdEncoding.EncodeToString(sum[:])
	answer := "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
	opts := node{}
	steps := c.script
	for ; len(steps) > 0; steps = steps[1:] {
		if steps[0].has("opts") {
			opts = steps[0].get("opts")
			continue
		}
		switch hs := steps[0].get("hs").str; {
		case hs == "close":
			return nil
		case hs == "raw":
			answer = steps[0].get("raw").str
			if !steps[0].has("go") { // the handshake fails
				_, _ = io.WriteString(c.conn, strings.ReplaceAll(answer, "{accept}", accept))
				_, _ = io.Copy(io.Discard, r) // until the client closes the connection
				return nil
			}
			continue
		case hs != "":
			return fmt.Errorf("unknown handshake %q", hs)
		}
		break
	}
	_, _ = io.WriteString(c.conn, strings.ReplaceAll(answer, "{accept}", accept))
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.read(r, !opts.has("close_reply") || opts.get("close_reply").bool(), !opts.has("tcp_after_close") || opts.get("tcp_after_close").bool())
	}()
	err := c.play(steps)
	<-done
	return err
}

// read reads the client's frames until the client has gone, or until both sides have sent a
// Close and the server must end TCP.
func (c *fakeConn) read(r *bufio.Reader, answer, end bool) {
	defer c.note(nil)
	for {
		f, err := readFrame(r)
		if err != nil {
			return
		}
		if f.op == opClose && answer && c.mayClose() {
			_, _ = c.conn.Write(frame{fin: true, op: opClose, payload: f.payload}.append(nil, uint64(len(f.payload))))
		}
		if f.op == opPing {
			_, _ = c.conn.Write(frame{fin: true, op: opPong, payload: f.payload}.append(nil, uint64(len(f.payload))))
		}
		c.note(&f)
		if f.op == opClose && answer && end {
			return
		}
	}
}

func (c *fakeConn) mayClose() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	first := !c.closeSent
	c.closeSent = true
	return first
}

// note adds a frame. Nil stands for the end of the connection.
func (c *fakeConn) note(f *frame) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if f == nil {
		c.ended = true
	} else {
		c.frames = append(c.frames, *f)
	}
	close(c.changed)
	c.changed = make(chan struct{})
}

// await waits until n frames have come, or the client has gone.
func (c *fakeConn) await(n int) {
	for {
		c.mu.Lock()
		enough, changed := c.ended || len(c.frames) >= n, c.changed
		c.mu.Unlock()
		if enough {
			return
		}
		<-changed
	}
}

// play carries out the script's steps after the handshake.
func (c *fakeConn) play(steps []node) error {
	for _, step := range steps {
		switch {
		case step.has("recv"):
			c.await(step.get("recv").int())
		case step.has("wait_ms"):
			// The client must first handle the earlier steps alone.
			pause(context.Background(), time.Duration(step.get("wait_ms").int())*time.Millisecond)
		case step.has("tcp"):
			return endTCP(c.conn, step.get("tcp").str)
		case step.has("hexraw"):
			b, err := hex.DecodeString(step.get("hexraw").str)
			if err != nil {
				return err
			}
			_, _ = c.conn.Write(b)
		default:
			f, declared, err := frameOf(step)
			if err != nil {
				return err
			}
			f.masked = false
			if f.op == opClose && !c.mayClose() {
				continue
			}
			_, _ = c.conn.Write(f.append(nil, declared))
		}
	}
	return nil
}
