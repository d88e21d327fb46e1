package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/cogbus/cogbus/client/loadtest"
	"github.com/cogbus/cogbus/client/loadtest/page"
)

// outputs are where a load test tells what it finds.
type outputs struct {
	html, hgrm, json string // files; "": none
	stream           bool   // a line of JSON for each second, on standard output
	prom             string // address

	s       *session
	command string // the command line
	live    bool   // a line for each second, for people
	lines   int
	metrics *metrics
}

func (o *outputs) register(add func(name, usage string, set func(string) error)) {
	file := func(to *string) func(string) error {
		return func(text string) error {
			if text == "" || text == "-" {
				return errors.New("want the name of a file")
			}
			*to = text
			return nil
		}
	}
	add("html", "write the report with charts, for browsers, to a `FILE`", file(&o.html))
	add("out", "write the report as JSON to a `FILE`, for load diff", file(&o.json))
	add("hgrm", "write the response times to a `FILE` for the plotters of HdrHistogram", file(&o.hgrm))
	add("prom", "during the run, serve figures for Prometheus at this `ADDRESS`, such as :9090", func(text string) error { o.prom = text; return nil })
}

// open makes sure that everything can be written before anything is measured. Only
// if the error is nil it is to be closed.
func (o *outputs) open(s *session) error {
	o.s = s
	o.command = commandLine(os.Args)
	o.live = !s.json && !o.stream && isTerminal(s.errs)
	files := []string{o.html, o.json, o.hgrm}
	for i, name := range files {
		if name == "" {
			continue
		}
		if slices.Contains(files[:i], name) {
			return usagef("load", "%s would be written twice", name)
		}
		if err := writable(name); err != nil {
			return usagef("load", "write the report: %v", err)
		}
	}
	if o.prom == "" {
		return nil
	}
	m, err := serveMetrics(o.prom)
	if err != nil {
		return usagef("load", "--prom: %v", err)
	}
	o.metrics = m
	if !s.json {
		_, _ = fmt.Fprintf(s.errs, "figures for Prometheus are at %s\n", m.url())
	}
	return nil
}

// writable reports whether a file can be written, and leaves what there is.
func writable(name string) error {
	_, missing := os.Stat(name)
	f, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY, 0o666)
	if err != nil {
		return err
	}
	_ = f.Close()
	if missing != nil {
		_ = os.Remove(name) // a run that fails leaves no empty report
	}
	return nil
}

func (o *outputs) close() {
	if o.metrics != nil {
		o.metrics.close()
	}
}

// commandLine returns args as a shell takes them.
func commandLine(args []string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=+:,./@%"
	list := []string{"cogbus"}
	for _, arg := range args[min(1, len(args)):] {
		if arg == "" || strings.Trim(arg, plain) != "" {
			arg = "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
		}
		list = append(list, arg)
	}
	return strings.Join(list, " ")
}

// progress tells of a second that has passed.
func (o *outputs) progress(s loadtest.Sample) {
	if o.metrics != nil {
		o.metrics.set(s)
	}
	if o.stream {
		o.s.out.printf("%s\n", line(s))
	}
	if o.live {
		if o.lines%20 == 0 {
			_, _ = fmt.Fprintln(o.s.errs, liveHead())
		}
		o.lines++
		_, _ = fmt.Fprintln(o.s.errs, liveLine(s))
	}
}

func line(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic("cogbus: encode a report: " + err.Error()) // of numbers and texts
	}
	return text
}

const liveRow = "%7s %11s %10s %10s %10s %8s %10s %9s %s"

func liveHead() string {
	return fmt.Sprintf(liveRow, "second", "answered/s", "p50 ms", "p99 ms", "max ms", "errors", "in flight", "lag ms", "")
}

func liveLine(s loadtest.Sample) string {
	warm := ""
	if s.At <= 0 {
		warm = " warm-up"
	}
	times := times(s.Timed, s.P50, s.P99, s.Max)
	return strings.TrimRight(fmt.Sprintf(liveRow, moment(s.At), perSecond(s.Answered, s.Seconds), times[0], times[1], times[2],
		figure(float64(s.Failed+s.Unanswered)), figure(float64(s.InFlight)), figure(s.Lag), warm), " ")
}

// report tells everything at the end.
func (o *outputs) report(r *loadtest.Report) error {
	if o.lines > 0 {
		_, _ = fmt.Fprintln(o.s.errs) // the report has tables of its own
	}
	switch {
	case o.stream:
		o.s.out.printf("%s\n", line(r))
	case o.s.json:
		if err := r.WriteJSON(o.s.out); err != nil {
			return fmt.Errorf("write the report: %w", err)
		}
	case r.End == loadtest.EndRefused && r.Answered == 0:
		// the error says it all
	default:
		o.s.out.loadReport(r)
	}
	return o.files(r)
}

// files writes the files that were asked for.
func (o *outputs) files(r *loadtest.Report) error {
	for _, out := range []struct {
		name  string
		write func(io.Writer) error
	}{
		{o.html, func(w io.Writer) error { return page.Write(w, r) }},
		{o.json, r.WriteJSON},
		{o.hgrm, r.Response.WriteHGRM},
	} {
		if out.name == "" {
			continue
		}
		f, err := os.Create(out.name)
		if err == nil {
			err = errors.Join(out.write(f), f.Close())
		}
		if err != nil {
			return fmt.Errorf("write the report: %w", err)
		}
	}
	return nil
}
