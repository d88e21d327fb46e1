package loadtest

import (
	"os"
	"strconv"
	"strings"
)

// readTicks returns for how long all the machine's processors were busy and were
// there, in ticks of the kernel. Without either, it is not known.
func readTicks() (busy, all uint64) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, 0
	}
	return parseTicks(string(text))
}

// parseTicks reads what the kernel tells of all processors in its first line.
func parseTicks(text string) (busy, all uint64) {
	line, _, _ := strings.Cut(text, "\n")
	fields := strings.Fields(line)
	if len(fields) < 9 || fields[0] != "cpu" {
		return 0, 0
	}
	const idle, ioWait = 3, 4
	for i, field := range fields[1:9] { // what follows is part of the first two
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
