package compat

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/cogbus/cogbus/actors"
	"github.com/cogbus/cogbus/cogs"
)

// A play is a script case in progress: steps of clients and of the bot's operator.
type play struct {
	g      golden
	oracle oracle
	bots   map[string]*bot // "main" and "second"
	conns  map[string]*peer
}

// replayScript replays a script case with its own bot.
func replayScript(g golden) (err error) {
	p := &play{g: g, bots: map[string]*bot{}, conns: map[string]*peer{}}
	defer func() {
		for _, c := range p.conns {
			c.conn.Close()
		}
		for _, b := range p.bots {
			err = errors.Join(err, b.stop())
		}
	}()
	p.oracle = oracle{secret: g.secret(), added: map[string]string{}, removed: map[string]bool{}}
	observed := map[int]node{}
	for _, o := range g.get("expect").list {
		observed[o.get("step").int()] = o
	}
	for i, step := range g.get("send").list {
		if err := p.step(step, observed[i]); err != nil {
			return fmt.Errorf("step %d, %s: %w", i, step.raw, err)
		}
	}
	return nil
}

// main returns the bot. The first call starts it.
func (p *play) main() (*bot, error) {
	if p.bots["main"] == nil {
		if err := p.start(fixture.cogs, nil); err != nil {
			return nil, err
		}
	}
	return p.bots["main"], nil
}

func (p *play) start(list func(fixture) []cogs.Cog, change func(*actors.Options)) error {
	b, err := startBot(p.oracle.secret, list, change)
	if err == nil {
		p.bots["main"] = b
		p.oracle.port = b.port()
	}
	return err
}

func (p *play) step(step, observed node) error {
	if op := step.get("server_op").str; op != "" {
		do, ok := operations[op]
		if !ok {
			return errors.New("the test knows no such operation")
		}
		return do(p, observed)
	}
	b, err := p.main()
	if err != nil {
		return err
	}
	switch {
	case step.has("http"):
		path := strings.Fields(step.get("http").str)[1]
		resp, err := http.Get("http://" + b.addr() + path)
		if err != nil {
			return err
		}
		resp.Body.Close()
		if got, want := fmt.Sprintf("HTTP/1.1 %s", resp.Status), observed.get("expect_status").str; got != want {
			return fmt.Errorf("status = %s; want %s", got, want)
		}
		return nil
	case step.has("tcp_connect"):
		if observed.get("observed").str != "refused" {
			return errors.New("the test knows no other observation than refused")
		}
		return p.refused(step.get("tcp_connect").str)
	case observed.has("exit_code"):
		// The Python bot has ended here. Ours serves on.
		return p.exchange(step, reply(`"plain"`), `{"endpoint": "plain", "data": {}, "headers": {"Authorization": "s3cret"}}`)
	case step.get("connection").exists():
		return p.client(step, observed)
	}
	return errors.New("the test does not know this step")
}

// refused checks that no server listens on the discovery port.
func (p *play) refused(what string) error {
	if what != "multicast port" {
		return fmt.Errorf("the test knows no %q", what)
	}
	if addr := p.bots["main"].discover; !refused(addr) {
		return fmt.Errorf("somebody listens at %s; want nobody", addr)
	}
	return nil
}

// client carries out one step of a client.
func (p *play) client(step, observed node) error {
	name := step.get("connection").str
	if strings.HasPrefix(name, "new") {
		text := step.get("send").str
		w, err := p.wanted(step, observed, text)
		if err != nil {
			return err
		}
		if err := p.exchange(step, w, text); err != nil {
			return err
		}
		return p.events(observed)
	}
	c, known := p.conns[name]
	if !known {
		var err error
		if c, err = connect(p.bots["main"].addr(), node{}); err != nil {
			return err
		}
		p.conns[name] = c
	}
	switch {
	case step.has("send"):
		c.write(frame{fin: true, op: opText, masked: true, payload: []byte(step.get("send").str)})
		return p.answer(c, step, observed)
	case step.has("send_frame"):
		if err := c.play(context.Background(), []node{step.get("send_frame")}); err != nil {
			return err
		}
		return p.control(c, step.get("send_frame"))
	case step.has("tcp"):
		if _, text, ok := strings.Cut(step.get("tcp").str, "after "); ok {
			// The route must have begun, and must not have ended.
			seconds, err := strconv.ParseFloat(strings.TrimSuffix(text, " s"), 64)
			if err != nil {
				return err
			}
			pause(context.Background(), time.Duration(seconds*float64(time.Second)))
		}
		if err := endTCP(c.conn, step.get("tcp").str); err != nil {
			return err
		}
		if p.g.fix && strings.Contains(step.get("remark").str, "cancelled") {
			return p.bots["main"].wait(event{kind: "call", route: "hang_cancelled"})
		}
		return p.events(observed)
	case observed.exists(): // the recorded end of an idle connection
		if !p.g.fix {
			return errors.New("the test knows this step of cases to fix only")
		}
		return c.verify([]want{closing(1001)}, serverEnded)
	}
	return nil
}

// answer checks the answer to a request on a connection that stays open.
func (p *play) answer(c *peer, step, observed node) error {
	if n, err := parse([]byte(step.get("send").str)); err != nil {
		return err
	} else if e := n.get("endpoint").str; e == "hang" || e == "sleep" {
		return p.bots["main"].wait(event{kind: "call", route: e}) // until the route runs
	}
	w, err := p.wanted(step, observed, step.get("send").str)
	if err != nil {
		return err
	}
	f, err := c.next(patience)
	if err != nil {
		return fmt.Errorf("%w; want %v", err, w)
	}
	if d := w.differ(f); d != "" {
		return errors.New(d)
	}
	return nil
}

// control checks the answer to a control frame while a route hangs.
func (p *play) control(c *peer, sent node) error {
	if !p.g.fix {
		return errors.New("the test knows this step of cases to fix only")
	}
	f, _, err := frameOf(sent)
	if err != nil {
		return err
	}
	w := want{op: opPong, bytes: string(f.payload)}
	if f.op == opClose {
		w = closing(1000)
	}
	got, err := c.next(patience)
	if err != nil {
		return fmt.Errorf("%w; want %v", err, w)
	}
	if d := w.differ(got); d != "" {
		return errors.New(d)
	}
	return nil
}

// wanted returns the answer that a request must get: the recorded answer, or the right one
// if the case is one to fix.
func (p *play) wanted(step, observed node, text string) (want, error) {
	o := p.oracle
	o.discovery = strings.Contains(step.get("connection").str, "multicast")
	if p.g.fix {
		return o.answer(message{payload: []byte(text)}), nil
	}
	wants, err := recordedWants(observed.get("frames").list, o.port)
	if err != nil || len(wants) == 0 || wants[0].op != opText {
		return want{}, fmt.Errorf("the test finds no recorded reply: %w", err)
	}
	return wants[0], nil
}

// exchange sends one request on a new connection and checks the answer.
func (p *play) exchange(step node, w want, text string) error {
	b := p.bots["main"]
	addr := b.addr()
	switch name := step.get("connection").str; name {
	case "", "new":
	case "new, multicast port":
		addr = b.discover
	case "new, second server":
		addr = p.bots["second"].addr()
	default:
		return fmt.Errorf("the test knows no connection %q", name)
	}
	c, err := connect(addr, node{})
	if err != nil {
		return err
	}
	defer c.conn.Close()
	if c.head == nil || c.head.StatusCode != http.StatusSwitchingProtocols {
		return fmt.Errorf("handshake: %w", io.ErrUnexpectedEOF)
	}
	c.write(frame{fin: true, op: opText, masked: true, payload: []byte(text)})
	return c.verify([]want{w}, stillOpen)
}

// events checks the events of the bot in a case with "note": "compat".
func (p *play) events(observed node) error {
	if p.g.fix {
		return nil
	}
	for _, ev := range recorded(observed.get("events").list, "") {
		if err := p.bots["main"].wait(ev); err != nil {
			return err
		}
	}
	return nil
}
