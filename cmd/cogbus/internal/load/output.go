package load

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/cogbus/cogbus/client/loadtest"
	"github.com/cogbus/cogbus/client/loadtest/page"
	"github.com/cogbus/cogbus/cmd/cogbus/internal/cli"
)

// outputs are the files and streams to which a load test writes its results.
type outputs struct {
	html, hgrm, json string // names of files; "" if there is none
	stream           bool   // print a line of JSON for each second, on standard output
	prom             string // the address that serves figures for Prometheus

	env     *cli.Env
	command string // the command line, for the report
	live    bool   // print a line for each second to standard error
	lines   int
	metrics *metrics
}

func (o *outputs) register(fs flags) {
	file := func(to *string) func(string) error {
		return func(text string) error {
			if text == "" || text == "-" {
				return errors.New("want the name of a file")
			}
			*to = text
			return nil
		}
	}
	fs.add("html", "write the report with charts, for browsers, to a `FILE`", file(&o.html))
	fs.add("out", "write the report as JSON to a `FILE`, for load diff", file(&o.json))
	fs.add("hgrm", "write the response times to a `FILE` for the plotters of HdrHistogram", file(&o.hgrm))
	fs.add("prom", "during the run, serve figures for Prometheus at this `ADDRESS`, such as :9090", func(text string) error { o.prom = text; return nil })
	fs.BoolVar(&o.stream, "json-stream", false, "print a line of JSON for each second, and the report as the last line")
}

// open checks, before the load test begins, that the program can write all outputs. The
// caller must call close if the error is nil.
func (o *outputs) open(env *cli.Env) error {
	o.env = env
	o.command = commandLine(os.Args)
	o.live = !o.stream && env.Live()
	files := []string{o.html, o.json, o.hgrm}
	for i, name := range files {
		if name == "" {
			continue
		}
		if slices.Contains(files[:i], name) {
			return cli.Usagef("%s would be written twice", name)
		}
		if err := writable(name); err != nil {
			return cli.Usagef("write the report: %v", err)
		}
	}
	if o.prom == "" {
		return nil
	}
	m, err := serveMetrics(o.prom)
	if err != nil {
		return cli.Usagef("--prom: %v", err)
	}
	o.metrics = m
	if !env.JSON {
		_, _ = fmt.Fprintf(env.Errs, "figures for Prometheus are at %s\n", m.url())
	}
	return nil
}

// writable reports whether the program can write a file. It does not change the file.
func writable(name string) error {
	_, missing := os.Stat(name)
	f, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY, 0o666)
	if err != nil {
		return err
	}
	_ = f.Close()
	if missing != nil {
		_ = os.Remove(name) // so that a run that fails leaves no empty report
	}
	return nil
}

func (o *outputs) close() {
	if o.metrics != nil {
		o.metrics.close()
	}
}

// commandLine returns args quoted for a shell.
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

// progress prints the figures of the last second.
func (o *outputs) progress(s loadtest.Sample) {
	if o.metrics != nil {
		o.metrics.set(s)
	}
	if o.stream {
		o.env.Out.JSON(s)
	}
	if o.live {
		if o.lines%20 == 0 {
			_, _ = fmt.Fprintln(o.env.Errs, liveHead())
		}
		o.lines++
		_, _ = fmt.Fprintln(o.env.Errs, liveLine(s))
	}
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

// report prints the report and writes the files.
func (o *outputs) report(r *loadtest.Report) error {
	if o.lines > 0 {
		_, _ = fmt.Fprintln(o.env.Errs) // the report has tables of its own
	}
	switch {
	case o.stream:
		o.env.Out.JSON(r)
	case o.env.JSON:
		if err := r.WriteJSON(o.env.Out); err != nil {
			return fmt.Errorf("write the report: %w", err)
		}
	case r.End == loadtest.EndRefused && r.Answered == 0:
		// Nothing was measured, and the error has the reason.
	default:
		printReport(o.env.Out, r)
	}
	return o.files(r)
}

// files writes the files that the flags name.
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
