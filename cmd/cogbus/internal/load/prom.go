package load

import (
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/cogbus/cogbus/client/loadtest"
)

// metrics serves figures to Prometheus during a load test.
type metrics struct {
	server *http.Server
	addr   net.Addr

	mu    sync.Mutex // protects the fields below
	last  loadtest.Sample
	total loadtest.Counts
}

// serveMetrics starts a server, which runs until close.
func serveMetrics(addr string) (*metrics, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	m := &metrics{addr: l.Addr()}
	m.server = &http.Server{Handler: m, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = m.server.Serve(l) }() // close ends it
	return m, nil
}

// url returns the address of the figures for a browser on this machine.
func (m *metrics) url() string {
	host, port, err := net.SplitHostPort(m.addr.String())
	if ip := net.ParseIP(host); err != nil || ip.IsUnspecified() {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port) + "/metrics"
}

func (m *metrics) close() { _ = m.server.Close() }

func (m *metrics) set(s loadtest.Sample) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.last = s
	m.total.Sent += s.Sent
	m.total.Answered += s.Answered
	m.total.Failed += s.Failed
	m.total.Unanswered += s.Unanswered
}

// ServeHTTP writes the figures in Prometheus' text format.
func (m *metrics) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	m.mu.Lock()
	s, total := m.last, m.total
	m.mu.Unlock()
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	_, _ = fmt.Fprintf(w, `# HELP cogbus_load_calls_total Calls of the load test, by what became of them; sent is all of them.
# TYPE cogbus_load_calls_total counter
cogbus_load_calls_total{outcome="sent"} %d
cogbus_load_calls_total{outcome="answered"} %d
cogbus_load_calls_total{outcome="failed"} %d
cogbus_load_calls_total{outcome="unanswered"} %d
# HELP cogbus_load_response_seconds Response time of the last second.
# TYPE cogbus_load_response_seconds gauge
cogbus_load_response_seconds{quantile="0.5"} %g
cogbus_load_response_seconds{quantile="0.9"} %g
cogbus_load_response_seconds{quantile="0.99"} %g
cogbus_load_response_seconds{quantile="1"} %g
# HELP cogbus_load_in_flight Calls under way.
# TYPE cogbus_load_in_flight gauge
cogbus_load_in_flight %d
# HELP cogbus_load_connections Open connections.
# TYPE cogbus_load_connections gauge
cogbus_load_connections %d
# HELP cogbus_load_lag_seconds The most that a call of the last second was sent after it was due.
# TYPE cogbus_load_lag_seconds gauge
cogbus_load_lag_seconds %g
`, total.Sent, total.Answered, total.Failed, total.Unanswered, s.P50/1000, s.P90/1000, s.P99/1000, s.Max/1000, s.InFlight, s.Connections, s.Lag/1000)
}
