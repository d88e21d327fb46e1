package machine

import (
	"os"
	"strconv"
	"strings"
)

// readTicks returns the time that all processors of the machine were busy, and the
// time that they could have been busy, in ticks of the kernel. Both are zero if the
// kernel's file cannot be read.
func readTicks() (busy, all uint64) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, 0
	}
	return parseTicks(string(text))
}

// parseTicks reads the first line of /proc/stat, which sums up all processors.
func parseTicks(text string) (busy, all uint64) {
	line, _, _ := strings.Cut(text, "\n")
	fields := strings.Fields(line)
	if len(fields) < 9 || fields[0] != "cpu" {
		return 0, 0
	}
	const idle, ioWait = 3, 4
	for i, field := range fields[1:9] { // the first two fields include the time in the later ones
		n, err := strconv.ParseUint(field, 10, 64)
		if err != nil {
			return 0, 0
		}
		all += n
		if i != idle && i != ioWait {
			busy += n
		}
	}
	return busy, all
}
