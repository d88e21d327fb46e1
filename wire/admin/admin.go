// Package admin has the routes that every bot serves itself, in its cog "cogbus", and
// their requests and responses: they are for tools that look after a bot.
//
//	result, err := client.Call(ctx, bot, admin.Reload, admin.ReloadRequest{Name: "members"})
package admin

import (
	"time"

	"github.com/cogbus/cogbus/wire"
)

// The routes that every bot serves itself, in the cog "cogbus". They need the secret
// like any other route; Load, Unload and Reload need the admin secret.
const (
	Ping   wire.Route[wire.Empty, wire.Empty]      = "cogbus.ping"
	Routes wire.Route[wire.Empty, []RouteStatus]   = "cogbus.routes"
	Cogs   wire.Route[wire.Empty, []CogStatus]     = "cogbus.cogs"
	Load   wire.Route[CogName, SwitchResult]       = "cogbus.load"
	Unload wire.Route[CogName, SwitchResult]       = "cogbus.unload"
	Reload wire.Route[ReloadRequest, SwitchResult] = "cogbus.reload"
)

// CogName names a cog that is loaded, or was.
type CogName struct {
	Name string `json:"name"`
}

// ReloadRequest asks for a reload.
type ReloadRequest struct {
	Name  string `json:"name"`
	Fresh bool   `json:"fresh,omitempty"` // start without the kept values
	Force bool   `json:"force,omitempty"` // also switch if handlers hang: they get DrainTimeout, and the new instance the last saved state

	// Rollback starts the previous build instead of a new one, for a cog that runs as a
	// process, built from source.
	Rollback bool `json:"rollback,omitempty"`
}

// A SwitchResult is the result of a load, an unload or a reload.
type SwitchResult struct {
	Cog      string  `json:"cog"`
	From     uint64  `json:"from"`               // the previous generation; 0: none
	To       uint64  `json:"to"`                 // the generation now; 0: none
	Paused   float64 `json:"paused_ms"`          // the time for which calls were held
	Held     int     `json:"held"`               // the number of calls and events that were held
	Lost     int     `json:"lost,omitempty"`     // the number of calls that were cancelled, because they had not ended in time
	Took     float64 `json:"took_ms"`            // from the request to the end of the switch
	Revision string  `json:"build,omitempty"`    // the id of the build, for a cog that is built from source
	Built    float64 `json:"built_ms,omitempty"` // the time that the build took; 0: it was there already
	Note     string  `json:"note,omitempty"`     // notes for the operator
}

// A RouteStatus describes a published route.
type RouteStatus struct {
	Endpoint   string `json:"endpoint"`
	Cog        string `json:"cog"`
	Generation uint64 `json:"generation"`
	Serial     bool   `json:"serial,omitempty"` // one call at a time
	Keyed      bool   `json:"keyed,omitempty"`  // the calls of each key run in order
	TimeoutMS  int64  `json:"timeout_ms"`
}

// A CogStatus describes a loaded cog.
type CogStatus struct {
	Name       string    `json:"name"`
	State      string    `json:"state"`           // starting, serving, switching, restarting, failed, unloading
	Revision   string    `json:"build,omitempty"` // the id of the build, for a cog that is built from source
	Generation uint64    `json:"generation"`
	Since      time.Time `json:"since"` // when this instance was activated
	InFlight   int       `json:"in_flight"`
	Routes     int       `json:"routes"`
	Restarts   int       `json:"restarts"`             // since it was loaded
	Panics     int64     `json:"panics"`               // of handlers, since it was loaded
	LastError  string    `json:"last_error,omitempty"` // of a Setup, a task or a reload
	NextTry    time.Time `json:"next_try,omitzero"`    // while restarting
}
