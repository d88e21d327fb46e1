package loadtest

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A Fault is one harm that a plan does to the bot, a cog or the connections. The report has a [FaultRecord] for each.
type Fault struct {
	Kind FaultKind
	Cog  string        // the cog, for faults of cogs
	N    float64       // number of connections; for FaultChurn, connections a second
	At   time.Duration // when the fault begins, since the end of the warm-up
	For  time.Duration // how long the fault lasts; 0: until the end of the run, except that a partition needs a length
}

// A FaultKind is a kind of fault.
type FaultKind string

// The kinds of faults. The first four need the admin secret, and a bot of cogbus.
const (
	FaultReload     FaultKind = "reload"      // the bot reloads the cog
	FaultKill       FaultKind = "kill"        // the cog fails as if one of its tasks had failed; if it has a process, the bot kills it
	FaultUnload     FaultKind = "unload"      // the bot unloads the cog
	FaultLoad       FaultKind = "load"        // the bot loads the cog again
	FaultSlowReader FaultKind = "slow-reader" // N additional connections send calls, which do not count, and read no answers
	FaultChurn      FaultKind = "churn"       // the generator cuts N connections a second without a close frame; their calls are lost
	FaultPartition  FaultKind = "partition"   // N connections stop in both directions
)

// mostConns is the largest number of connections of a fault.
const mostConns = 1e6

// onCog reports whether k is a fault of a cog.
func (k FaultKind) onCog() bool {
	return k == FaultReload || k == FaultKill || k == FaultUnload || k == FaultLoad
}

// onConnections reports whether k is a fault of connections.
func (k FaultKind) onConnections() bool {
	return k == FaultSlowReader || k == FaultChurn || k == FaultPartition
}

// String returns d in the form that ParseFaults reads.
func (d Fault) String() string {
	text := string(d.Kind) + "=" + d.Cog
	if !d.Kind.onCog() {
		text += strconv.FormatFloat(d.N, 'g', -1, 64)
	}
	if d.Kind == FaultChurn {
		text += "/s"
	}
	if d.At > 0 || d.Kind.onCog() {
		text += "@" + d.At.String()
	}
	if d.For > 0 {
		text += "+" + d.For.String()
	}
	return text
}

// ParseFaults reads faults in this form:
//
//	reload=COG@10s,kill=COG@20s,unload=COG@5s,load=COG@8s,slow-reader=3,churn=50/s@10s+5s,partition=2@10s+2s
//
// The time after @ is the beginning of the fault, since the end of the warm-up; by
// default, a fault begins with the measurement. The time after + is its length; by
// default, a fault lasts until the end of the run.
func ParseFaults(text string) ([]Fault, error) {
	var list []Fault
	for part := range strings.SplitSeq(text, ",") {
		d, err := parseFault(strings.TrimSpace(part))
		if err != nil {
			return nil, fmt.Errorf("fault %q: %w", strings.TrimSpace(part), err)
		}
		list = append(list, d)
	}
	return list, nil
}

func parseFault(text string) (d Fault, err error) {
	kind, rest, ok := strings.Cut(text, "=")
	d.Kind = FaultKind(kind)
	switch {
	case !ok:
		return d, errors.New("want KIND=WHAT@WHEN, such as reload=members@10s or slow-reader=3")
	case d.Kind.onCog():
		d.Cog, rest, ok = strings.Cut(rest, "@")
		if d.Cog == "" || !ok {
			return d, fmt.Errorf("want a cog and a time, such as %s=members@10s", kind)
		}
		d.At, err = parseTime(rest)
		return d, err
	case !d.Kind.onConnections():
		return d, fmt.Errorf("the kind %q is unknown: want %s, %s, %s, %s, %s, %s or %s", kind,
			FaultReload, FaultKill, FaultUnload, FaultLoad, FaultSlowReader, FaultChurn, FaultPartition)
	}
	rest, length, lasts := strings.Cut(rest, "+")
	if lasts {
		if d.For, err = parseTime(length); err != nil {
			return d, err
		}
	}
	rest, when, timed := strings.Cut(rest, "@")
	if timed {
		if d.At, err = parseTime(when); err != nil {
			return d, err
		}
	}
	if d.Kind == FaultChurn {
		if rest, ok = strings.CutSuffix(rest, "/s"); !ok {
			return d, errors.New("want connections a second, such as churn=50/s")
		}
	}
	d.N, err = strconv.ParseFloat(rest, 64)
	if err != nil || !(d.N > 0) || d.N > mostConns || d.Kind != FaultChurn && d.N != float64(int(d.N)) {
		return d, fmt.Errorf("want a number of connections, not %q", rest)
	}
	return d, nil
}

func parseTime(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("want a time such as 10s or 500ms, not %q", text)
	}
	return d, nil
}
