package transport

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/gorilla/websocket"
)

// libraryBuffer is the size of the WebSocket library's read buffer of each connection:
// enough for a control frame, since the library reads little else.
const libraryBuffer = 128

// AcceptOptions are the options of an Acceptor.
type AcceptOptions struct {
	Subprotocols []string // in order of preference
	MaxMessage   int      // bytes
	Origins      []string // allowed values of Origin; requests without one are allowed
}

// An Acceptor turns HTTP requests into connections.
type Acceptor struct {
	upgrader   websocket.Upgrader
	maxMessage int
	batcher    *batcher
}

// NewAcceptor returns an Acceptor. It may be used by several goroutines.
func NewAcceptor(o AcceptOptions) *Acceptor {
	return &Acceptor{
		maxMessage: o.MaxMessage,
		batcher:    newBatcher(),
		upgrader: websocket.Upgrader{
			ReadBufferSize: libraryBuffer,
			// takes memory for a write buffer only while a connection sends
			WriteBufferPool: new(sync.Pool),
			WriteBufferSize: 4096,
			Subprotocols:    o.Subprotocols,
			CheckOrigin:     func(r *http.Request) bool { return originAllowed(r, o.Origins) },
		},
	}
}

// Accept answers a handshake. It returns a connection, or an error after it has written
// the fitting HTTP error.
func (a *Acceptor) Accept(w http.ResponseWriter, r *http.Request) (*Conn, error) {
	h := &hijacker{ResponseWriter: w}
	ws, err := a.upgrader.Upgrade(h, r, nil)
	if err != nil {
		return nil, fmt.Errorf("accept: %w", err)
	}
	if h.frames.in.raw != nil && runtime.GOMAXPROCS(0) == 1 {
		h.frames.batch = a.batcher
	}
	c := newConn(ws, h.frames, a.maxMessage)
	c.Flush() // the answer to the handshake
	return c, nil
}

// Close ends the batcher that the connections share. They go on without it.
func (a *Acceptor) Close() { a.batcher.close() }

// A hijacker puts a frameConn under the WebSocket that is being accepted.
type hijacker struct {
	http.ResponseWriter
	frames *frameConn
}

func (h *hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	h.frames = newFrameConn(conn, false)
	return h.frames, rw, nil
}

// originAllowed keeps web pages out: browsers always send Origin, and other clients
// have no reason to send it.
func originAllowed(r *http.Request, allowed []string) bool {
	origins := r.Header["Origin"]
	if len(origins) == 0 {
		return true
	}
	u, err := url.Parse(origins[0])
	if err != nil || len(origins) > 1 {
		return false
	}
	return slices.ContainsFunc(allowed, func(a string) bool {
		return strings.EqualFold(a, u.Scheme+"://"+u.Host) || strings.EqualFold(a, u.Host)
	})
}
