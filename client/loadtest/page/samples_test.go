package page

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/cogbus/cogbus/client/loadtest"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/admin"
)

// A maker makes a report of an invented run, second by second.
type maker struct {
	t                      *testing.T
	rand                   *rand.Rand
	report                 loadtest.Report
	response, service, lag *hdrhistogram.Histogram
	weight                 int64 // number of calls for each drawn time
}

func newMaker(t *testing.T) *maker {
	hist := func() *hdrhistogram.Histogram { return hdrhistogram.New(1000, int64(time.Hour), 3) }
	return &maker{t: t, rand: rand.New(rand.NewPCG(1, 2)), response: hist(), service: hist(), lag: hist(), weight: 10}
}

// A second describes one second of the run.
type second struct {
	rate          float64
	median, sigma float64 // parameters of the service time, ms
	stall         float64 // time in which the bot answers nothing, ms
	errors        map[wire.Code]int64
	unanswered    int64
	lag           float64
	connections   int
	cogs          []loadtest.CogSample
}

func (m *maker) add(at, length float64, s second) {
	one := loadtest.Sample{At: at, Seconds: length, Connections: s.connections, Errors: s.errors, Cogs: s.cogs}
	response, service := hdrhistogram.New(1000, int64(time.Hour), 3), hdrhistogram.New(1000, int64(time.Hour), 3)
	for i := range int(s.rate * length / float64(m.weight)) {
		took := s.median * math.Exp(s.sigma*m.rand.NormFloat64())
		if m.rand.Float64() < 0.002 {
			took *= 8
		}
		late := s.lag * (0.2 + 0.8*m.rand.Float64())
		waited := max(0, s.stall-1000*float64(i)*float64(m.weight)/s.rate)
		_ = service.RecordValues(int64((took+waited*0.4)*1e6), m.weight)
		_ = response.RecordValues(int64((took+waited+late)*1e6), m.weight)
		if at > 0 {
			_ = m.lag.RecordValues(int64(late*1e6), m.weight)
		}
		one.Sent += m.weight
	}
	for _, n := range s.errors {
		one.Failed += n
	}
	one.Failed -= s.unanswered
	one.Unanswered = s.unanswered
	one.Answered = max(0, one.Sent-one.Failed-one.Unanswered)
	one.InFlight = int64(s.rate*(s.median+s.stall/2)/1000) + 1
	one.P50, one.P90, one.P99 = at1(response, 50), at1(response, 90), at1(response, 99)
	one.Max, one.Service, one.Lag = at1(response, 100), at1(service, 99), s.lag
	if at > 0 {
		m.response.Merge(response)
		m.service.Merge(service)
		m.report.Sent += one.Sent
		m.report.Answered += one.Answered
		m.report.Failed += one.Failed
		m.report.Unanswered += one.Unanswered
		m.report.Measured = at
	}
	m.report.Timeline = append(m.report.Timeline, one)
}

func at1(h *hdrhistogram.Histogram, p float64) float64 { return float64(h.ValueAtPercentile(p)) / 1e6 }

func (m *maker) latency(h *hdrhistogram.Histogram) loadtest.Latency {
	if h.TotalCount() == 0 {
		return loadtest.Latency{}
	}
	text, err := h.Encode(hdrhistogram.V2CompressedEncodingCookieBase)
	if err != nil {
		m.t.Fatal(err)
	}
	return loadtest.Latency{
		Count: h.TotalCount(), Min: float64(h.Min()) / 1e6, Mean: h.Mean() / 1e6, StdDev: h.StdDev() / 1e6,
		P50: at1(h, 50), P90: at1(h, 90), P95: at1(h, 95), P99: at1(h, 99), P999: at1(h, 99.9), P9999: at1(h, 99.99),
		Max: at1(h, 100), Histogram: string(text),
	}
}

func (m *maker) finish() *loadtest.Report {
	r := &m.report
	r.Version, r.Started = loadtest.ReportVersion, time.Date(2026, 11, 20, 14, 3, 9, 0, time.UTC)
	r.Response, r.Service, r.Generator.Lag = m.latency(m.response), m.latency(m.service), m.latency(m.lag)
	if r.Measured > 0 {
		r.Rate.Sent, r.Rate.Answered = float64(r.Sent)/r.Measured, float64(r.Answered)/r.Measured
	}
	r.Machine = loadtest.Machine{
		Cogbus: "v0.9.0", Go: "go1.26.8", System: "linux/amd64", CPU: "AMD EPYC 7443P 24-Core Processor", Cores: 8,
		Command: "cogbus load --rate 20000 --duration 60s --warmup 5s --fault reload=members@10s,kill=members@20s wss://bot.example.net:8765 members.count",
	}
	r.Generator.CPU, r.Generator.Cores, r.Generator.MaxRSS, r.Generator.GCs, r.Generator.Pause = 84.2, 1.41, 92<<20, 73, 11.8
	for _, name := range r.Load.Routes {
		r.Routes = append(r.Routes, loadtest.Route{Name: name, Counts: r.Counts, Response: r.Response, Service: r.Service})
	}
	return r
}

// faulty returns a run with all kinds of faults.
func faulty(t *testing.T) *loadtest.Report {
	m := newMaker(t)
	r := &m.report
	r.End = loadtest.EndDone
	r.Load = loadtest.Load{
		Target: "wss://bot.example.net:8765", Dialect: loadtest.V1, Open: true, Rate: 20_000, Connections: 16, Duration: 60, Warmup: 5,
		Timeout: 2000, Seed: 8217364512, Routes: []string{"members.count", "guilds.list"},
	}
	r.Load.Calls = []loadtest.Called{{Name: "members.count", Weight: 9, Data: `{"guild_id":"{{guild}}"}`, Timeout: 2000}, {Name: "guilds.list", Weight: 1, Data: "{}", Timeout: 2000}}
	r.Rate.Wanted, r.Generator.MachineBusy = 20_000, 0.42
	r.Faults = []loadtest.FaultRecord{
		{Text: "reload=members@10s", Kind: "reload", Cog: "members", At: 10.002, Took: 48.2, Note: "generation 3 to 4, calls held for 12.4 ms"},
		{Text: "kill=members@20s", Kind: "kill", Cog: "members", At: 20.001, Took: 131, Note: "serving again after 131 ms"},
		{Text: "churn=50/s@30s+5s", Kind: "churn", At: 30, Took: 5000, Note: "250 connections cut"},
		{Text: "partition=2@42s+3s", Kind: "partition", At: 42.01, Took: 3000},
		{Text: "unload=economy@50s", Kind: "unload", Cog: "economy", At: 50, Err: "forbidden: the admin secret is needed"},
	}
	for _, f := range r.Faults {
		r.Load.Faults = append(r.Load.Faults, f.Text)
	}
	for i := -4; i <= 60; i++ {
		s := second{rate: 20_000, median: 0.21, sigma: 0.35, lag: 0.06 + 0.05*m.rand.Float64(), connections: 16}
		members := loadtest.CogSample{Name: "members", InFlight: 3 + m.rand.IntN(3)}
		switch {
		case i <= 0:
			s.median = 0.3 - 0.02*float64(i)
		case i == 11:
			s.stall, members.Held = 12.4, 241
		case i == 21:
			s.stall, members.InFlight = 131, 40
			s.errors, s.unanswered = map[wire.Code]int64{wire.Unavailable: 2431, wire.Interrupted: 12}, 12
			members.Refused = 2431
		case i > 30 && i <= 35:
			n := 40 + int64(m.rand.IntN(30))
			s.errors, s.unanswered, s.connections, s.median = map[wire.Code]int64{wire.Interrupted: n}, n, 13+m.rand.IntN(3), 0.4
		case i > 42 && i <= 45:
			s.stall, members.Waiting = 90, 17
			if i > 43 {
				s.errors, s.unanswered = map[wire.Code]int64{wire.Timeout: 2300}, 2300
			}
		case i == 46:
			s.errors, s.unanswered = map[wire.Code]int64{wire.Timeout: 1900, wire.Overloaded: 120}, 1900
		}
		s.cogs = []loadtest.CogSample{members, {Name: "guilds", InFlight: 1 + m.rand.IntN(2)}}
		m.add(float64(i), 1, s)
	}
	r.Errors = []loadtest.Failure{
		{Code: wire.Timeout, Route: "members.count", Count: 6500, Unanswered: true, First: "timeout: no answer within 2s", FirstAt: 44.013},
		{Code: wire.Unavailable, Route: "members.count", Count: 2431, First: "unavailable: the cog members restarts (try again in 100ms)", FirstAt: 20.004},
		{Code: wire.Interrupted, Route: "members.count", Count: 289, Unanswered: true, First: "interrupted: the connection was lost: read tcp 10.0.0.4:51234->10.0.0.9:8765: use of closed network connection", FirstAt: 20.002},
		{Code: wire.Overloaded, Route: "guilds.list", Count: 120, First: "overloaded: 1024 calls are in flight (try again in 20ms)", FirstAt: 45.2},
	}
	r.Lines = loadtest.Lines{Asked: 16, Opened: 268, Cut: 250, Failed: 2, Connect: loadtest.Latency{Count: 16, P50: 1.2, P99: 3.1, Max: 3.1}}
	r.Goals = []loadtest.Verdict{{Goal: "p99<5ms", Got: 3.2, Met: true}, {Goal: "err<0.1%", Got: 0.77, Met: false}, {Goal: "rps>=19000", Got: 19840.2, Met: true}}
	switched := func(at float64, from uint64, paused float64, held int, note string) loadtest.Switch {
		return loadtest.Switch{At: at, SwitchResult: admin.SwitchResult{Cog: "members", From: from, To: from + 1, Paused: paused, Held: held, Took: paused + 34, Note: note, Revision: "7f3a91c2", Built: 812}}
	}
	r.Server = &loadtest.Server{
		Cogs: []loadtest.Cog{
			{
				Name: "members", Calls: 1_012_345, Refused: map[wire.Code]uint64{wire.Unavailable: 2431, wire.Overloaded: 120}, MaxFlight: 40, MaxWaiting: 17, MaxHeld: 241,
				Queue: loadtest.Latency{Count: 8000, P50: 0.004, P99: 0.8}, Handler: loadtest.Latency{Count: 8000, P50: 0.041, P99: 0.22},
				Switches: []loadtest.Switch{switched(10.05, 3, 12.4, 241, ""), switched(20.13, 4, 0, 0, "restarted after a failure: the process was killed")},
			},
			{Name: "guilds", Calls: 187_655, MaxFlight: 2, Queue: loadtest.Latency{Count: 1500, P50: 0.003, P99: 0.02}, Handler: loadtest.Latency{Count: 1500, P50: 0.11, P99: 1.9}},
			{Name: "economy"},
		},
		GCPauses: loadtest.Latency{Count: 412, P50: 0.03, P99: 0.21, Max: 0.4}, Heap: 131 << 20,
	}
	return m.finish()
}

// plain returns a closed loop without faults, on a bot that reports no statistics.
func plain(t *testing.T) *loadtest.Report {
	m := newMaker(t)
	r := &m.report
	r.End = loadtest.EndDone
	r.Load = loadtest.Load{
		Target: "ipcx://localhost:8765", Dialect: loadtest.IPCXDial, Callers: 64, Connections: 64, Duration: 20, Timeout: 10_000, Seed: 4,
		Routes: []string{"get_member_count"},
	}
	for i := 1; i <= 20; i++ {
		m.add(float64(i), 1, second{rate: 3400 + 200*m.rand.Float64(), median: 17, sigma: 0.12, connections: 64})
	}
	r.Lines = loadtest.Lines{Asked: 64, Opened: 70_212}
	return m.finish()
}

// invalid returns a run with a ramp that the generator could not keep up with, and
// that a goal of AbortOn ended.
func invalid(t *testing.T) *loadtest.Report {
	m := newMaker(t)
	m.weight = 50
	r := &m.report
	r.End, r.EndedBy = loadtest.EndAborted, "p99<100ms was missed three times in a row, the last time with 412"
	r.Invalid = []string{"4,120 calls (0.3 %) were due and not sent: more than 100000 were under way", "the generator used 7.9 of 8 cores: it measured itself"}
	r.Load = loadtest.Load{
		Target: "ws://10.1.2.3:8765", Dialect: loadtest.V1, Open: true, Rate: 1000, Connections: 64, Duration: 300, Timeout: 10_000, Seed: 5,
		Routes: []string{"members.count"},
		Stages: []loadtest.Stage{{Rate: 1000, Over: time.Minute}, {Rate: 60_000, Over: 2 * time.Minute}, {Rate: 20_000}, {Rate: 20_000, Over: 2 * time.Minute}},
	}
	r.Rate.Wanted, r.Missed = 30_512, 4120
	for i := 1; i <= 170; i++ {
		s := second{rate: 1000, median: 0.2, sigma: 0.3, lag: 0.05, connections: 64}
		if i > 60 {
			wanted := 1000 + 59_000*float64(i-60)/120
			s.rate = min(wanted, 42_000)
			s.median *= 1 + wanted/60_000*3
			s.lag = 0.05 + max(0, wanted-30_000)/2000
			if wanted > 40_000 {
				s.stall, s.sigma = (wanted-40_000)/35, 1
				s.errors = map[wire.Code]int64{wire.Overloaded: int64(wanted-40_000) / 3}
			}
		}
		m.add(float64(i), 1, s)
	}
	r.Errors = []loadtest.Failure{{Code: wire.Overloaded, Route: "members.count", Count: r.Failed, First: "overloaded: 1024 calls are in flight", FirstAt: 141.2}}
	r.Lines = loadtest.Lines{Asked: 64, Opened: 64}
	r.Goals = []loadtest.Verdict{{Goal: "p99<100ms", Got: 412, Met: false}}
	r = m.finish()
	r.Generator.Cores = 7.9
	return r
}

// empty returns a run without calls, because the bot did not know the route.
func empty(t *testing.T) *loadtest.Report {
	m := newMaker(t)
	m.report.End, m.report.EndedBy = loadtest.EndRefused, "no_route: no loaded cog has the route members.cuont"
	m.report.Load = loadtest.Load{Target: "ws://localhost:8765", Dialect: loadtest.V1, Open: true, Rate: 100, Connections: 1, Duration: 10, Timeout: 10_000, Routes: []string{"members.cuont"}}
	m.report.Rate.Wanted = 100
	return m.finish()
}

// short returns a run with one sample.
func short(t *testing.T) *loadtest.Report {
	m := newMaker(t)
	m.weight = 1
	m.report.End = loadtest.EndInterrupted
	m.report.Load = loadtest.Load{Target: "ws://localhost:8765", Dialect: loadtest.V1, Callers: 1, Connections: 1, Count: 1000, Timeout: 10_000, Routes: []string{"cogbus.ping"}}
	m.add(0.4, 0.4, second{rate: 60, median: 0.1, sigma: 0.4, connections: 1})
	m.report.Lines = loadtest.Lines{Asked: 1, Opened: 1}
	m.report.Server = &loadtest.Server{}
	return m.finish()
}

// failing returns a run in which no call has a result.
func failing(t *testing.T) *loadtest.Report {
	m := newMaker(t)
	m.report.End, m.report.EndedBy = loadtest.EndLost, "nothing was answered for 5s, and no connection is left"
	m.report.Load = loadtest.Load{Target: "ws://localhost:8765", Dialect: loadtest.V1, Open: true, Rate: 500, Connections: 4, Duration: 30, Timeout: 10_000, Routes: []string{"members.count"}}
	m.report.Rate.Wanted = 500
	for i := 1; i <= 6; i++ {
		m.add(float64(i), 1, second{errors: map[wire.Code]int64{wire.Unavailable: 500}})
		m.report.Timeline[i-1].Sent = 500
	}
	m.report.Sent = 3000
	m.report.Errors = []loadtest.Failure{{Code: wire.Unavailable, Route: "members.count", Count: 3000, First: "unavailable: dial tcp 127.0.0.1:8765: connect: connection refused", FirstAt: 0.002}}
	m.report.Lines = loadtest.Lines{Asked: 4, Failed: 71}
	return m.finish()
}
