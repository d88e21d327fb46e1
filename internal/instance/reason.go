package instance

// A Reason says why the bot runs a Setup. It has the values of cogs.Reason, where they are
// documented. The bot sends it unchanged to the processes of cogs.
type Reason string

// The reasons.
const (
	Load     Reason = "load"
	Reload   Reason = "reload"
	Restart  Reason = "restart"
	Rollback Reason = "rollback"
)

// Reason returns the reason why the bot runs the Setup.
func (r *Recorder) Reason() Reason { return r.reason }

// Generation returns the number of the instance. The generations of a cog count up from 1.
func (r *Recorder) Generation() uint64 { return r.generation }
