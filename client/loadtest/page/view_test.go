package page

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cogbus/cogbus/client/loadtest"
	"github.com/cogbus/cogbus/wire"
)

func TestFormats(t *testing.T) {
	for _, tt := range []struct{ got, want string }{
		{duration(0), "0\u00a0ms"},
		{duration(0.0000123), "12.3\u00a0ns"},
		{duration(0.0753001), "75.3\u00a0µs"},
		{duration(0.9999), "1\u00a0ms"},
		{duration(12.345), "12.3\u00a0ms"},
		{duration(999.96), "1\u00a0s"},
		{duration(75_300), "75.3\u00a0s"},
		{duration(7_530_000), "7,530\u00a0s"},
		{bucket(0.000511, 3), "<\u00a01\u00a0µs"},
		{bucket(0.0021, 3), "2.1\u00a0µs"},
		{bucket(0, 0), "–"},
		{firstOf(loadtest.Failure{Code: "no_route", First: "no_route: no loaded cog"}), "no loaded cog"},
		{goalsOf(&loadtest.Report{Invalid: []string{"late"}, Goals: []loadtest.Verdict{{Goal: "p99<5ms", Met: true}}}).State, "bad"},
		{validityOf(&loadtest.Report{Counts: loadtest.Counts{Sent: 1}, Notes: []string{"too few"}}).More[0], "too few"},
		{endOf(&loadtest.Report{End: loadtest.EndScenario}).Text, "The scenario failed"},
		{moment(-4.96), "−5\u00a0s"},
		{moment(0.04), "0\u00a0s"},
		{moment(3600), "3,600\u00a0s"},
		{rate(19_843.6), "19,844"},
		{rate(0.12345), "0.123"},
		{count(-1234567), "−1,234,567"},
		{count(999), "999"},
		{share(0, 0), "–"},
		{share(0, 7), "0\u00a0%"},
		{share(1, 1_000_000_000), "<\u00a00.001\u00a0%"},
		{share(999_999_999, 1_000_000_000), ">\u00a099.99\u00a0%"},
		{share(5, 5), "100\u00a0%"},
		{size(int64(92 << 20)), "92 MiB"},
		{size(uint64(1000)), "1000 B"},
		{got(loadtest.Verdict{Goal: "service.p99<1s", Got: 12.34}), "12.3\u00a0ms"},
		{got(loadtest.Verdict{Goal: "err<=0.1", Got: 0.25}), "0.25\u00a0%"},
		{got(loadtest.Verdict{Goal: "rps>=9000", Got: 9123.4}), "9,123"},
		{got(loadtest.Verdict{Goal: "missed<1", Got: 0}), "0"},
	} {
		if tt.got != tt.want {
			t.Errorf("got %q; want %q", tt.got, tt.want)
		}
	}
}

func TestDistribution(t *testing.T) {
	m := newMaker(t)
	for i := range int64(1000) {
		if err := m.response.RecordValue((i + 1) * 1_000_000); err != nil {
			t.Fatal(err)
		}
	}
	d, err := distributionOf(m.latency(m.response))
	if err != nil {
		t.Fatal(err)
	}
	sum := int64(0)
	for i, b := range d.Bins {
		sum += b.Count
		if i > 0 && b.From != d.Bins[i-1].To {
			t.Errorf("bin %d begins at %v; want the end of the one before, %v", i, b.From, d.Bins[i-1].To)
		}
	}
	if sum != 1000 || len(d.Bins) > maxBins+2 {
		t.Errorf("%d bins hold %d calls; want at most %d and 1000", len(d.Bins), sum, maxBins+2)
	}
	for _, p := range d.Points {
		want := math.Ceil(1000 * (1 - math.Pow(10, -float64(p[0]))))
		if got := float64(p[1]); math.Abs(got-max(want, 1)) > 2 {
			t.Errorf("%.0f of 1000 calls took at most %v ms; want %v", want, got, max(want, 1))
		}
	}
	if last := d.Points[len(d.Points)-1]; math.Abs(float64(last[0])-3) > 1e-9 {
		t.Errorf("the last point is at %v; want log10 of 1000", last[0])
	}
	if diff := cmp.Diff([]string{"p50", "p99", "p99.9"}, []string{d.Marks[0].Name, d.Marks[1].Name, d.Marks[2].Name}); diff != "" {
		t.Errorf("marks (-want +got):\n%s", diff)
	}
}

// TestImpact checks the impact of each fault of a run.
func TestImpact(t *testing.T) {
	calm := loadtest.Sample{Seconds: 1, P99: 1, Max: 2, Counts: loadtest.Counts{Answered: 100}}
	r := &loadtest.Report{Measured: 20, Load: loadtest.Load{Timeout: 3000}}
	for i := range 20 {
		s := calm
		s.At = float64(i + 1)
		switch i {
		case 5: // this second is slow, and the next one
			s.P99, s.Max = 40, 50
		case 6:
			s.P99, s.Max, s.Failed = 9, 11, 7
		case 9: // calls that hung since the fault at 5.5 time out
			s.Unanswered = 4
		case 12:
			s.Max = 3 // not disturbed at all
		case 19:
			s.Answered, s.InFlight = 0, 100
		}
		r.Timeline = append(r.Timeline, s)
	}
	r.Faults = []loadtest.FaultRecord{{Text: "kill", At: 5.5, Took: 100}, {Text: "reload", At: 12.2, Took: 10}, {Text: "kill", At: 19.5}, {Text: "late", At: 20.5}}
	want := []impact{
		{Number: 1, Known: true, Before: 1, P99: 40, Max: 50, Failed: 7, Unanswered: 4, Calm: 4.5, Until: 10, Next: 2},
		{Number: 2, Known: true, Before: 1, P99: 1, Max: 3, Until: 13, Next: 3},
		{Number: 3, Known: true, Before: 1, P99: 1, Max: 2, Calm: 0.5, Open: true, Until: 20, Next: 4},
		{Number: 4},
	}
	for i := range want {
		want[i].FaultRecord = r.Faults[i]
	}
	if diff := cmp.Diff(want, impactsOf(r)); diff != "" {
		t.Errorf("impactsOf (-want +got):\n%s", diff)
	}
}

// TestNoticed has two faults in one sample.
func TestNoticed(t *testing.T) {
	samples := []loadtest.Sample{{At: 1, Counts: loadtest.Counts{Failed: 1}}, {At: 2, Counts: loadtest.Counts{Failed: 10, Unanswered: 5}}, {At: 3, Counts: loadtest.Counts{Failed: 100}}}
	impacts := []impact{{FaultRecord: loadtest.FaultRecord{At: 1.2}, Until: 2}, {FaultRecord: loadtest.FaultRecord{At: 1.4}, Until: 2}}
	if failed, unanswered := noticed(samples, impacts); failed != 10 || unanswered != 5 {
		t.Errorf("noticed = %d failed, %d unanswered; want 10 and 5", failed, unanswered)
	}
}

// TestImpactInLongFault has a fault during another one, which lasts until the end.
func TestImpactInLongFault(t *testing.T) {
	r := &loadtest.Report{Measured: 10}
	for i := range 10 {
		s := loadtest.Sample{At: float64(i + 1), Seconds: 1, P99: 2, Max: 3, Counts: loadtest.Counts{Answered: 100}}
		if i == 5 {
			s.P99, s.Max = 20, 30
		}
		r.Timeline = append(r.Timeline, s)
	}
	r.Faults = []loadtest.FaultRecord{{At: 0, Took: 10_000}, {At: 5.5}}
	want := []impact{
		{FaultRecord: r.Faults[0], Number: 1, Known: true, P99: 2, Max: 3, Until: 5, Next: 2},
		{FaultRecord: r.Faults[1], Number: 2, Known: true, Before: 2, P99: 20, Max: 30, Calm: 0.5, Until: 6},
	}
	if diff := cmp.Diff(want, impactsOf(r)); diff != "" {
		t.Errorf("impactsOf (-want +got):\n%s", diff)
	}
}

// TestImpactsAddUp has three faults in two samples, and one in another sample.
func TestImpactsAddUp(t *testing.T) {
	r := &loadtest.Report{Measured: 10, Load: loadtest.Load{Timeout: 3000}}
	total := int64(0)
	for i := range 10 {
		s := loadtest.Sample{At: float64(i + 1), Seconds: 1, P99: 2, Max: 3, Counts: loadtest.Counts{Answered: 100}}
		if i >= 4 && i < 8 {
			s.Failed = 10 << i
		}
		total += s.Failed
		r.Timeline = append(r.Timeline, s)
	}
	r.Faults = []loadtest.FaultRecord{{At: 4.2}, {At: 4.2}, {At: 4.6}, {At: 6.5}, {At: 9.99}, {At: 9.995}}
	var got [][3]int64
	sum := int64(0)
	for _, f := range impactsOf(r) {
		got = append(got, [3]int64{f.Failed, int64(f.With), int64(f.Next)})
		sum += f.Failed
	}
	want := [][3]int64{{10 << 4, 0, 2}, {0, 1, 3}, {10 << 5, 1, 4}, {10<<6 + 10<<7, 0, 5}, {0, 0, 6}, {0, 5, 0}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("failed, with and next of each fault (-want +got):\n%s", diff)
	}
	if failed, _ := noticed(r.Timeline, impactsOf(r)); sum != total || failed != total {
		t.Errorf("the faults have %d failed calls, all together %d; want %d", sum, failed, total)
	}
}

// TestUsual checks the number of intervals from which the page calls one usual.
func TestUsual(t *testing.T) {
	r := &loadtest.Report{}
	for i, want := range []string{
		"Nothing was answered.",
		"p99 was 1 ms.",
		"In 2 intervals p99 was from 1 ms to 9 ms, the latter at 2 s: too few intervals to call one usual.",
		"In 3 intervals", "In 4 intervals",
		"p99 was usually 1 ms in 5 intervals, and 9 ms at worst, at 2 s.",
	} {
		if got := strings.ReplaceAll(latencyOf(r), "\u00a0", " "); !strings.HasPrefix(got, want) {
			t.Errorf("latencyOf of %d intervals = %q; want %q", i, got, want)
		}
		s := loadtest.Sample{At: float64(i + 1), Seconds: 1, P99: 1}
		if i == 1 {
			s.P99 = 9
		}
		r.Timeline = append(r.Timeline, s)
	}
}

// TestFold joins many samples to few.
func TestFold(t *testing.T) {
	var samples []loadtest.Sample
	for i := range 2*maxSamples + 1 {
		samples = append(samples, loadtest.Sample{At: float64(i + 1), Seconds: 1, Counts: loadtest.Counts{Sent: 1}, Max: 1, Errors: map[wire.Code]int64{wire.Timeout: 1}})
	}
	samples[100].Max = 77
	folded, of := fold(samples)
	if of != 3 || len(folded) != 1001 {
		t.Fatalf("fold of %d samples = %d, each of %d; want 1001 of 3", len(samples), len(folded), of)
	}
	got := folded[33]
	if got.At != 102 || got.Seconds != 3 || got.Sent != 3 || got.Max != 77 || got.Errors[wire.Timeout] != 3 {
		t.Errorf("sample 33 = %+v; want the end of the last, the sums, and the worst time", got)
	}
	if samples[101].Errors[wire.Timeout] != 1 {
		t.Error("fold has changed the report")
	}
}

func TestErrorColumns(t *testing.T) {
	s := loadtest.Sample{Seconds: 2, Errors: map[wire.Code]int64{}}
	for i, code := range []wire.Code{"a", "b", "c", "d", "e", "f", "g", "h", "i"} {
		s.Errors[code] = int64(20 - 2*i)
	}
	s.Errors["fine"] = 99
	failures := []loadtest.Failure{{Code: "a", Route: "x"}, {Code: "a", Route: "y", Expected: true}, {Code: "b", Route: "x", Expected: true}, {Code: "b", Route: "y"}, {Code: "fine", Expected: true}}
	got := errorsOf([]loadtest.Sample{s}, failures)
	want := []column{{"a", []num{10}}, {"b", []num{9}}, {"c", []num{8}}, {"d", []num{7}}, {"e", []num{6}}, {"f", []num{5}}, {"others", []num{4 + 3 + 2}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("errorsOf (-want +got):\n%s", diff)
	}
}

func TestPlanned(t *testing.T) {
	l := &loadtest.Load{Open: true, Rate: 10, Stages: []loadtest.Stage{{Rate: 10, Over: 10 * time.Second}, {Rate: 30, Over: 10 * time.Second}, {Rate: 5}, {Rate: 5, Over: 5 * time.Second}}}
	for at, want := range map[float64]float64{-3: 10, 5: 10, 15: 20, 20: 5, 24: 5, 99: 5} {
		if got := planned(l, at); got != want {
			t.Errorf("planned(%v s) = %v; want %v", at, got, want)
		}
	}
}
