package process

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cogbus/cogbus/internal/clip"
	"github.com/cogbus/cogbus/internal/frames"
	"github.com/cogbus/cogbus/internal/instance"
)

// A process is one run of a cog's executable, from its start until nothing of it
// is left.
//
// Three goroutines serve it: read reads frames and, when there are no more, ends
// the process; wait waits for it to exit; the log's reads what it prints. Each
// question of the process has one more. All have ended when ended is closed.
type process struct {
	name string
	opts *Options
	cmd  *exec.Cmd
	conn net.Conn
	out  *frames.Writer
	log  *lines

	// set before begin
	host   instance.Host
	agent  instance.Runtime // what it asks for outside of calls
	reload func()

	alive  context.Context // until the process has ended
	die    context.CancelFunc
	failed chan error // of a task; capacity 1
	exited chan struct{}
	status error         // of the exit; set when exited is closed
	ended  chan struct{} // nothing of the process is left
	cause  error         // why; set when ended is closed
	work   sync.WaitGroup
	lastID atomic.Uint64

	mu      sync.Mutex // protects the fields below
	waiting map[uint64]*pending
	asks    map[uint64]func(late bool)
	gone    bool // nothing more is sent
	up      bool // Setup has passed
	reaped  bool // the process id may be another's
}

// begin starts to listen to the process.
func (p *process) begin() {
	p.alive, p.die = context.WithCancel(context.Background())
	go p.wait()
	go p.read()
}

// wait waits for the process to exit. Its socket then ends too, except if it has
// left children that hold it.
func (p *process) wait() {
	waited := awaitExit(p.cmd.Process.Pid)
	if !waited {
		p.status = p.cmd.Wait()
	}
	p.mu.Lock()
	p.signal() // what it has started itself
	p.reaped = true
	p.mu.Unlock()
	if waited {
		p.status = p.cmd.Wait()
	}
	close(p.exited)
	_ = p.conn.SetReadDeadline(time.Now().Add(lastWords))
}

// kill kills the process and what it has started itself, as long as it is known that
// its id is its own.
func (p *process) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.reaped {
		p.signal()
	}
}

// lastWords is how long what a process has sent and printed may take to arrive
// when it has exited.
const lastWords = 100 * time.Millisecond

// leaving is how long a process that has closed its socket may take to exit.
const leaving = 200 * time.Millisecond

// read handles what the process sends. When that ends, so does the process.
func (p *process) read() {
	in := frames.NewReader(p.conn)
	var err error
	for err == nil {
		var f frames.Frame
		if err = in.Read(&f); err == nil {
			p.receive(&f)
		}
	}
	p.fail(err)
}

// fail ends the process, whose socket has broken with err, and all that waits
// for it.
func (p *process) fail(err error) {
	_ = p.conn.Close()
	p.die()
	p.mu.Lock()
	p.gone = true
	waiting := p.waiting
	p.waiting = nil
	p.mu.Unlock()
	for _, w := range waiting {
		if w.ctx != nil { // who has given an order waits for ended
			w.stop()
			w.done(nil, errInterrupted)
		}
	}
	if errors.Is(err, frames.ErrGarbage) {
		p.kill() // it does not know what it does
	}
	select {
	case <-p.exited:
	case <-time.After(leaving):
	}
	p.kill()
	<-p.exited
	p.log.end()
	p.work.Wait()
	p.out.Wait()
	p.cause = p.exitReason(err)
	close(p.ended)
}

// exitReason returns the error that tells why the process has ended.
func (p *process) exitReason(err error) error {
	text := ""
	p.mu.Lock()
	if !p.up {
		text = " before it had set up"
	}
	p.mu.Unlock()
	if errors.Is(err, frames.ErrGarbage) {
		text += fmt.Sprintf(": it was killed for sending what is %v", err)
	} else if p.status != nil {
		text += ": " + p.status.Error()
	} else {
		text += ": exit status 0"
	}
	if last := p.log.last(); last != "" {
		text += ": " + last
	}
	return fmt.Errorf("%w%s", errEnded, text)
}

// An endedError is the error of a process that has ended.
type endedError struct{}

func (endedError) Error() string   { return "the cog's process ended" }
func (endedError) Is(e error) bool { return e == instance.ErrEnded }

var errEnded error = endedError{}

// end asks the process to leave and sees to it that it does.
func (p *process) end() {
	ctx, cancel := context.WithTimeout(context.Background(), p.opts.Grace)
	defer cancel()
	_, err := p.exchange(ctx, &frames.Frame{Kind: frames.Quit, MS: uint32(min(max(p.opts.Grace.Milliseconds(), 1), 1<<32-1))}, 0)
	if err == nil {
		select {
		case <-p.exited:
		case <-ctx.Done():
		}
	}
	if errors.Is(err, context.DeadlineExceeded) {
		p.opts.Logger.Warn("a cog's process was killed before its cleanups had ended", "cog", p.name, "grace", p.opts.Grace)
	}
	if foreign, ok := errors.AsType[*frames.Foreign](err); ok {
		p.opts.Logger.Error("cleanup failed", "cog", p.name, "err", clip.Text(foreign.Error(), clip.Most))
	}
	p.kill()
	_ = p.conn.Close()
	<-p.ended
}
