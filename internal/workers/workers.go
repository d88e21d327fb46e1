// Package workers runs tasks on goroutines that are used again. A goroutine
// that has decoded JSON once keeps the stack that this took; a fresh one for
// each task would spend more time growing its stack than working.
package workers

import (
	"sync"
	"time"
)

// A Task is what a worker runs. A pointer or a function costs no allocation.
type Task interface{ Run() }

// A Func is a function as a Task.
type Func func()

// Run calls f.
func (f Func) Run() { f() }

// maxParked bounds the workers that wait for work: their stacks are kept.
const maxParked = 256

// sweepTime is how often workers go that have had nothing to do since the last time.
const sweepTime = 5 * time.Second

// A Pool runs tasks, each on a worker of its own: none ever waits for another.
// The zero value is ready for use, by any number of goroutines. Close ends it.
type Pool struct {
	mu      sync.Mutex // protects the fields below
	free    *worker    // parked ones, the last to finish first: its cache is warm
	parked  int
	idle    int         // how many have been parked ever since the last sweep
	sweeper *time.Timer // runs sweep; nil before the first worker has parked
	sweeps  bool        // sweeper is set: it is as long as workers are parked, and no longer
	closed  bool
}

type worker struct {
	next *worker
	task chan Task // capacity 1: handing over never blocks
}

// Go runs t and does not wait.
func (p *Pool) Go(t Task) {
	p.mu.Lock()
	w := p.free
	if w != nil {
		p.free, w.next = w.next, nil // a busy worker must not keep those that have ended
		p.parked--
		p.idle = min(p.idle, p.parked)
	}
	p.mu.Unlock()
	if w == nil {
		w = &worker{task: make(chan Task, 1)}
		go p.work(w) // ends when there is no room to park, by sweep, or by Close
	}
	w.task <- t
}

// Schedule runs f and does not wait. With Throughput it makes Pool a dispatcher
// of actors.
func (p *Pool) Schedule(f func()) { p.Go(Func(f)) }

// Throughput is how many messages an actor handles before others get a turn.
func (p *Pool) Throughput() int { return 300 }

func (p *Pool) work(w *worker) {
	for t := range w.task {
		t.Run()
		t = nil // what it refers to must not live as long as the worker is parked
		if !p.park(w) {
			return
		}
	}
}

func (p *Pool) park(w *worker) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || p.parked >= maxParked {
		return false
	}
	w.next, p.free = p.free, w
	p.parked++
	if !p.sweeps {
		p.sweepLater()
	}
	return true
}

// sweepLater has sweep called in a while. The caller holds mu.
func (p *Pool) sweepLater() {
	p.idle, p.sweeps = p.parked, true
	if p.sweeper == nil {
		p.sweeper = time.AfterFunc(sweepTime, p.sweep) // Close stops it
	} else {
		p.sweeper.Reset(sweepTime)
	}
}

// sweep ends the workers that were not needed since the last sweep: those that have
// been parked for longest, since the others take turns above them.
func (p *Pool) sweep() { end(p.cut()) }

// cut takes those whom sweep ends out of the list, and returns them.
func (p *Pool) cut() *worker {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil
	}
	p.sweeps = false
	p.parked -= p.idle
	rest := &p.free
	for range p.parked {
		rest = &(*rest).next
	}
	unused := *rest
	*rest = nil
	if p.parked > 0 {
		p.sweepLater()
	}
	return unused
}

// end ends w and those parked below it.
func end(w *worker) {
	for ; w != nil; w = w.next {
		close(w.task)
	}
}

// Close ends the parked workers and lets the others end with their task. Tasks
// that come later run on goroutines of their own.
func (p *Pool) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	end(p.free)
	p.free, p.parked = nil, 0
	if p.sweeper != nil {
		p.sweeper.Stop() // a sweep that runs already does nothing more
	}
}
