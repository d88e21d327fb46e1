package frames

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/cogbus/cogbus/internal/codec"
	"github.com/cogbus/cogbus/wire"
)

// A Request is the body of Setup.
type Request struct {
	ABI        int    `json:"abi"`
	Cog        string `json:"cog"`
	Generation uint64 `json:"generation"`
	Reason     string `json:"reason,omitempty"`  // load, reload, restart or rollback
	Restart    bool   `json:"restart,omitempty"` // the reason is restart
	Host       bool   `json:"host,omitempty"`    // the bot has functions for Host frames: Discord
}

// An Offer is the reply to Setup. It lists the routes, events, ticks and kept values of
// the cog.
type Offer struct {
	ABI     int      `json:"abi"`
	Routes  []Route  `json:"routes"`
	Timeout int64    `json:"timeout_ms,omitempty"` // of events and ticks; 0: the bot's default
	Events  []string `json:"events,omitempty"`
	Keeps   []string `json:"keeps,omitempty"`

	// Ticks are the intervals in milliseconds at which the bot sends Tick with
	// the number of the interval, counted from 0.
	Ticks []int64 `json:"ticks_ms,omitempty"`

	// Tasks says that tasks of the cog may touch its kept values while no call runs.
	// The bot then saves them only at reloads.
	Tasks bool `json:"tasks,omitempty"`
}

// A Route is a route of an Offer.
type Route struct {
	Name    string `json:"name"`
	Timeout int64  `json:"timeout_ms,omitempty"` // 0: the bot's default
}

// An Error is the body of a Reply that failed.
type Error struct {
	Code    wire.Code `json:"code,omitempty"` // of a *wire.Error; empty for any other
	Message string    `json:"message"`
	Type    string    `json:"type,omitempty"` // of any other: its name, as Python callers see it
	Panic   bool      `json:"panic,omitempty"`
	Stack   string    `json:"stack,omitempty"` // of a panic
	Retry   int64     `json:"retry_ms,omitempty"`

	// Unserialisable says that the handler returned a value for which JSON has no form.
	Unserialisable bool `json:"unserialisable,omitempty"`
}

// AppendError appends err as an Error.
func AppendError(dst []byte, err error) []byte {
	e := Error{Message: err.Error()}
	if w, ok := errors.AsType[*wire.Error](err); ok {
		e = Error{Code: w.Code, Message: w.Message, Retry: w.RetryAfter.Milliseconds()}
	} else {
		e.Type = codec.TypeName(err)
		_, e.Unserialisable = errors.AsType[codec.NotSerialisable](err)
	}
	return e.Append(dst)
}

// Append appends e as JSON.
func (e *Error) Append(dst []byte) []byte {
	text, _ := json.Marshal(e) // strings and numbers
	return append(dst, text...)
}

// ParseError reads an Error: a *wire.Error, or a *Foreign.
func ParseError(body []byte) error {
	var e Error
	if err := json.Unmarshal(body, &e); err != nil {
		return &Foreign{Message: "a failed reply without a reason", Type: "Exception"}
	}
	if e.Code != "" {
		return &wire.Error{Code: e.Code, Message: e.Message, RetryAfter: time.Duration(e.Retry) * time.Millisecond}
	}
	f := &Foreign{Message: e.Message, Type: e.Type, Panicked: e.Panic, Stack: e.Stack}
	if e.Unserialisable {
		f.err = codec.NotSerialisable{Err: errors.New(e.Message)}
	}
	return f
}

// A Foreign is an error of a handler in another process that is no *wire.Error.
type Foreign struct {
	Message  string
	Type     string
	Panicked bool
	Stack    string
	err      error // the error of this process for which e stands
}

// Error returns the message.
func (e *Foreign) Error() string { return e.Message }

// Unwrap returns the error of this process that e stands for, nil if there is
// none.
func (e *Foreign) Unwrap() error { return e.err }

// TypeName returns the name of the error's type where it happened; see
// codec.TypeName.
func (e *Foreign) TypeName() string { return e.Type }
