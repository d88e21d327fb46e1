package lane

import "time"

// A Ticket is the place of one T. The zero value has none. It is used once.
type Ticket[T any] struct {
	owner  T
	passes bool // MaxWaiting does not count
	state  state
	key    string    // once it is found
	began  time.Time // when the search for it began; zero before that
	lane   *lane[T]  // where it is queued or running

	in             *list[T] // where it waits; nil if it does not
	before, behind *Ticket[T]
}

type state uint8

const (
	outside state = iota
	reserved
	found // its key is found, and it waits for those before it in the line
	late  // it has lost its place in the line
	queued
	running
	left // it must not get a place any more
)
