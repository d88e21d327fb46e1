package client

import (
	"fmt"
	"time"

	"github.com/cogbus/cogbus/internal/transport"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/protocol"
)

// A silent peer gets a ping every pingEvery, and is cut off after deadAfter. Silence is
// counted in steps of listenEvery.
const (
	listenEvery = 5 * time.Second
	pingEvery   = 15 * time.Second
	deadAfter   = 45 * time.Second
)

// read is the connection's reader. It never writes: see transport.Conn.FlushBy.
func (c *connection) read() {
	defer close(c.ended)
	defer c.owner.ended(c)
	err := c.receive()
	c.mu.Lock()
	expected := c.leaving
	if c.silent {
		err = fmt.Errorf("the bot was silent for %s", deadAfter)
	}
	c.mu.Unlock()
	where := c.owner.target.where()
	if !expected {
		c.owner.options.Logger.Warn("lost the connection to the bot", "target", where, "err", err)
	}
	c.retire(endedError(where, err))
	c.drop(lostError(where, err))
	if _, _, closed := transport.CloseStatus(err); closed {
		c.ws.Linger(closeWait)
	} else {
		c.ws.Abort()
	}
}

// receive hands out replies until the connection ends.
func (c *connection) receive() error {
	var r protocol.Reply
	for {
		buf, _, err := c.ws.Receive()
		if err != nil {
			return err
		}
		if err := r.Parse(buf.B); err != nil {
			return fmt.Errorf("the bot sent what is not cogbus.v1: %w", err)
		}
		switch {
		case r.ID != 0 && r.Err != nil:
			c.answer(r.ID, reply{}, r.Err)
		case r.ID != 0 && r.OK != nil:
			if c.answer(r.ID, reply{buf: buf, text: r.OK}, nil) {
				continue // the caller frees buf
			}
		case r.GoAway != nil:
			c.owner.options.Logger.Info("the bot takes no more calls on this connection",
				"target", c.owner.target.where(), "goaway", string(r.GoAway))
			c.retire(newError(wire.Unavailable, "the bot takes no more calls on this connection"))
		case r.Err != nil:
			c.owner.options.Logger.Warn("the bot did not understand a message", "err", r.Err)
		}
		buf.Free()
	}
}

// write is the connection's writer. It ends after the reader.
func (c *connection) write() {
	listen := time.NewTicker(listenEvery)
	defer listen.Stop()
	var silence time.Duration
	for {
		select {
		case <-c.wake:
			c.ws.Flush()
		case <-listen.C:
			silence += listenEvery
			switch {
			case c.ws.Heard():
				silence = 0
			case silence >= deadAfter:
				c.mu.Lock()
				c.silent = true
				c.mu.Unlock()
				c.ws.Abort()
			case silence%pingEvery == 0:
				c.ws.Ping()
			}
		case <-c.leave:
			// also if the connection is lost: then this fails at once
			c.ws.StartClose(transport.CloseNormal, "")
			<-c.ended
			c.guard.Stop()
			return
		}
	}
}
