package loadtest_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/cogbus/cogbus/client/loadtest"
)

// TestReadReport writes a report in which every member is set, and reads it again.
func TestReadReport(t *testing.T) {
	var r *loadtest.Report
	synctest.Test(t, func(t *testing.T) {
		p := start(t, working(time.Millisecond))
		goals, err := loadtest.ParseGoals("p99<1ms,err<1%")
		if err != nil {
			t.Fatal(err)
		}
		p.Scenario, p.Rate, p.Duration, p.Goals = calling("work", "work"), 100, 2*time.Second, goals
		p.Stages = []loadtest.Stage{{Rate: 50, Over: time.Second}}
		p.Faults = faults(t, "unload=work@500ms,load=work@600ms,churn=10/s")
		r = mustRun(t, p)
	})
	path := filepath.Join(t.TempDir(), "report.json")
	var text bytes.Buffer
	if err := r.WriteJSON(&text); err != nil {
		t.Fatalf("WriteJSON() = %v", err)
	}
	if err := os.WriteFile(path, text.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := loadtest.ReadReport(path)
	if diff := gocmp.Diff(r, got); diff != "" || err != nil {
		t.Errorf("ReadReport() = %v (-written +read)\n%s", err, diff)
	}
	// an embedded struct would hide a member of the same name without an error
	var members map[string]any
	if err := json.Unmarshal(text.Bytes(), &members); err != nil || members["sent"] != float64(r.Sent) || members["version"] != float64(loadtest.ReportVersion) {
		t.Errorf("members sent %v, version %v, %v; want %d and %d", members["sent"], members["version"], err, r.Sent, loadtest.ReportVersion)
	}
	if _, err := loadtest.ReadReport(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("ReadReport() of no file = %v; want %v", err, os.ErrNotExist)
	}
}

func TestLatency_WriteHGRM(t *testing.T) {
	r := mustRunOf(t, 100)
	var text strings.Builder
	if err := r.Response.WriteHGRM(&text); err != nil {
		t.Fatalf("WriteHGRM() = %v", err)
	}
	for _, want := range []string{"Value\tPercentile\tTotalCount\t1/(1-Percentile)", "[Max     =       10.0", "Total count    =          100"} {
		if !strings.Contains(strings.ReplaceAll(text.String(), "       Value", "Value"), want) {
			t.Errorf("WriteHGRM() wrote\n%s\nwant %q", text.String(), want)
		}
	}
	if err := r.Response.WriteHGRM(full{}); !errors.Is(err, errFull) {
		t.Errorf("WriteHGRM() to a full disk = %v; want %v", err, errFull)
	}
	if err := r.WriteJSON(full{}); !errors.Is(err, errFull) {
		t.Errorf("WriteJSON() to a full disk = %v; want %v", err, errFull)
	}
	if err := r.Routes[0].Response.WriteHGRM(&text); err == nil {
		t.Error("WriteHGRM() of a distribution without its histogram = nil; want an error")
	}
	if err := (&loadtest.Latency{Count: 1, Histogram: "HISTx"}).WriteHGRM(&text); err == nil {
		t.Error("WriteHGRM() of what is no histogram = nil; want an error")
	}
	if err := new(loadtest.Latency).WriteHGRM(&text); err != nil {
		t.Errorf("WriteHGRM() of no calls = %v; want an empty table", err)
	}
}

// mustRunOf runs n calls of 10 ms each and returns the report.
func mustRunOf(t *testing.T, n int64) (r *loadtest.Report) {
	synctest.Test(t, func(t *testing.T) {
		p := start(t, working(10*time.Millisecond))
		p.Scenario, p.Count, p.Callers = calling("work"), n, 10
		r = mustRun(t, p)
	})
	return r
}

var errFull = errors.New("no space left")

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }
