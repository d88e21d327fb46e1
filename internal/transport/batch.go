package transport

import (
	"runtime"
	"sync"
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
// It never waits for a peer: what a connection does not take at once is written by
// a goroutine of its own.
type batcher struct {
	wake chan struct{} // capacity 1
	done chan struct{} // closed when its goroutine has ended

	mu     sync.Mutex // protects the fields below
	list   []*link
	runs   bool // its goroutine was started
	closed bool
}

func newBatcher() *batcher {
	return &batcher{wake: make(chan struct{}, 1), done: make(chan struct{})}
}

// add has l flushed soon. It reports whether it will be.
func (b *batcher) add(l *link) bool {
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
		select {
		case b.wake <- struct{}{}:
		default: // it has not taken the last list yet
		}
	}
	return true
}

func (b *batcher) run() {
	defer close(b.done)
	var spare []*link
	for range b.wake {
		runtime.Gosched() // readers that can run add what they have
		b.mu.Lock()
		list, closed := b.list, b.closed
		b.list = spare[:0]
		b.mu.Unlock()
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
	b.mu.Unlock()
	if !again && runs {
		b.wake <- struct{}{} // it takes them until it is closed
	}
	if runs {
		<-b.done
	}
}
