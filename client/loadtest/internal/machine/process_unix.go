//go:build unix

package machine

import (
	"runtime"
	"syscall"
	"time"
)

// processUsage returns the processor time of this process, and the largest amount
// of memory that it has had, in bytes.
func processUsage() (cpu time.Duration, maxRSS int64) {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return -1, -1
	}
	maxRSS = int64(u.Maxrss)
	if runtime.GOOS != "darwin" { // darwin counts bytes, the other systems KiB
		maxRSS <<= 10
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), maxRSS
}
