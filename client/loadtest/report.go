package loadtest

import (
	"time"

	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/admin"
)

// ReportVersion is the version of the JSON form of a Report. It rises when a member
// changes its meaning or is removed. A new member does not change it.
const ReportVersion = 1

// A Report is the result of a run. "cogbus load --json" prints its JSON form.
// Durations are in milliseconds. Times are in seconds since the measurement began, so
// they are below zero in the warm-up.
type Report struct {
	Version   int           `json:"version"`
	Machine   Machine       `json:"machine"`
	Load      Load          `json:"load"`
	Started   time.Time     `json:"started"`
	Measured  float64       `json:"measured_s"` // from the end of the warm-up until the last call ended
	End       End           `json:"end"`
	EndedBy   string        `json:"ended_by,omitempty"` // more about End, in words
	Invalid   []string      `json:"invalid,omitempty"`  // why the figures are figures of the generator, and not of the bot; empty if the run is valid
	Notes     []string      `json:"notes,omitempty"`    // further remarks about the figures
	Counts                  // the counts of all calls but those of the warm-up
	Rate      Rates         `json:"rate"`
	Response  Latency       `json:"response"` // begins when a call was due; in a closed loop, when it was sent
	Service   Latency       `json:"service"`  // begins when a call was sent; only of calls that a connection took
	Routes    []Route       `json:"routes"`
	Errors    []Failure     `json:"errors,omitempty"` // the most frequent first
	Timeline  []Sample      `json:"timeline"`
	Faults    []FaultRecord `json:"faults,omitempty"`
	Lines     Lines         `json:"connections"`
	Generator Generator     `json:"generator"`
	Server    *Server       `json:"server,omitempty"` // nil if the bot does not report its statistics
	Goals     []Verdict     `json:"goals,omitempty"`
}

// End is the reason for which a run ended.
type End string

// The reasons.
const (
	EndDone        End = "done"            // the duration has passed, or Count calls were made
	EndInterrupted End = "interrupted"     // the context was cancelled
	EndAborted     End = "aborted"         // a goal of Plan.AbortOn was missed
	EndScenario    End = "scenario failed" // a template failed, or produced invalid JSON
	EndLost        End = "target lost"     // the bot answered nothing for Plan.GiveUp, and no connection was left
	EndRefused     End = "refused"         // the bot does not know the route or the secret
)

// Machine describes the machine of the generator.
type Machine struct {
	Cogbus  string `json:"cogbus"`
	Go      string `json:"go"`
	System  string `json:"system"` // such as linux/amd64
	CPU     string `json:"cpu,omitempty"`
	Cores   int    `json:"cores"` // cores that the generator may use
	Command string `json:"command,omitempty"`
}

// Load is the plan of the run, with its defaults filled in.
type Load struct {
	Target      string     `json:"target"`
	Dialect     Dialect    `json:"dialect"`
	Open        bool       `json:"open"` // the loop was open: calls were made when they were due
	Rate        float64    `json:"rate,omitempty"`
	Stages      []Stage    `json:"stages,omitempty"`
	Callers     int        `json:"callers,omitempty"` // zero in an open loop
	Depth       int        `json:"depth,omitempty"`
	Connections int        `json:"connections"`
	Duration    float64    `json:"duration_s,omitempty"`
	Count       int64      `json:"count,omitempty"`
	Warmup      float64    `json:"warmup_s,omitempty"`
	Timeout     float64    `json:"timeout_ms"`
	Grace       float64    `json:"grace_ms"`
	GiveUp      float64    `json:"give_up_ms"`
	Interval    float64    `json:"interval_ms"`
	MaxInFlight int        `json:"max_in_flight,omitempty"` // zero in a closed loop
	Think       float64    `json:"think_ms,omitempty"`
	Churn       float64    `json:"churn_per_s,omitempty"`
	Seed        uint64     `json:"seed"`
	Routes      []string   `json:"routes"` // the names of the routes
	Calls       []Called   `json:"calls"`  // one for each of Routes
	Guilds      Population `json:"guilds"`
	Users       Population `json:"users"`
	Faults      []string   `json:"faults,omitempty"`
}

// A Called describes the calls of a route, with the defaults of the scenario filled in.
type Called struct {
	Name    string      `json:"name"`
	Weight  float64     `json:"weight"`
	Data    string      `json:"data"` // the template
	Expect  []wire.Code `json:"expect,omitempty"`
	Timeout float64     `json:"timeout_ms"`
}

// A Population describes the guilds or users of the calls.
type Population struct {
	Count int     `json:"count"`
	Given bool    `json:"given,omitempty"` // the scenario lists their ids; otherwise the generator makes them up
	Zipf  float64 `json:"zipf,omitempty"`
}

// Counts are the numbers of calls by outcome. In a Report, Sent = Answered + Failed +
// Unanswered.
type Counts struct {
	Sent       int64 `json:"sent"`       // calls that were made, also without a connection
	Answered   int64 `json:"answered"`   // the bot sent a result, or an error that the scenario expects
	Failed     int64 `json:"failed"`     // the bot sent another error, or there was no connection, so that the call cannot have run
	Unanswered int64 `json:"unanswered"` // no answer in time, or the connection was lost before; the call may have run
	Expected   int64 `json:"expected_errors,omitempty"`
	Missed     int64 `json:"missed,omitempty"` // calls that were due and not made, because MaxInFlight calls were under way or the run was over; not in Sent
}

// Rates are calls a second in the sending phase, which begins at the end of the
// warm-up. If Count ends a closed loop, the phase ends with the last answer.
type Rates struct {
	Wanted   float64 `json:"wanted,omitempty"` // the average rate of the plan, in an open loop
	Sent     float64 `json:"sent"`
	Answered float64 `json:"answered"` // answers that came in the phase; the bot was too slow for the later ones
}

// A Latency is the distribution of the times of calls, in milliseconds. It includes:
//   - calls that the bot answered, with a result or with an error
//   - calls that waited until they timed out, until their connection was lost, or
//     until the run ended
//
// It does not include calls that failed at once because there was no connection.
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
	// Histograms of several runs can be added.
	Histogram string `json:"histogram,omitempty"`
}

// A Route has the counts and latencies of the calls of one route.
type Route struct {
	Name string `json:"name"`
	Counts
	Response Latency `json:"response"`
	Service  Latency `json:"service"`
}

// A Failure counts the calls of a route that ended with the same error code and
// outcome.
type Failure struct {
	Code       wire.Code `json:"code"`
	Route      string    `json:"route"`
	Count      int64     `json:"count"`
	Expected   bool      `json:"expected,omitempty"`
	Unanswered bool      `json:"unanswered,omitempty"`
	First      string    `json:"first"`    // the message of the first of them
	FirstAt    float64   `json:"first_at"` // the time of the first of them, s
}

// A Sample has the figures of one interval.
type Sample struct {
	At          float64             `json:"at"`      // the end of the interval, s; at most zero in the warm-up
	Seconds     float64             `json:"seconds"` // the length of the interval: Plan.Interval, except at the end of the warm-up and of the run, and if the machine stood still
	Counts                          // Sent are calls that began in the interval, the others calls that ended in it, so they need not add up
	InFlight    int64               `json:"in_flight"`
	Timed       int64               `json:"timed"` // calls in the times below, as in a Latency; if it is 0, the times are 0 too
	P50         float64             `json:"p50"`   // this and the next three are response times
	P90         float64             `json:"p90"`
	P99         float64             `json:"p99"`
	Max         float64             `json:"max"`
	Service     float64             `json:"service_p99"`
	Lag         float64             `json:"lag"` // the longest time from when a call was due until it was sent
	Connections int                 `json:"connections"`
	Errors      map[wire.Code]int64 `json:"errors,omitempty"`
	Cogs        []CogSample         `json:"cogs,omitempty"` // empty if the bot does not report its statistics
}

// A CogSample is the state of a cog at the end of an interval.
type CogSample struct {
	Name     string `json:"name"`
	InFlight int    `json:"in_flight"`
	Waiting  int    `json:"waiting"`
	Held     int    `json:"held"`
	Refused  uint64 `json:"refused"` // calls that the cog refused in the interval
}

// A FaultRecord is the record of a fault that the run injected; see [Fault].
type FaultRecord struct {
	Text string  `json:"text"` // the form in the plan
	Kind string  `json:"kind"`
	Cog  string  `json:"cog,omitempty"`
	At   float64 `json:"at"`              // the beginning of the fault, s
	Took float64 `json:"took_ms"`         // the length of the fault
	Note string  `json:"note,omitempty"`  // the result, in words
	Err  string  `json:"error,omitempty"` // the reason why it did not happen
}

// Lines counts the connections of a run, without the connections of its faults.
type Lines struct {
	Asked   int     `json:"asked"`  // connections in the plan
	Opened  int64   `json:"opened"` // includes reconnects; with IPCXDial, one for each call
	Failed  int64   `json:"failed"` // failed attempts
	Cut     int64   `json:"cut"`    // cut by a fault
	Churned int64   `json:"churned,omitempty"`
	Connect Latency `json:"connect"` // time to open the first Asked connections; with IPCXDial, the later ones are part of the latency of the calls
}

// Generator says how much of the machine the generator used in the sending phase,
// without the warm-up. A figure is -1 if the system does not report it.
type Generator struct {
	CPU         float64 `json:"cpu_s"`        // processor time
	Cores       float64 `json:"cores"`        // processors that the generator kept busy, on average
	MachineBusy float64 `json:"machine_busy"` // share of the machine's processors that any process kept busy, 0 to 1
	Lag         Latency `json:"lag"`          // time from when a call was due until it was sent
	MaxRSS      int64   `json:"max_rss"`      // the largest memory since the program started, in bytes
	GCs         uint32  `json:"gcs"`          // garbage collections
	Pause       float64 `json:"gc_pause"`     // sum of the pauses, ms
}

// Server has the statistics of the bot, from the end of the warm-up to the end of the
// run.
type Server struct {
	Cogs     []Cog   `json:"cogs"`
	GCPauses Latency `json:"gc_pauses"`
	Heap     uint64  `json:"heap_bytes"` // at the end of the run
}

// A Cog has the statistics of one cog. The cog may have been unloaded in the run;
// then they do not include its calls after the last sample before that. Queue and
// Handler have only a part of the calls, because the bot does not time all of them.
type Cog struct {
	Name       string               `json:"name"`
	Calls      uint64               `json:"calls"`
	Refused    map[wire.Code]uint64 `json:"refused,omitempty"`
	MaxFlight  int                  `json:"max_in_flight"` // this and the next two are maxima of the samples
	MaxWaiting int                  `json:"max_waiting"`
	MaxHeld    int                  `json:"max_held"`
	Queue      Latency              `json:"queue"`
	Handler    Latency              `json:"handler"`
	Switches   []Switch             `json:"switches,omitempty"`
}

// A Switch is one reload or restart of a cog.
type Switch struct {
	At float64 `json:"at"` // time, s
	admin.SwitchResult
}

// A Verdict says whether a goal was met.
type Verdict struct {
	Goal string  `json:"goal"`
	Got  float64 `json:"got"`
	Unit string  `json:"unit,omitempty"` // of Got: ms, % or /s; empty for counts
	Met  bool    `json:"met"`
}
