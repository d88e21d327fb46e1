package page

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"slices"

	"github.com/cogbus/cogbus/client/loadtest"
)

var (
	//go:embed page.html
	markup string
	//go:embed page.css
	style string
	//go:embed page.js
	script string
)

var layout = template.Must(template.New("page").Funcs(template.FuncMap{
	"dur":    duration,
	"time":   latency,
	"count":  count[int64],
	"ucount": count[uint64],
	"whole":  count[int],
	"rate":   rate,
	"at":     moment,
	"share":  share,
	"bytes":  size[int64],
	"ubytes": size[uint64],
	"above":  above,
	"got":    got,
	"bucket": bucket,
	"first":  firstOf,
}).Parse(markup))

// Write writes the page of a report. It returns an error if w does, if a histogram in
// the report cannot be decoded, or if a number in it is NaN or infinite.
func Write(w io.Writer, r *loadtest.Report) error {
	r = inOrder(r)
	charts, err := chartsOf(r)
	if err != nil {
		return fmt.Errorf("write the page of a report: %w", err)
	}
	data, err := json.Marshal(charts) // escapes < and >, so that no text in it can end the script element
	if err != nil {
		return fmt.Errorf("write the page of a report: %w", err)
	}
	v := viewOf(r, charts)
	v.Style, v.Script, v.Data = template.CSS(style), template.JS(script), template.JS(data)
	v.Policy = "default-src 'none'; style-src " + hashOf(style) + "; script-src " + hashOf(script) +
		"; base-uri 'none'; form-action 'none'"
	// so that an error leaves no part of a page behind, which would look like a short report
	var page bytes.Buffer
	if err := layout.Execute(&page, v); err != nil {
		return fmt.Errorf("write the page of a report: %w", err)
	}
	if _, err := page.WriteTo(w); err != nil {
		return fmt.Errorf("write the page of a report: %w", err)
	}
	return nil
}

// inOrder returns the report with its faults in the order in which they happened. The
// report has them in the order of the plan, and the page numbers them.
func inOrder(r *loadtest.Report) *loadtest.Report {
	sorted := *r
	sorted.Faults = slices.Clone(r.Faults)
	slices.SortStableFunc(sorted.Faults, func(a, b loadtest.FaultRecord) int { return cmp.Compare(a.At, b.At) })
	return &sorted
}

// hashOf returns the source expression of a content security policy that allows a
// text.
func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}
