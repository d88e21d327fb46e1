package router

import "time"

// Defaults of what a cog or a caller does not say; see the fields of cogs.Cog.
const (
	defaultTimeout  = 30 * time.Second // of a handler, and of a call without a deadline
	defaultInFlight = 1024
	defaultHeld     = 1000
	retryOverloaded = 100 * time.Millisecond // what a refused caller is told
)
