package admin

import (
	"time"

	"github.com/cogbus/cogbus/wire"
)

// Stats is what every bot counts since it was started. It needs the secret
// like any other route. Kill, for tests of what follows, lets the instance of
// a cog fail as if a task of it had; the process of a cog that has one is killed.
// It needs the admin secret, and is answered when the restart has begun.
const (
	Stats wire.Route[wire.Empty, BotStats] = "cogbus.stats"
	Kill  wire.Route[CogName, wire.Empty]  = "cogbus.kill"
)

// BotStats are counts of a bot. Two of them tell what happened in between.
type BotStats struct {
	Time       time.Time  `json:"time"`
	Goroutines int        `json:"goroutines"`
	Heap       uint64     `json:"heap_bytes"` // of objects, garbage that is not collected yet included
	GCPauses   Histogram  `json:"gc_pauses"`  // of the whole program, all of them
	Cogs       []CogStats `json:"cogs"`       // in the order of loading, the bot's own cog left out
}

// CogStats are counts of a cog since it was loaded. Calls, Refused and the times
// are of calls for its routes, from clients and from inside; what is there now
// includes events and ticks, and what instances before this one have left.
type CogStats struct {
	Name     string               `json:"name"`
	Calls    uint64               `json:"calls"`             // that came for its routes, those refused included
	Refused  map[wire.Code]uint64 `json:"refused,omitempty"` // calls that did not reach a handler, by what they were told; beyond 64 codes of a cog's own as "others"
	InFlight int                  `json:"in_flight"`         // now, with those that wait or are held
	Waiting  int                  `json:"waiting"`           // now: for their turn; in a process of its own they do so unseen
	Held     int                  `json:"held"`              // now: while the cog switches
	Queue    Histogram            `json:"queue"`             // from arrival to the start of the handler
	Handler  Histogram            `json:"handler"`           // decoding and encoding included
	Switches []SwitchStats        `json:"switches,omitempty"`
}

// SwitchStats is one of the last 32 switches of a cog to another instance, by a
// reload or a restart.
type SwitchStats struct {
	At time.Time `json:"at"` // its end
	SwitchResult
}

// A Histogram says how long something took. One call of eight is timed, so Count is how
// many were, not how many there were.
type Histogram struct {
	Count   uint64   `json:"count"`
	Buckets []Bucket `json:"buckets,omitempty"` // those that hold any, rising
}

// A Bucket counts what took at most Upper and more than the bucket before. The
// longest time there is stands for no bound.
type Bucket struct {
	Upper time.Duration `json:"ns"`
	Count uint64        `json:"n"`
}
