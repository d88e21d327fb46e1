package transport

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// A batch should be written as soon as the readers with work have done it. If it took
// longer, other goroutines computed in between, each for up to 10 ms, and the batcher
// made the answers wait behind them once more.
const (
	batchTime  = time.Millisecond
	readerTime = 20 * time.Microsecond // for each reader in the batch, in addition
)

// After a late batch, readers write their own answers for a pause. The pause doubles
// each time that the next batch is late too.
const (
	shortPause = 50 * time.Millisecond
	longPause  = 5 * time.Second
)

// A batcher writes the answers of many readers together, once all readers that can run
// have handled their requests: the requests that have come together are handled one
// after the other, and then their answers leave one after the other. This wakes a
// client with several of the connections once, and the waking costs more than the
// writing. It also helps the processor's cache, which has to hold less at a time.
//
// The batcher pays only where one goroutine runs at a time. Where several run, it would
// need another processor to be woken, which costs a lone connection more than it saves.
//
// Nor does it pay while goroutines compute on that processor: see batchTime.
//
// The batcher never waits for a peer. If a connection does not take all bytes at once,
// a goroutine of its own writes the rest.
type batcher struct {
	wake chan struct{} // capacity 1
	done chan struct{} // closed when its goroutine has ended

	yield func() // runtime.Gosched, except in tests

	paused atomic.Bool // the last batch was late; resume clears it

	mu     sync.Mutex // protects the fields below
	list   []*frameConn
	began  time.Time     // when the first connection was added to list
	pause  time.Duration // the last pause; 0 if the last batch was in time
	resume *time.Timer   // nil before the first pause
	runs   bool          // its goroutine was started
	closed bool
}

func newBatcher() *batcher {
	return &batcher{wake: make(chan struct{}, 1), done: make(chan struct{}), yield: runtime.Gosched}
}

// add asks the batcher to flush l soon. It reports whether the batcher will.
func (b *batcher) add(l *frameConn) bool {
	if b.paused.Load() {
		return false
	}
	if !l.queued.CompareAndSwap(false, true) {
		return true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		l.queued.Store(false)
		return false
	}
	b.list = append(b.list, l)
	if !b.runs {
		b.runs = true
		go b.run() // ends when close is called
	}
	if len(b.list) == 1 {
		b.began = time.Now()
		select {
		case b.wake <- struct{}{}:
		default: // the batcher has not taken the last list yet
		}
	}
	return true
}

// take returns the connections to flush, and makes next the list for later ones. If the
// connections have waited for longer than their readers need, the batcher pauses.
func (b *batcher) take(next []*frameConn) (list []*frameConn, closed bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	list, b.list = b.list, next
	if len(list) == 0 {
		return list, b.closed // close has woken the batcher
	}
	if time.Since(b.began) <= batchTime+time.Duration(len(list))*readerTime {
		b.pause = 0
	} else if !b.closed {
		b.beginPauseLocked()
	}
	return list, b.closed
}

// beginPauseLocked begins a pause.
func (b *batcher) beginPauseLocked() {
	b.pause = min(max(2*b.pause, shortPause), longPause)
	b.paused.Store(true)
	if b.resume == nil {
		b.resume = time.AfterFunc(b.pause, func() { b.paused.Store(false) }) // close stops it
	} else {
		b.resume.Reset(b.pause)
	}
}

func (b *batcher) run() {
	defer close(b.done)
	var spare []*frameConn
	for range b.wake {
		b.yield() // the readers that can run add their connections
		list, closed := b.take(spare[:0])
		for _, l := range list {
			l.queued.Store(false)
			l.flushNow()
		}
		clear(list)
		spare = list
		if closed {
			return
		}
	}
}

// close ends the batcher and waits for it. The batcher writes its last batch first.
func (b *batcher) close() {
	b.mu.Lock()
	runs, again := b.runs, b.closed
	b.closed = true
	if b.resume != nil {
		b.resume.Stop()
	}
	b.mu.Unlock()
	if !again && runs {
		b.wake <- struct{}{} // the batcher takes from wake until it is closed
	}
	if runs {
		<-b.done
	}
}
