package compat

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"time"
)

// The WebSocket key of the recorded dialogues, and the answer to it.
const (
	wsKey    = "dGhlIHNhbXBsZSBub25jZQ=="
	wsAccept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
)

// A peer is a raw client: it sends the frames of a recorded client, also wrong ones.
type peer struct {
	conn *net.TCPConn
	head *http.Response // the answer to the handshake; nil if the server has closed TCP instead

	frames chan frame // filled by the reader, closed when TCP has ended
	got    []frame    // the frames that were taken from it

	answersClose bool
	closed       atomic.Bool // a Close was sent
}

var errQuiet = errors.New("nothing came")

// addresses is the number of loopback addresses in use.
var addresses atomic.Uint32

// ownAddress returns an address of this machine that no other case uses. A server slows
// down an address that sends many wrong keys, as many cases do.
func ownAddress() string {
	if runtime.GOOS != "linux" { // other systems only have this loopback address
		return "127.0.0.1"
	}
	n := addresses.Add(1)
	return net.IPv4(127, byte(1+n>>16), byte(n>>8), byte(n)).String()
}

// dialRaw connects to a server and sends nothing.
func dialRaw(addr string) (*net.TCPConn, error) {
	d := net.Dialer{Timeout: patience, LocalAddr: &net.TCPAddr{IP: net.ParseIP(ownAddress())}}
	c, err := d.Dial("tcp4", addr)
	if err != nil {
		return nil, err
	}
	return c.(*net.TCPConn), nil
}

// connect makes the handshake. setup describes the differences from the usual one.
func connect(addr string, setup node) (*peer, error) {
	conn, err := dialRaw(addr)
	if err != nil {
		return nil, err
	}
	p := &peer{conn: conn, frames: make(chan frame, 1024), answersClose: true}
	if n := setup.get("client_answers_close"); n.exists() {
		p.answersClose = n.bool()
	}
	request, err := handshake(addr, setup.get("handshake"))
	if err != nil {
		return nil, err
	}
	if _, err := conn.Write([]byte(request)); err != nil {
		return nil, err
	}
	r := bufio.NewReader(conn)
	_ = conn.SetReadDeadline(time.Now().Add(patience))
	p.head, err = http.ReadResponse(r, &http.Request{Method: "GET"})
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		conn.Close()
		return nil, fmt.Errorf("handshake: %w", err)
	}
	_ = conn.SetReadDeadline(time.Time{})
	if p.head == nil || p.head.StatusCode != http.StatusSwitchingProtocols {
		close(p.frames)
		return p, nil
	}
	go p.read(r) // ends with the connection
	return p, nil
}

// handshake returns the text of an upgrade request.
func handshake(addr string, changes node) (string, error) {
	_, port, _ := net.SplitHostPort(addr)
	if raw := changes.get("raw"); raw.exists() {
		return strings.ReplaceAll(raw.str, "{port}", port), nil
	}
	if raw := changes.get("raw_hex"); raw.exists() {
		b, err := hex.DecodeString(raw.str)
		return string(b), err
	}
	or := func(key, usual string) string {
		if n := changes.get(key); n.exists() {
			return n.str
		}
		return usual
	}
	names := []string{"Host", "Upgrade", "Connection", "Sec-WebSocket-Key", "Sec-WebSocket-Version"}
	values := map[string]string{"Host": addr, "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Key": wsKey, "Sec-WebSocket-Version": "13"}
	for _, name := range changes.get("headers").keys {
		if _, usual := values[name]; !usual {
			names = append(names, name)
		}
		values[name] = changes.get("headers").get(name).str
	}
	for _, name := range changes.get("drop").list {
		delete(values, name.str)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s %s\r\n", or("method", "GET"), or("path", "/"), or("version", "HTTP/1.1"))
	for _, name := range names {
		if value, ok := values[name]; ok {
			fmt.Fprintf(&b, "%s: %s\r\n", name, value)
		}
	}
	return b.String() + "\r\n", nil
}

func (p *peer) read(r *bufio.Reader) {
	defer close(p.frames)
	for {
		f, err := readFrame(r)
		if err != nil {
			return
		}
		if f.op == opClose && p.answersClose && !p.closed.Swap(true) {
			p.write(frame{fin: true, op: opClose, masked: true, payload: f.payload[:min(2, len(f.payload))]})
		}
		p.frames <- f
	}
}

// write sends a frame. It ignores errors, because the reader finds the end of the
// connection.
func (p *peer) write(f frame) { _, _ = p.conn.Write(f.append(nil, uint64(len(f.payload)))) }

// next waits for a frame. It returns io.EOF if TCP has ended, and errQuiet if no frame
// came.
func (p *peer) next(wait time.Duration) (frame, error) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case f, ok := <-p.frames:
		if !ok {
			return frame{}, io.EOF
		}
		p.got = append(p.got, f)
		return f, nil
	case <-timer.C:
		return frame{}, errQuiet
	}
}

// play carries out the recorded steps of a client.
func (p *peer) play(ctx context.Context, steps []node) error {
	for _, step := range steps {
		switch {
		case step.has("join"):
			var batch []byte
			for _, s := range step.get("join").list {
				f, declared, err := frameOf(s)
				if err != nil {
					return err
				}
				p.noteClose(f)
				batch = f.append(batch, declared)
			}
			_, _ = p.conn.Write(batch)
		case step.has("wait_frames"):
			for len(p.got) < step.get("wait_frames").int() {
				if _, err := p.next(patience); err != nil {
					return fmt.Errorf("waiting for frame %d: %w", len(p.got)+1, err)
				}
			}
		case step.has("wait_ms"):
			// The pause lets the server read the first half alone.
			pause(ctx, time.Duration(step.get("wait_ms").int())*time.Millisecond)
		case step.has("tcp"):
			if err := endTCP(p.conn, step.get("tcp").str); err != nil {
				return err
			}
		default:
			f, declared, err := frameOf(step)
			if err != nil {
				return err
			}
			p.noteClose(f)
			_, _ = p.conn.Write(f.append(nil, declared))
		}
	}
	return nil
}

func (p *peer) noteClose(f frame) {
	if f.op == opClose {
		p.closed.Store(true)
	}
}

func (p *peer) caller() string { return p.conn.LocalAddr().String() }

// endTCP ends a TCP connection without a WebSocket Close.
func endTCP(conn *net.TCPConn, how string) error {
	switch {
	case how == "half":
		return conn.CloseWrite()
	case how == "close":
		return conn.Close()
	case strings.HasPrefix(how, "rst"), strings.HasPrefix(how, "reset"):
		_ = conn.SetLinger(0)
		return conn.Close()
	}
	return fmt.Errorf("unknown step tcp %q", how)
}

// pause waits for the recorded time of a dialogue.
func pause(ctx context.Context, d time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	<-ctx.Done()
}

// refused reports whether no server listens at addr.
func refused(addr string) bool {
	c, err := net.DialTimeout("tcp", addr, patience)
	if err == nil {
		c.Close()
		return false
	}
	var sys *os.SyscallError
	return errors.As(err, &sys)
}
