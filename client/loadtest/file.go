package loadtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

// ReadReport reads a report in its JSON form from a file. It returns an error if the
// file is not a report, or has another version.
func ReadReport(path string) (*Report, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the report: %w", err)
	}
	var r Report
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, fmt.Errorf("read the report %s: it is no report of a load test: %w", path, err)
	}
	switch {
	case r.Version == 0 || r.Load.Target == "": // other JSON files may have a version too
		return nil, fmt.Errorf("read the report %s: it is no report of a load test", path)
	case r.Version != ReportVersion:
		return nil, fmt.Errorf("read the report %s: it has version %d, and this program reads version %d", path, r.Version, ReportVersion)
	}
	return &r, nil
}

// WriteJSON writes the report in its JSON form, indented.
func (r *Report) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	if err := e.Encode(r); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}

// WriteHGRM writes the distribution as a percentile file of HdrHistogram, which its
// plotters read. Values are milliseconds. It returns an error if l has calls and no
// Histogram.
func (l *Latency) WriteHGRM(w io.Writer) error {
	h := newHistogram()
	switch {
	case l.Histogram != "":
		var err error
		if h, err = hdr.Decode([]byte(l.Histogram)); err != nil {
			return fmt.Errorf("decode the histogram: %w", err)
		}
	case l.Count > 0:
		return errors.New("this distribution has no histogram: only the distributions of whole runs have one")
	}
	if _, err := h.PercentilesPrint(w, 5, 1e6); err != nil {
		return fmt.Errorf("write the percentiles: %w", err)
	}
	return nil
}
