//go:build !linux

package arrival

import "time"

func realClock() bool { return false }

type preciseTimer struct{}

func newPreciseTimer() *preciseTimer { return nil }

func (*preciseTimer) sleep(time.Duration) bool { return false }

func (*preciseTimer) close() {}
