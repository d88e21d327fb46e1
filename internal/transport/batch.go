package transport

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// A batch should be written as soon as the readers that had something to do have
// done it. Where it took longer, goroutines that compute ran in between, each for up
// to 10 ms, and the answers waited behind them once more.
const (
	batchTime  = time.Millisecond
	readerTime = 20 * time.Microsecond // on top for each reader in the batch
)

// After a batch that was late, readers write themselves for a while, which doubles
// each time that the next batch is late too.
const (
	shortPause = 50 * time.Millisecond
	longPause  = 5 * time.Second
)

// A batcher writes what the readers of many connections have gathered, once all of
// them that can have done so: the requests that have come together are handled
// one after the other, and then their answers leave one after the other. A client
// that has several of the connections is woken once for all of them, which costs
// more than the writing; and so does the processor's cache, which has to hold less
// at a time.
//
// That is so where one goroutine runs at a time. Where several do, another processor
// would be woken for the batcher, which costs a lone connection more than it saves.
//
// Nor is it so while goroutines compute on that processor: see batchTime.
//
// It never waits for a peer: what a connection does not take at once is written by
// a goroutine of its own.
type batcher struct {
	wake chan struct{} // capacity 1
	done chan struct{} // closed when its goroutine has ended

	yield func() // lets the readers run that can

	paused atomic.Bool // the last batch was late; resume ends that

	mu     sync.Mutex // protects the fields below
	list   []*link
	began  time.Time     // when the first was added to list
	pause  time.Duration // the last one; 0 if the last batch was in time
	resume *time.Timer   // nil before the first pause
	runs   bool          // its goroutine was started
	closed bool
}

func newBatcher() *batcher {
	return &batcher{wake: make(chan struct{}, 1), done: make(chan struct{}), yield: runtime.Gosched}
}

// add has l flushed soon. It reports whether it will be.
func (b *batcher) add(l *link) bool {
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
		go b.run() // ends by close
	}
	if len(b.list) == 1 {
		b.began = time.Now()
		select {
		case b.wake <- struct{}{}:
		default: // it has not taken the last list yet
		}
	}
	return true
}

// take returns what was added, and the list to add to next in its place. If that has
// waited for longer than its readers need, the batcher pauses.
func (b *batcher) take(next []*link) (list []*link, closed bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	list, b.list = b.list, next
	if len(list) == 0 {
		return list, b.closed // it was woken to close
	}
	if time.Since(b.began) <= batchTime+time.Duration(len(list))*readerTime {
		b.pause = 0
	} else if !b.closed {
		b.rest()
	}
	return list, b.closed
}

// rest begins a pause. The caller holds mu.
func (b *batcher) rest() {
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
	var spare []*link
	for range b.wake {
		b.yield() // readers that can run add what they have
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

// close ends the batcher, which writes what it has, and waits for it.
func (b *batcher) close() {
	b.mu.Lock()
	runs, again := b.runs, b.closed
	b.closed = true
	if b.resume != nil {
		b.resume.Stop()
	}
	b.mu.Unlock()
	if !again && runs {
		b.wake <- struct{}{} // it takes them until it is closed
	}
	if runs {
		<-b.done
	}
}
