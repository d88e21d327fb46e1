package discordtest

import (
	"bytes"
	"compress/zlib"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/gorilla/websocket"
)

// The gateway's opcodes.
const (
	opDispatch       = 0
	opHeartbeat      = 1
	opIdentify       = 2
	opPresence       = 3
	opVoiceState     = 4
	opResume         = 6
	opReconnect      = 7
	opMembers        = 8
	opInvalidSession = 9
	opHello          = 10
	opHeartbeatAck   = 11
)

// closing is the code and the text with which Discord closes a connection.
type closing struct {
	code int
	text string
}

// frame is one message to a client.
type frame struct {
	Op    int             `json:"op"`
	Seq   *int64          `json:"s"`
	Event *string         `json:"t"`
	Data  json.RawMessage `json:"d"`

	zip bool
}

// conn is one gateway connection. The goroutine that serves its HTTP request reads from the
// socket, and a second goroutine writes to it. Other goroutines may only close it.
type conn struct {
	ws   *websocket.Conn
	wake chan struct{} // holds a token while the queue is not empty; one token is enough
	done chan struct{} // closed when the reading goroutine has stopped reading
	zip  *zlib.Writer  // owned by the writing goroutine; reused, since a new one costs most of a megabyte

	session *session // guarded by Server.mu; nil before IDENTIFY or RESUME
	queue   []frame  // guarded by Server.mu
}

// maxQueue is the most frames that may wait for a client. The fake closes the connection of
// a client that falls further behind. The limit is high enough for the guilds of the
// largest shard.
const maxQueue = 1 << 16

// serveGateway runs one connection until it ends.
func (s *Server) serveGateway(w http.ResponseWriter, r *http.Request) {
	up := websocket.Upgrader{HandshakeTimeout: 10 * time.Second}
	ws, err := up.Upgrade(w, r, nil)
	if err != nil {
		return // Upgrade has answered
	}
	defer ws.Close()
	// Send no close frame in reply; hangUp tells why.
	ws.SetCloseHandler(func(int, string) error { return nil })
	c := &conn{ws: ws, wake: make(chan struct{}, 1), done: make(chan struct{})}

	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return
	}
	s.running.Add(1)
	defer s.running.Done()
	s.conns[c] = true
	hello, _ := json.Marshal(map[string]any{"heartbeat_interval": s.opts.Heartbeat.Milliseconds()})
	c.send(frame{Op: opHello, Data: hello})
	s.mu.Unlock()

	written := make(chan struct{})
	go func() {
		defer close(written)
		s.write(c)
	}()
	s.read(c)

	s.mu.Lock()
	delete(s.conns, c)
	if c.session != nil {
		c.session.detach(c)
	}
	s.mu.Unlock()
	close(c.done)
	ws.Close()
	<-written
}

// send queues a frame. The caller must hold Server.mu.
func (c *conn) send(f frame) {
	if len(c.queue) >= maxQueue {
		c.ws.Close()
		return
	}
	c.queue = append(c.queue, f)
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// write sends the frames of the queue until the connection ends.
func (s *Server) write(c *conn) {
	for {
		select {
		case <-c.wake:
		case <-c.done:
			return
		}
		s.mu.Lock()
		frames := c.queue
		c.queue = nil
		s.mu.Unlock()
		for _, f := range frames {
			if err := c.writeFrame(f); err != nil {
				c.ws.Close() // the reader notices
				return
			}
		}
	}
}

// writeFrame writes one frame. If the client asked for compression in its IDENTIFY, the
// frame is a zlib stream of its own.
func (c *conn) writeFrame(f frame) error {
	text, err := json.Marshal(f)
	if err != nil {
		return err
	}
	if !f.zip {
		return c.ws.WriteMessage(websocket.TextMessage, text)
	}
	var buf bytes.Buffer // it accepts every write, so the writes below cannot fail
	if c.zip == nil {
		c.zip = zlib.NewWriter(&buf)
	}
	c.zip.Reset(&buf)
	_, _ = c.zip.Write(text)
	_ = c.zip.Close()
	return c.ws.WriteMessage(websocket.BinaryMessage, buf.Bytes())
}

// read handles the frames of the client until the connection ends.
func (s *Server) read(c *conn) {
	for {
		_ = c.ws.SetReadDeadline(time.Now().Add(2 * s.opts.Heartbeat))
		_, text, err := c.ws.ReadMessage()
		if err != nil {
			s.hangUp(c, err)
			return
		}
		if end := s.handle(c, text); end != nil {
			c.close(end)
			return
		}
	}
}

// close sends a close frame with the reason. The caller closes the socket.
func (c *conn) close(end *closing) {
	_ = c.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(end.code, end.text), time.Now().Add(time.Second))
}

// hangUp ends a connection after a read has failed with err.
func (s *Server) hangUp(c *conn, err error) {
	if e, ok := errors.AsType[net.Error](err); ok && e.Timeout() {
		c.close(&closing{4009, "Session timed out."})
		return
	}
	end, ok := errors.AsType[*websocket.CloseError](err)
	if !ok {
		return
	}
	if end.Code == websocket.CloseNormalClosure || end.Code == websocket.CloseGoingAway {
		// With these codes a client ends its session too.
		s.mu.Lock()
		if c.session != nil {
			s.forget(c.session)
		}
		s.mu.Unlock()
	}
	// Let the client close the socket first. Discordgo sleeps for a second between its
	// close frame and that, while it holds its lock. If the fake closed the socket now,
	// discordgo's reader would wake and wait for the lock, which stops the clock of a
	// synctest bubble.
	_ = c.ws.NetConn().SetReadDeadline(time.Now().Add(5 * time.Second))
	_, _ = io.Copy(io.Discard, c.ws.NetConn())
}

// handle carries out one frame of the client. It returns nil, or the reason for which the
// connection must be closed.
func (s *Server) handle(c *conn, text []byte) *closing {
	var in struct {
		Op   *int            `json:"op"`
		Data json.RawMessage `json:"d"`
	}
	if err := json.Unmarshal(text, &in); err != nil || in.Op == nil {
		return &closing{4002, "Error while decoding payload."}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch *in.Op {
	case opHeartbeat:
		c.send(frame{Op: opHeartbeatAck})
		return nil
	case opIdentify:
		return s.identify(c, in.Data)
	case opResume:
		return s.resume(c, in.Data)
	case opPresence, opVoiceState, opMembers:
		if c.session == nil {
			return &closing{4003, "Not authenticated."}
		}
		if *in.Op != opPresence {
			s.opts.Logger.Warn("discordtest: opcode has no effect", "op", *in.Op)
		}
		return nil
	}
	return &closing{4001, "Unknown opcode."}
}
