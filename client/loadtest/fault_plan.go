package loadtest

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A Disturbance is a fault that is put into a run.
type Disturbance struct {
	Kind FaultKind
	Cog  string        // of those that concern one
	N    float64       // connections, or those cut a second
	At   time.Duration // when, since the end of the warm-up
	For  time.Duration // how long, of those that last: 0 means until the end, which a partition may not
}

// A FaultKind says what a fault does.
type FaultKind string

// The kinds of faults. The first four need the admin secret and a cogbus bot.
const (
	FaultReload     FaultKind = "reload"      // the cog is reloaded
	FaultKill       FaultKind = "kill"        // the cog fails as if a task of it had; its process is killed, if it has one
	FaultUnload     FaultKind = "unload"      // the cog is unloaded
	FaultLoad       FaultKind = "load"        // the cog is loaded again
	FaultSlowReader FaultKind = "slow-reader" // N more connections send calls, which are not counted, and read no answer
	FaultChurn      FaultKind = "churn"       // N connections a second are cut without a word; their calls are lost
	FaultPartition  FaultKind = "partition"   // N connections stand still in both directions
)

// mostLines is how many connections a fault may concern.
const mostLines = 1e6

// onCog reports whether a fault of that kind is done to a cog.
func (k FaultKind) onCog() bool {
	return k == FaultReload || k == FaultKill || k == FaultUnload || k == FaultLoad
}

// onConnections reports whether a fault of that kind is done to connections.
func (k FaultKind) onConnections() bool {
	return k == FaultSlowReader || k == FaultChurn || k == FaultPartition
}

// String returns d as ParseFaults reads it.
func (d Disturbance) String() string {
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

// ParseFaults reads faults as people write them:
//
//	reload=COG@10s,kill=COG@20s,unload=COG@5s,load=COG@8s,slow-reader=3,churn=50/s@10s+5s,partition=2@10s+2s
//
// What stands behind @ is when they begin, after the warm-up, and behind + how long
// they last; without, they last from the beginning and to the end.
func ParseFaults(text string) ([]Disturbance, error) {
	var list []Disturbance
	for part := range strings.SplitSeq(text, ",") {
		d, err := parseFault(strings.TrimSpace(part))
		if err != nil {
			return nil, fmt.Errorf("fault %q: %w", strings.TrimSpace(part), err)
		}
		list = append(list, d)
	}
	return list, nil
}

func parseFault(text string) (d Disturbance, err error) {
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
	if err != nil || !(d.N > 0) || d.N > mostLines || d.Kind != FaultChurn && d.N != float64(int(d.N)) {
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
