package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
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
	command string // the command line, without what it cost to type
	live    bool   // a line for each second, for people
	lines   int
	metrics *metrics
}

func (o *outputs) register(add func(name, usage string, set func(string) error)) {
	file := func(name, usage string, to *string) {
		add(name, usage, func(text string) error {
			if text == "" {
				return errors.New("want the name of a file")
			}
			*to = text
			return nil
		})
	}
	file("html", "write the report with charts, for browsers, to a `FILE`", &o.html)
	file("out", "write the report as JSON to a `FILE`, for load diff", &o.json)
	file("hgrm", "write the response times to a `FILE` for the plotters of HdrHistogram", &o.hgrm)
	add("stream", "print a line of JSON for each `second` (yes or no)", func(text string) error {
		o.stream = text == "yes"
		if !o.stream && text != "no" {
			return errors.New("want yes or no")
		}
		return nil
	})
	add("prom", "serve figures for Prometheus at this `ADDRESS`, such as :9090", func(text string) error { o.prom = text; return nil })
}

// open makes sure that everything can be written before anything is measured.
func (o *outputs) open(l *loader) error {
	o.s = l.s
	o.command = commandLine(os.Args)
	o.live = !l.s.json && !o.stream && isTerminal(l.s.errs)
	for _, name := range []string{o.html, o.json, o.hgrm} {
		if name == "" {
			continue
		}
		_, statErr := os.Stat(name)
		f, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY, 0o666)
		if err != nil {
			return usagef("load", "load: %v", err)
		}
		_ = f.Close()
		if statErr != nil {
			_ = os.Remove(name) // there is nothing in it yet
		}
	}
	if o.prom != "" {
		m, err := serveMetrics(o.prom)
		if err != nil {
			return usagef("load", "load: --prom: %v", err)
		}
		o.metrics = m
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
	var list []string
	for i, arg := range args {
		if i == 0 {
			arg = "cogbus"
		}
		if arg == "" || strings.ContainsAny(arg, " \"'{}$*<>&|;()\\`~!?#") {
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
		text, err := json.Marshal(s)
		if err != nil {
			panic("cogbus: encode a sample: " + err.Error()) // of numbers and names
		}
		o.s.out.printf("%s\n", text)
	}
	if !o.live {
		return
	}
	if o.lines%20 == 0 {
		_, _ = fmt.Fprintf(o.s.errs, "%7s %11s %10s %10s %10s %8s %10s %9s\n", "second", "answered/s", "p50 ms", "p99 ms", "max ms", "errors", "in flight", "lag ms")
	}
	o.lines++
	warm := ""
	if s.At <= 0 {
		warm = "  warm-up"
	}
	_, _ = fmt.Fprintf(o.s.errs, "%7s %11s %10s %10s %10s %8d %10d %9s%s\n", figure(s.At), figure(float64(s.Answered)/max(s.Seconds, 1e-9)),
		figure(s.P50), figure(s.P99), figure(s.Max), s.Failed+s.Unanswered, s.InFlight, figure(s.Lag), warm)
}

// report tells everything at the end.
func (o *outputs) report(r *loadtest.Report) error {
	switch {
	case o.s.json:
		if err := r.WriteJSON(o.s.out); err != nil {
			return fmt.Errorf("write the report: %w", err)
		}
	case !o.stream:
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
