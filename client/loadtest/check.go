package loadtest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// mostRate is the highest rate of a plan. A higher rate is a mistake, and results
// computed with it might not be numbers.
const mostRate = 1e9

// check returns an error that names the first mistake in p.
func (p *Plan) check() error {
	for _, n := range []struct {
		name  string
		value float64
	}{
		{"Callers", float64(p.Callers)},
		{"Depth", float64(p.Depth)},
		{"Connections", float64(p.Connections)},
		{"Rate", p.Rate},
		{"Duration", float64(p.Duration)},
		{"Count", float64(p.Count)},
		{"Warmup", float64(p.Warmup)},
		{"Grace", float64(p.Grace)},
		{"Timeout", float64(p.Timeout)},
		{"Churn", p.Churn},
		{"MaxInFlight", float64(p.MaxInFlight)},
		{"GiveUp", float64(p.GiveUp)},
		{"Interval", float64(p.Interval)},
	} {
		if !(n.value >= 0) {
			return fmt.Errorf("%s must not be below zero", n.name)
		}
	}
	if p.Rate > mostRate || p.Churn > mostRate {
		return fmt.Errorf("Rate and Churn must not be above %g", mostRate)
	}
	total := time.Duration(0)
	for i, s := range p.Stages {
		if !(s.Rate >= 0) || s.Rate > mostRate || s.Over < 0 {
			return fmt.Errorf("stage %d: want a rate from 0 to %g and a time not below zero", i+1, mostRate)
		}
		total += s.Over
	}
	switch {
	case p.Target == "":
		return errors.New("there is no Target")
	case !slices.Contains([]Dialect{"", V1, IPCX, IPCXDial}, p.Dialect):
		return fmt.Errorf("the dialect %q is unknown: want %s, %s or %s", p.Dialect, V1, IPCX, IPCXDial)
	case p.Dialect == V1 && isPython(p.Target):
		return fmt.Errorf("%s is a bot that does not speak cogbus.v1: want the dialect %s or %s", p.Target, IPCXDial, IPCX)
	case p.Dialect != "" && p.Dialect != V1 && !isPython(p.Target) && !strings.HasPrefix(p.Target, "ws:"):
		return fmt.Errorf("the dialect %s needs a target such as ipcx://localhost:8765, not %s", p.Dialect, p.Target)
	case p.Dialect == IPCX && strings.HasPrefix(p.Target, "discover:"):
		return fmt.Errorf("the dialect %s needs a target with a port, such as ipcx://localhost:8765", IPCX)
	case p.open() && p.Callers > 0:
		return errors.New("a rate makes calls whether or not others are answered: it has no Callers, but Connections and MaxInFlight")
	case p.open() && p.Depth > 0:
		return errors.New("a rate makes calls whether or not others are answered: Depth is for a closed loop")
	case !p.open() && p.MaxInFlight > 0:
		return errors.New("MaxInFlight is for a rate: without one, no more calls are under way than Callers times Depth")
	case p.open() && p.Scenario.Think > 0:
		return errors.New("a rate makes calls when they are due: think time is for a closed loop")
	case len(p.Stages) > 0 && total == 0 && p.Duration == 0:
		return errors.New("the stages take no time")
	case p.Rate == 0 && len(p.Stages) > 0 && !slices.ContainsFunc(p.Stages, func(s Stage) bool { return s.Rate > 0 }):
		return errors.New("the stages never make a call")
	}
	for _, g := range slices.Concat(p.Goals, p.AbortOn) {
		if g.of.report == nil {
			return errors.New("a goal is empty: get goals from ParseGoals")
		}
	}
	for _, g := range p.AbortOn {
		if g.of.sample == nil {
			return fmt.Errorf("AbortOn: %s is a figure of whole runs only", g)
		}
	}
	for _, f := range p.Faults {
		if err := p.allows(f); err != nil {
			return err
		}
	}
	return nil
}

// allows returns an error if the fault d is impossible in p.
func (p *Plan) allows(d Fault) error {
	switch {
	case !d.Kind.onCog() && !d.Kind.onConnections():
		return fmt.Errorf("the fault %s is of no kind that there is", d)
	case d.Kind.onCog() && d.Cog == "":
		return fmt.Errorf("the fault %s needs a cog", d)
	case d.Kind.onConnections() && (!(d.N > 0) || d.N > mostConns):
		return fmt.Errorf("the fault %s needs a number of connections, up to %d", d, int(mostConns))
	case d.At < 0 || d.For < 0:
		return fmt.Errorf("the fault %s: neither its time nor its length may be below zero", d)
	case d.Kind.onCog() && p.AdminSecret == "" && (p.Client == nil || p.Client.Secret != ""):
		return fmt.Errorf("the fault %s needs the admin secret", d)
	case d.Kind == FaultPartition && d.For == 0:
		return fmt.Errorf("the fault %s needs a length, such as partition=2@10s+2s", d)
	case d.Kind == FaultPartition && d.N > float64(p.connections()):
		return fmt.Errorf("the fault %s concerns more connections than there are, which is %d", d, p.connections())
	case p.length() > 0 && d.At >= p.length():
		return fmt.Errorf("the fault %s comes after the run, which lasts %s", d, p.length())
	}
	return nil
}
