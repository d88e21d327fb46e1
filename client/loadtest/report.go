package loadtest

import (
	"time"

	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/admin"
)

// ReportVersion is the version of the JSON form of a Report. It rises when a
// member changes its meaning or goes; new ones may come without that.
const ReportVersion = 1

// A Report is what a run has found. Its JSON form is what "cogbus load --json"
// prints. Times are in milliseconds, moments in seconds since the measurement
// began: those of the warm-up are below zero.
type Report struct {
	Version   int       `json:"version"`
	Machine   Machine   `json:"machine"`
	Load      Load      `json:"load"`
	Started   time.Time `json:"started"`
	Measured  float64   `json:"measured_s"` // from the end of the warm-up to the last answer that was waited for
	End       End       `json:"end"`
	EndedBy   string    `json:"ended_by,omitempty"` // in words, where End does not say it all
	Invalid   []string  `json:"invalid,omitempty"`  // why the figures are not those of the bot; empty if they are
	Notes     []string  `json:"notes,omitempty"`    // what else to know of the figures, in words
	Counts              // of the measured calls
	Rate      Rates     `json:"rate"`
	Response  Latency   `json:"response"` // from when a call was due; in a closed loop, from when it was sent
	Service   Latency   `json:"service"`  // from when a call was sent; of those that were given to a connection
	Routes    []Route   `json:"routes"`
	Errors    []Failure `json:"errors,omitempty"` // by count, falling
	Timeline  []Sample  `json:"timeline"`
	Faults    []Fault   `json:"faults,omitempty"`
	Lines     Lines     `json:"connections"`
	Generator Generator `json:"generator"`
	Server    *Server   `json:"server,omitempty"` // nil where the bot does not tell
	Goals     []Verdict `json:"goals,omitempty"`
}

// End says why a run has ended.
type End string

// The reasons.
const (
	EndDone        End = "done"            // the duration has passed, or the calls are made
	EndInterrupted End = "interrupted"     // the context was cancelled
	EndAborted     End = "aborted"         // a goal of Plan.AbortOn was missed
	EndScenario    End = "scenario failed" // a template did, or gave what is not JSON
	EndLost        End = "target lost"     // nobody has answered for a while
	EndRefused     End = "refused"         // the bot does not know the route or the secret
)

// Machine is what the generator ran on.
type Machine struct {
	Cogbus  string `json:"cogbus"`
	Go      string `json:"go"`
	System  string `json:"system"` // such as linux/amd64
	CPU     string `json:"cpu,omitempty"`
	Cores   int    `json:"cores"` // that the generator may use
	Command string `json:"command,omitempty"`
}

// Load is the plan, as it was carried out.
type Load struct {
	Target      string     `json:"target"`
	Dialect     Dialect    `json:"dialect"`
	Open        bool       `json:"open"` // calls are made when they are due, whatever became of earlier ones
	Rate        float64    `json:"rate,omitempty"`
	Stages      []Stage    `json:"stages,omitempty"`
	Callers     int        `json:"callers,omitempty"` // of a closed loop
	Depth       int        `json:"depth,omitempty"`
	Connections int        `json:"connections"`
	Duration    float64    `json:"duration_s,omitempty"`
	Count       int64      `json:"count,omitempty"`
	Warmup      float64    `json:"warmup_s,omitempty"`
	Timeout     float64    `json:"timeout_ms"`
	Grace       float64    `json:"grace_ms"`
	GiveUp      float64    `json:"give_up_ms"`
	Interval    float64    `json:"interval_ms"`
	MaxInFlight int        `json:"max_in_flight,omitempty"` // of an open loop
	Think       float64    `json:"think_ms,omitempty"`
	Churn       float64    `json:"churn_per_s,omitempty"`
	Seed        uint64     `json:"seed"`
	Routes      []string   `json:"routes"` // their names
	Calls       []Called   `json:"calls"`  // what is called on each of Routes
	Guilds      Population `json:"guilds"`
	Users       Population `json:"users"`
	Faults      []string   `json:"faults,omitempty"`
}

// A Called is a route of the scenario, with its defaults filled in.
type Called struct {
	Name    string      `json:"name"`
	Weight  float64     `json:"weight"`
	Data    string      `json:"data"` // the template
	Expect  []wire.Code `json:"expect,omitempty"`
	Timeout float64     `json:"timeout_ms"`
}

// A Population says of which guilds or users calls are.
type Population struct {
	Count int     `json:"count"`
	Given bool    `json:"given,omitempty"` // as ids, which are not made up
	Zipf  float64 `json:"zipf,omitempty"`
}

// Counts say what became of calls: Sent = Answered + Failed + Unanswered.
type Counts struct {
	Sent       int64 `json:"sent"`       // made, whether or not there was a connection
	Answered   int64 `json:"answered"`   // with a result, or with an error that the scenario expects
	Failed     int64 `json:"failed"`     // with another error, or since there was no connection, so that they cannot have run
	Unanswered int64 `json:"unanswered"` // no answer in time, or the connection was lost first: they may have run
	Expected   int64 `json:"expected_errors,omitempty"`
	Missed     int64 `json:"missed,omitempty"` // were due and not made, since as many as may be were under way, or since the run was over; not in Sent
}

// Rates are calls a second, from the end of the warm-up until no more calls are
// made; where Count ends a closed loop, until the last answer.
type Rates struct {
	Wanted   float64 `json:"wanted,omitempty"` // of an open loop, on average
	Sent     float64 `json:"sent"`
	Answered float64 `json:"answered"` // answers that came in that time: what the bot answers later is beyond what it can do
}

// A Latency is a distribution of times in milliseconds, of calls that the bot
// answered, with errors too, and of those that have waited in vain: until they
// timed out, or until their connection or the run ended. Calls that failed at once
// for want of a connection are not in it.
type Latency struct {
	Count  int64   `json:"count"`
	Min    float64 `json:"min"`
	Mean   float64 `json:"mean"`
	StdDev float64 `json:"stddev"`
	P50    float64 `json:"p50"`
	P90    float64 `json:"p90"`
	P95    float64 `json:"p95"`
	P99    float64 `json:"p99"`
	P999   float64 `json:"p999"`
	P9999  float64 `json:"p9999"`
	Max    float64 `json:"max"`

	// Histogram is an HdrHistogram of nanoseconds: V2, compressed, base64.
	// Those of several runs add up.
	Histogram string `json:"histogram,omitempty"`
}

// A Route is what became of the calls of one route.
type Route struct {
	Name string `json:"name"`
	Counts
	Response Latency `json:"response"`
	Service  Latency `json:"service"`
}

// A Failure is a kind of outcome other than a result.
type Failure struct {
	Code       wire.Code `json:"code"`
	Route      string    `json:"route"`
	Count      int64     `json:"count"`
	Expected   bool      `json:"expected,omitempty"`
	Unanswered bool      `json:"unanswered,omitempty"`
	First      string    `json:"first"`    // the message of the first one
	FirstAt    float64   `json:"first_at"` // s
}

// A Sample is what happened in one interval.
type Sample struct {
	At          float64             `json:"at"`      // its end, s; at most zero in the warm-up
	Seconds     float64             `json:"seconds"` // its length: an Interval, but for the last ones of the warm-up and of the run, and where the machine stood still
	Counts                          // that began, and that ended, in it: here they need not add up
	InFlight    int64               `json:"in_flight"`
	Timed       int64               `json:"timed"` // calls that have the times below: those of a Latency; without any they are 0
	P50         float64             `json:"p50"`   // of the response, as the next ones
	P90         float64             `json:"p90"`
	P99         float64             `json:"p99"`
	Max         float64             `json:"max"`
	Service     float64             `json:"service_p99"`
	Lag         float64             `json:"lag"` // the most that a call was sent after it was due
	Connections int                 `json:"connections"`
	Errors      map[wire.Code]int64 `json:"errors,omitempty"`
	Cogs        []CogSample         `json:"cogs,omitempty"` // where the bot tells
}

// A CogSample is the state of a cog at the end of an interval.
type CogSample struct {
	Name     string `json:"name"`
	InFlight int    `json:"in_flight"`
	Waiting  int    `json:"waiting"`
	Held     int    `json:"held"`
	Refused  uint64 `json:"refused"` // in the interval
}

// A Fault is something that was done to the bot, or to its clients, in the run.
type Fault struct {
	Text string  `json:"text"` // as in the plan
	Kind string  `json:"kind"`
	Cog  string  `json:"cog,omitempty"`
	At   float64 `json:"at"`              // when it began, s
	Took float64 `json:"took_ms"`         // until it was over
	Note string  `json:"note,omitempty"`  // what came of it, in words
	Err  string  `json:"error,omitempty"` // why it did not happen
}

// Lines are the connections of a run, its faults' own excluded.
type Lines struct {
	Asked   int     `json:"asked"`
	Opened  int64   `json:"opened"` // reconnects, and those of a dialect that takes one a call, included
	Failed  int64   `json:"failed"` // attempts
	Cut     int64   `json:"cut"`    // by a fault
	Churned int64   `json:"churned,omitempty"`
	Connect Latency `json:"connect"` // handshakes of the first Asked ones; those of a connection a call are in its latency
}

// Generator is what the load generator took itself, from the end of the warm-up
// until no more calls were made.
type Generator struct {
	CPU         float64 `json:"cpu_s"`        // -1 if the system does not tell
	Cores       float64 `json:"cores"`        // how many were busy on average; -1
	MachineBusy float64 `json:"machine_busy"` // share of all the machine's processors that were busy, whoever kept them so; -1
	Lag         Latency `json:"lag"`          // how long after it was due each call was sent
	MaxRSS      int64   `json:"max_rss"`      // bytes; -1
	GCs         uint32  `json:"gcs"`          // collections
	Pause       float64 `json:"gc_pause"`     // ms, all together
}

// Server is what the bot has counted between the end of the warm-up and the end.
type Server struct {
	Cogs     []Cog   `json:"cogs"`
	GCPauses Latency `json:"gc_pauses"`
	Heap     uint64  `json:"heap_bytes"` // at the end
}

// A Cog is what happened to one cog, be it there at the end or not. What it did
// between a sample and its unloading, if it was unloaded, is not in it. The times are of the calls that the bot has
// timed, which are a few of all.
type Cog struct {
	Name       string               `json:"name"`
	Calls      uint64               `json:"calls"`
	Refused    map[wire.Code]uint64 `json:"refused,omitempty"`
	MaxFlight  int                  `json:"max_in_flight"` // of the samples
	MaxWaiting int                  `json:"max_waiting"`
	MaxHeld    int                  `json:"max_held"`
	Queue      Latency              `json:"queue"`
	Handler    Latency              `json:"handler"`
	Switches   []Switch             `json:"switches,omitempty"`
}

// A Switch is one reload or restart of a cog.
type Switch struct {
	At float64 `json:"at"` // s
	admin.SwitchResult
}

// A Verdict says whether a goal was met.
type Verdict struct {
	Goal string  `json:"goal"`
	Got  float64 `json:"got"`
	Unit string  `json:"unit,omitempty"` // of Got: ms, % or /s; empty for counts
	Met  bool    `json:"met"`
}
