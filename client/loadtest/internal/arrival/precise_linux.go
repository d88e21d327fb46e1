package arrival

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// realClock reports whether time.Now returns the machine's time. In a
// testing/synctest bubble it does not.
func realClock() bool {
	var ts unix.Timespec
	if unix.ClockGettime(unix.CLOCK_REALTIME, &ts) != nil {
		return false
	}
	d := time.Since(time.Unix(ts.Unix()))
	return -time.Minute < d && d < time.Minute
}

// A preciseTimer is a timer of the kernel. When it expires, the kernel wakes the
// network poller as it does when data arrives, within some 50 µs.
type preciseTimer struct {
	fd   int
	file *os.File
}

// newPreciseTimer returns nil if the kernel refuses to create a timer.
func newPreciseTimer() *preciseTimer {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return nil
	}
	return &preciseTimer{fd: fd, file: os.NewFile(uintptr(fd), "timerfd")}
}

// sleep sleeps for d. It returns false, at once, if the kernel reports an error.
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
