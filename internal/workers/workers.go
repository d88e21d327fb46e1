// Package workers runs tasks on goroutines that are used again. A goroutine that has
// decoded JSON once keeps the stack that this took. A new goroutine for each task would
// spend more time on growing its stack than on the work.
package workers

import (
	"sync"
	"time"
)

// A Task is a unit of work for a worker. A pointer or a function as a Task costs no
// allocation.
type Task interface{ Run() }

// A Func is a function as a Task.
type Func func()

// Run calls f.
func (f Func) Run() { f() }

// maxParked bounds the number of workers that wait for work, since each keeps its
// stack.
const maxParked = 256

// sweepTime is the time between two sweeps, which end the workers that had no task in
// between.
const sweepTime = 5 * time.Second

// A Pool runs tasks, each on a worker of its own, so that none waits for another. The
// zero value is ready for use, by any number of goroutines. Close ends it.
type Pool struct {
	mu      sync.Mutex // protects the fields below
	free    *worker    // the parked workers. The last to finish is first, since its cache is warm
	parked  int
	idle    int         // the least number of parked workers since the last sweep
	sweeper *time.Timer // runs sweep; nil before the first worker has parked
	sweeps  bool        // sweeper is set: true exactly as long as workers are parked
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
		p.free, w.next = w.next, nil // a busy worker must not hold on to workers that have ended
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
		t = nil // a parked worker must not hold on to its last task
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
		p.sweepLaterLocked()
	}
	return true
}

// sweepLaterLocked sets the timer of the next sweep.
func (p *Pool) sweepLaterLocked() {
	p.idle, p.sweeps = p.parked, true
	if p.sweeper == nil {
		p.sweeper = time.AfterFunc(sweepTime, p.sweep) // ends by itself; Close stops it
	} else {
		p.sweeper.Reset(sweepTime)
	}
}

// sweep ends the workers that were not needed since the last sweep. These are the
// workers that have been parked for longest, since tasks take the worker that parked
// last.
func (p *Pool) sweep() { end(p.takeIdle()) }

// takeIdle takes the workers that sweep will end out of the list, and returns them.
func (p *Pool) takeIdle() *worker {
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
		p.sweepLaterLocked()
	}
	return unused
}

// end ends w and the workers parked below it.
func end(w *worker) {
	for ; w != nil; w = w.next {
		close(w.task)
	}
}

// Close ends the parked workers, and lets the others end with their tasks. Later tasks
// run on goroutines of their own.
func (p *Pool) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	end(p.free)
	p.free, p.parked = nil, 0
	if p.sweeper != nil {
		p.sweeper.Stop() // a sweep that runs already finds nothing to do
	}
}
