//go:build unix

package loadtest

import (
	"runtime"
	"syscall"
	"time"
)

// processUsage returns the time on processors and the largest memory, in bytes.
func processUsage() (cpu time.Duration, maxRSS int64) {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return -1, -1
	}
	maxRSS = int64(u.Maxrss)
	if runtime.GOOS != "darwin" { // there it is in bytes
		maxRSS <<= 10
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), maxRSS
}
