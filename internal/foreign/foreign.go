// Package foreign runs the methods of values that user code has made: errors, and values
// that it panics with. Such a method may panic, call runtime.Goexit, never return, or
// lead through a tree of errors without an end. Code of the bot that meets such a value
// has no time limit for that.
package foreign

import (
	"context"
	"time"
)

// Limit is the time that Ask gives a function.
const Limit = time.Second

// MaxTree is the number of errors that the tree of one error may have.
const MaxTree = 1000

// An End is the way in which a function has ended.
type End uint8

// The ends of a function.
const (
	Returned End = iota
	Panicked
	Exited // by runtime.Goexit
	Hung   // it has not ended
)

// Ask runs f on a goroutine of its own and returns its result. If f panics, v is the
// argument of panic. If f has not ended after [Limit], Ask leaves the goroutine behind.
func Ask[T any](f func() T) (out T, end End, v any) {
	type outcome struct {
		out T
		end End
		v   any
	}
	told := make(chan outcome, 1)
	go func() { // ends with f; if f never ends, the goroutine stays
		o := outcome{end: Exited}
		defer func() {
			if v := recover(); v != nil {
				o.end, o.v = Panicked, v
			}
			told <- o
		}()
		o.out = f()
		o.end = Returned
	}()
	ctx, cancel := context.WithTimeout(context.Background(), Limit)
	defer cancel()
	select {
	case o := <-told:
		return o.out, o.end, o.v
	case <-ctx.Done():
	}
	select {
	case o := <-told: // f ended together with ctx, which is in time
		return o.out, o.end, o.v
	default:
		return out, Hung, nil
	}
}

// TreeEnds reports whether err's tree has at most MaxTree errors. An error that unwraps
// to itself has no end. TreeEnds calls methods of err: run it by Ask if they are user code.
func TreeEnds(err error) bool {
	left := MaxTree
	return treeEnds(err, &left)
}

func treeEnds(err error, left *int) bool {
	if *left--; *left < 0 {
		return false
	}
	switch u := err.(type) { //nolint:errorlint // this walks the tree itself
	case interface{ Unwrap() error }:
		if e := u.Unwrap(); e != nil {
			return treeEnds(e, left)
		}
	case interface{ Unwrap() []error }:
		for _, e := range u.Unwrap() {
			if e != nil && !treeEnds(e, left) {
				return false
			}
		}
	}
	return true
}
