package client

import (
	"sync"
	"time"
)

// A State says whether a client has a connection to its bot.
type State struct {
	// Connected says that the bot has answered the handshake and takes calls.
	Connected bool

	// Err says why there is no connection. It is nil while there is one.
	Err error
}

// stateWait is how long Close waits for a function that is told of a state.
const stateWait = time.Second

// A notifier tells a function of the user of the connection's states, one after the
// other. While the function runs, only the newest state is kept for it: a slow function
// misses some, and never the last.
type notifier struct {
	f func(State) // nil: nobody is told

	mu   sync.Mutex    // protects the fields below
	next *State        // not told yet
	done chan struct{} // closed when the goroutine that tells has ended; nil if there is none
}

func (n *notifier) tell(s State) {
	if n.f == nil {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.next = &s
	if n.done == nil {
		n.done = make(chan struct{})
		go n.run(n.done) // ends when nothing is left to tell
	}
}

func (n *notifier) run(done chan struct{}) {
	defer close(done)
	for {
		n.mu.Lock()
		s := n.next
		n.next = nil
		if s == nil {
			n.done = nil
			n.mu.Unlock()
			return
		}
		n.mu.Unlock()
		n.f(*s)
	}
}

// wait waits until all is told, for at most stateWait: a function that hangs does not
// keep Close from returning.
func (n *notifier) wait() {
	n.mu.Lock()
	done := n.done
	n.mu.Unlock()
	if done == nil {
		return
	}
	timer := time.NewTimer(stateWait)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
	}
}
