package wire

import "time"

// ReadStats is what every bot counts since it was started. It needs the secret
// like any other route. KillCog, for tests of what follows, lets the instance of
// a cog fail as if a task of it had; the process of a cog that has one is killed.
// It needs the admin secret.
const (
	ReadStats Route[Empty, Stats]   = "cogbus.stats"
	KillCog   Route[CogName, Empty] = "cogbus.kill"
)

// Stats are counts of a bot. Two of them tell what happened in between.
type Stats struct {
	Time       time.Time  `json:"time"`
	Goroutines int        `json:"goroutines"`
	Heap       uint64     `json:"heap_bytes"`
	GCPauses   Times      `json:"gc_pauses"` // of the whole program
	Cogs       []CogStats `json:"cogs"`
}

// CogStats are counts of a cog since it was loaded.
type CogStats struct {
	Name     string          `json:"name"`
	Calls    uint64          `json:"calls"`             // that came for its routes, those refused included
	Refused  map[Code]uint64 `json:"refused,omitempty"` // calls that did not reach a handler, by what they were told
	InFlight int             `json:"in_flight"`         // now, with those that wait
	Waiting  int             `json:"waiting"`           // now: for their turn
	Held     int             `json:"held"`              // now: while the cog switches
	Queue    Times           `json:"queue"`             // from arrival to the start of the handler
	Handler  Times           `json:"handler"`           // decoding and encoding included
	Switches []SwitchStats   `json:"switches,omitempty"`
}

// SwitchStats is one of the last switches of a cog to another instance.
type SwitchStats struct {
	At time.Time `json:"at"` // its end
	Switched
}

// Times say how long something took: a few of the calls are timed, so Count is
// how many were, not how many there were.
type Times struct {
	Count   uint64   `json:"count"`
	Buckets []Bucket `json:"buckets,omitempty"` // those that hold any, rising
}

// A Bucket counts what took at most Upper and more than the bucket before.
type Bucket struct {
	Upper time.Duration `json:"ns"`
	Count uint64        `json:"n"`
}
