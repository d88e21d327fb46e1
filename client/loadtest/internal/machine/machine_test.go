package machine

import "testing"

func TestReading_Since(t *testing.T) {
	for want, pair := range map[float64][2]Reading{
		0.75: {{busy: 100, all: 200}, {busy: 175, all: 300}},
		-1:   {{busy: 100, all: 200}, {busy: 100, all: 200}}, // no time has passed
	} {
		if got := pair[1].Since(pair[0]).MachineBusy; got != want {
			t.Errorf("Since() = %g busy; want %g", got, want)
		}
	}
}
