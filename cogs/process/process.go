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

// A process is one run of a cog's executable, from its start until no part of it is left.
//
// Three goroutines serve it: read reads frames and ends the process when there are no more;
// wait waits for the process to exit; lines.read reads its output. Each request of the
// process has a further goroutine. All have ended when ended is closed.
type process struct {
	name string
	opts *Options
	cmd  *exec.Cmd
	conn net.Conn
	out  *frames.Writer
	log  *lines

	// set before begin
	host   instance.Host
	agent  instance.Runtime // serves the requests that the process makes outside of calls
	reload func()

	alive  context.Context // canceled when the process has ended
	die    context.CancelFunc
	failed chan error // the error of a task; capacity 1
	exited chan struct{}
	status error         // the exit status; set when exited is closed
	ended  chan struct{} // closed when no part of the process is left
	cause  error         // the reason of the end; set when ended is closed
	work   sync.WaitGroup
	lastID atomic.Uint64

	mu      sync.Mutex // protects the fields below
	waiting map[uint64]*pending
	asks    map[uint64]func(late bool)
	gone    bool // the bot sends no more frames
	up      bool // Setup has succeeded
	reaped  bool // another process may have the process id now
}

// begin starts the goroutines that wait for the process and read from it.
func (p *process) begin() {
	p.alive, p.die = context.WithCancel(context.Background())
	go p.wait()
	go p.read()
}

// wait waits for the process to exit. Its socket then ends too, unless children of the
// process hold it.
func (p *process) wait() {
	waited := awaitExit(p.cmd.Process.Pid)
	if !waited {
		p.status = p.cmd.Wait()
	}
	p.mu.Lock()
	p.signal() // kills the programs that it has started
	p.reaped = true
	p.mu.Unlock()
	if waited {
		p.status = p.cmd.Wait()
	}
	close(p.exited)
	_ = p.conn.SetReadDeadline(time.Now().Add(lastWords))
}

// kill kills the process and the programs that it has started, unless another process may
// have its id by now.
func (p *process) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.reaped {
		p.signal()
	}
}

// lastWords is how long the bot waits, after the process has exited, for frames and output
// that it sent before.
const lastWords = 100 * time.Millisecond

// leaving is how long the bot waits for a process to exit after it has closed its socket.
const leaving = 200 * time.Millisecond

// read handles the frames of the process until the connection ends. Then it ends the
// process.
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

// fail ends the process, whose connection has ended with err, and all calls, events, ticks
// and orders that wait for it.
func (p *process) fail(err error) {
	_ = p.conn.Close()
	p.die()
	p.mu.Lock()
	p.gone = true
	waiting := p.waiting
	p.waiting = nil
	p.mu.Unlock()
	for _, w := range waiting {
		if w.ctx != nil { // an order waits for ended instead
			w.stop()
			w.done(nil, errInterrupted)
		}
	}
	if errors.Is(err, frames.ErrGarbage) {
		p.kill() // its memory may be damaged
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

// exitReason returns the error that explains why the process has ended.
func (p *process) exitReason(err error) error {
	text := ""
	p.mu.Lock()
	if !p.up {
		text = " before it had set up"
	}
	p.mu.Unlock()
	if errors.Is(err, frames.ErrGarbage) {
		text += fmt.Sprintf(": the bot killed it because of an invalid frame: %v", err)
	} else if p.status != nil {
		text += ": " + p.status.Error()
	} else {
		text += ": exit status 0"
	}
	if limit := p.opts.MemoryLimit; limit > 0 && p.status != nil {
		text += fmt.Sprintf(" (with MemoryLimit %.4g MiB)", float64(limit)/(1<<20)) // it may be the reason
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

// end asks the process to exit, and kills it if it does not exit in time.
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
