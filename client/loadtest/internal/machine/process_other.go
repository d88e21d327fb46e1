//go:build !unix

package machine

import "time"

func processUsage() (cpu time.Duration, maxRSS int64) { return -1, -1 }
