package admin

import (
	"time"

	"github.com/cogbus/cogbus/wire"
)

// Stats returns counters of the bot since its start. It needs the secret like any other
// route. Kill is for tests of failures. It lets the instance of a cog fail, as if a
// task of it had failed; if the cog has a process, it kills that. Kill needs the admin
// secret, and is answered when the restart has begun.
const (
	Stats wire.Route[wire.Empty, BotStats] = "cogbus.stats"
	Kill  wire.Route[CogName, wire.Empty]  = "cogbus.kill"
)

// BotStats are counters of a bot. The difference of two BotStats is the activity
// between them.
type BotStats struct {
	Time       time.Time  `json:"time"`
	Goroutines int        `json:"goroutines"`
	Heap       uint64     `json:"heap_bytes"` // bytes of objects, with the garbage that is not collected yet
	GCPauses   Histogram  `json:"gc_pauses"`  // all pauses of the whole program
	Cogs       []CogStats `json:"cogs"`       // in the order of loading, without the bot's own cog
}

// CogStats are counters of a cog since it was loaded. Calls, Refused and the times are
// of calls for its routes, from clients and from inside. InFlight, Waiting and Held
// also count events, ticks, and calls that still run on earlier instances.
type CogStats struct {
	Name     string               `json:"name"`
	Calls    uint64               `json:"calls"`             // that came for its routes, with the refused ones
	Refused  map[wire.Code]uint64 `json:"refused,omitempty"` // calls that did not reach a handler, by the code of their answer
	InFlight int                  `json:"in_flight"`         // now, with waiting and held calls
	Waiting  int                  `json:"waiting"`           // now, for their turn; in a cog with a process of its own they are not counted
	Held     int                  `json:"held"`              // now, while the cog switches
	Queue    Histogram            `json:"queue"`             // from arrival to the start of the handler
	Handler  Histogram            `json:"handler"`           // with decoding and encoding
	Switches []SwitchStats        `json:"switches,omitempty"`
}

// SwitchStats is one of the last 32 switches of a cog to another instance, by a
// reload or a restart.
type SwitchStats struct {
	At time.Time `json:"at"` // the end of the switch
	SwitchResult
}

// A Histogram counts durations. One call of eight is timed, so Count is the number of
// timed calls, not of all calls.
type Histogram struct {
	Count   uint64   `json:"count"`
	Buckets []Bucket `json:"buckets,omitempty"` // the buckets that are not empty, rising
}

// A Bucket counts durations of at most Upper that are longer than the Upper of the
// previous bucket. The longest possible duration as Upper means no bound.
type Bucket struct {
	Upper time.Duration `json:"ns"`
	Count uint64        `json:"n"`
}
