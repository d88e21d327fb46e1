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

// libraryBuffer is what the WebSocket library keeps of each connection for reading:
// enough for a control frame, since it reads hardly anything else.
const libraryBuffer = 128

// AcceptOptions say how a server takes connections.
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
			// a connection holds a write buffer only while it sends
			WriteBufferPool: new(sync.Pool),
			WriteBufferSize: 4096,
			Subprotocols:    o.Subprotocols,
			CheckOrigin:     func(r *http.Request) bool { return originAllowed(r, o.Origins) },
		},
	}
}

// Accept answers a handshake: with a connection, or with the HTTP error that
// fits, which it has then written.
func (a *Acceptor) Accept(w http.ResponseWriter, r *http.Request) (*Conn, error) {
	h := &hijacker{ResponseWriter: w}
	ws, err := a.upgrader.Upgrade(h, r, nil)
	if err != nil {
		return nil, fmt.Errorf("accept: %w", err)
	}
	if h.link.in.raw != nil && runtime.GOMAXPROCS(0) == 1 {
		h.link.batch = a.batcher
	}
	c := newConn(ws, h.link, a.maxMessage)
	c.Flush() // the answer to the handshake
	return c, nil
}

// Close ends what the connections share. They go on without it.
func (a *Acceptor) Close() { a.batcher.close() }

// A hijacker puts a link under the WebSocket that is being accepted.
type hijacker struct {
	http.ResponseWriter
	link *link
}

func (h *hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	h.link = newLink(conn, false)
	return h.link, rw, nil
}

// originAllowed keeps web pages out: browsers always send Origin, and other
// clients have no reason to.
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
