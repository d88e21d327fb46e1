package actors_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/admin"
	"github.com/cogbus/cogbus/wire/protocol"
)

// A line is a connection of a caller. Messages wait in it, so that a server that does
// not read delays only the callers of that line.
type line struct {
	m    *machine
	name string
	v1   bool
	peer *peer
	out  chan []byte

	// protected by the machine's mu
	open []*modelCall // unanswered, in the order in which they were sent
}

// A lineT is the T of a peer. The peer's cleanups would otherwise run outside of the
// bubble.
type lineT struct {
	testing.TB
	m *machine
}

func (lineT) Cleanup(func()) {}

func (t lineT) Errorf(format string, args ...any) {
	t.m.mu.Lock()
	defer t.m.mu.Unlock()
	t.m.faultLocked(format, args...)
}

func (m *machine) dial(n int, dialect string) *line {
	l := &line{m: m, name: fmt.Sprintf("%s line %d", dialect, n), v1: dialect == protocol.Subprotocol, out: make(chan []byte, 1<<14)}
	conn, err := m.srv.DialContext(context.Background(), "", "")
	if err != nil {
		m.t.Fatalf("DialContext = %v; want nil", err)
	}
	l.peer = newPeer(lineT{m.t, m}, conn, dialect)
	if l.v1 {
		l.peer.shakeHands(secret)
	} else { // the server cuts off a client that does not authenticate
		l.peer.ask(envelope(string(admin.Ping), "{}"))
	}
	m.work.Go(l.write) // ends when close is called
	m.work.Go(l.read)  // ends with the connection
	return l
}

func (l *line) write() {
	for b := range l.out {
		l.peer.write(b)
	}
}

func (l *line) close() {
	l.peer.leave()
	l.m.mu.Lock()
	defer l.m.mu.Unlock()
	close(l.out)
	l.out = nil
}

// read takes the answers.
func (l *line) read() {
	for f := range l.peer.frames {
		l.m.mu.Lock()
		switch f.op {
		case opText:
			l.hearLocked(f.text)
		case opPing:
			if l.out != nil {
				l.out <- frameOf(0x80|opPong, f.text)
			}
		case opClose:
			l.overLocked()
			l.peer.leave()
		}
		l.m.mu.Unlock()
	}
	l.m.mu.Lock()
	defer l.m.mu.Unlock()
	l.overLocked()
}

// overLocked notes that the connection has ended: its calls without an answer are cut
// off.
func (l *line) overLocked() {
	for _, c := range l.open {
		c.cut = true
	}
	if !l.m.closing {
		l.m.faultLocked("%s was cut off", l.name)
	}
}

// hearLocked handles one answer.
func (l *line) hearLocked(text string) {
	var c *modelCall
	code, value := wire.Code("ok"), 0
	if l.v1 {
		var r struct {
			ID  int
			OK  int
			Err *wire.Error
			Bye json.RawMessage `json:"goaway"`
		}
		if err := json.Unmarshal([]byte(text), &r); err != nil || r.ID >= len(l.m.calls) {
			l.m.faultLocked("%s heard %s; want an answer", l.name, text)
			return
		}
		if r.ID == 0 && r.Bye != nil {
			return
		}
		c, value = l.m.calls[r.ID], r.OK
		if r.Err != nil {
			code = classOf(r.Err.Code)
		}
	} else {
		if len(l.open) == 0 {
			l.m.faultLocked("%s heard %s; want nothing: all is answered", l.name, text)
			return
		}
		c = l.open[0]
		var r struct{ Code int }
		if err := json.Unmarshal([]byte(text), &value); err != nil {
			if err := json.Unmarshal([]byte(text), &r); err != nil {
				l.m.faultLocked("%s heard %s; want an answer", l.name, text)
			}
			code = classOfNumber(r.Code)
		}
	}
	for i, o := range l.open {
		if o == c {
			l.open = append(l.open[:i:i], l.open[i+1:]...)
			break
		}
	}
	l.m.answerLocked(c, code, value)
	if c.crowd != nil {
		c.crowd.nextLocked(c)
	}
}

// classOf returns the code in the model's terms: "failed" stands for all codes that a
// handler may return.
func classOf(code wire.Code) wire.Code {
	if code == wire.Internal || code == "boom" {
		return "failed"
	}
	return code
}

// classOfNumber is classOf for the numbers of the Python package's dialect.
func classOfNumber(n int) wire.Code {
	classes := map[int]wire.Code{
		400: wire.NoRoute, 408: wire.Timeout, 429: wire.Overloaded, 499: wire.Canceled,
		500: "failed", 502: wire.Interrupted, 503: wire.Unavailable,
	}
	return classes[n]
}

// send makes a call on a line. If patience is zero, the call has the time limit of its
// route.
func (m *machine) send(l *line, c *modelCall, patience time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sendLocked(l, c, patience)
}

func (m *machine) sendLocked(l *line, c *modelCall, patience time.Duration) {
	if l.out == nil || m.closing {
		return
	}
	c.line, c.patience = l, patience
	m.beginLocked(c)
	l.open = append(l.open, c)
	data, _ := json.Marshal(errand{c.n, c.key})
	endpoint := c.cog.name + "." + c.route
	if !l.v1 {
		l.out <- frameOf(0x80|opText, envelope(endpoint, string(data)))
		return
	}
	ms := ""
	if patience > 0 {
		ms = fmt.Sprintf(`,"ms":%d`, patience.Milliseconds())
	}
	l.out <- frameOf(0x80|opText, fmt.Sprintf(`{"id":%d,"call":%q,"data":%s%s}`, c.n, endpoint, data, ms))
}

// cancel gives a call up, if the line's dialect can say so.
func (m *machine) cancel(c *modelCall) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if c.line == nil || !c.line.v1 || c.line.out == nil || m.closing {
		return
	}
	c.canceled = true
	m.noteLocked("%v is given up", c)
	c.line.out <- frameOf(0x80|opText, fmt.Sprintf(`{"id":%d,"cancel":true}`, c.n))
}
