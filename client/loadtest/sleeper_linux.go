package loadtest

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// realClock reports whether time.Now tells the machine's time.
func realClock() bool {
	var ts unix.Timespec
	if unix.ClockGettime(unix.CLOCK_REALTIME, &ts) != nil {
		return false
	}
	d := time.Since(time.Unix(ts.Unix()))
	return -time.Minute < d && d < time.Minute
}

// A preciseTimer is a timer of the kernel, which wakes the network poller like
// anything that arrives: within some 50 µs.
type preciseTimer struct {
	fd   int
	file *os.File
}

// newPreciseTimer returns nil if the kernel gives none.
func newPreciseTimer() *preciseTimer {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return nil
	}
	return &preciseTimer{fd: fd, file: os.NewFile(uintptr(fd), "timerfd")}
}

// sleep reports whether it could.
func (t *preciseTimer) sleep(d time.Duration) bool {
	spec := unix.ItimerSpec{Value: unix.NsecToTimespec(max(1, int64(d)))}
	if unix.TimerfdSettime(t.fd, 0, &spec, nil) != nil {
		return false
	}
	var expirations [8]byte
	_, err := t.file.Read(expirations[:])
	return err == nil
}

func (t *preciseTimer) close() { _ = t.file.Close() }
