package instance

// A Reason says why a Setup runs. It has the values of cogs.Reason, which documents them,
// and goes to processes of cogs as it is.
type Reason string

// The reasons.
const (
	Load     Reason = "load"
	Reload   Reason = "reload"
	Restart  Reason = "restart"
	Rollback Reason = "rollback"
)

// Reason returns why the Setup runs.
func (r *Recorder) Reason() Reason { return r.reason }

// Generation returns the number of the instance.
func (r *Recorder) Generation() uint64 { return r.generation }
