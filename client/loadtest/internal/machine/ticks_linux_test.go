package machine

import "testing"

func TestParseTicks(t *testing.T) {
	for text, want := range map[string][2]uint64{
		"cpu  10 20 30 400 500 6 7 8 10 20\ncpu0 1 2": {81, 981},
		"cpu  10 20 30 400 500 6 7 8":                 {81, 981},
		"cpu  10 20 30 400":                           {0, 0},
		"cpu0 10 20 30 400 500 6 7 8":                 {0, 0},
		"cpu  10 20 x 400 500 6 7 8":                  {0, 0},
		"":                                            {0, 0},
	} {
		if busy, all := parseTicks(text); busy != want[0] || all != want[1] {
			t.Errorf("parseTicks(%q) = %d, %d; want %d", text, busy, all, want)
		}
	}
	if busy, all := readTicks(); all == 0 || busy > all {
		t.Errorf("readTicks() = %d, %d; want the ticks of the machine", busy, all)
	}
}
