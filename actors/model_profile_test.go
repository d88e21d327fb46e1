package actors_test

import (
	"time"
)

// A profile selects the behaviour that is drawn in a run.
type profile struct {
	name   string
	checks int
	ops    []string      // see operations
	cogs   []int         // the cogs that are called and reloaded, by their places
	routes []string      // the routes that are called
	drain  time.Duration // DrainTimeout of the cogs

	inner       bool // handlers call other routes
	strays      bool // so do goroutines that outlive their handlers
	waits       bool // handlers wait until they are released
	deaf        bool // handlers do not look at their contexts
	fails       bool // handlers and Setups fail and panic
	deadlines   bool // callers have deadlines
	slowKeys    bool // a Key takes longer than its call keeps its place
	hangingKeys bool // a Key hangs
	heldKeys    bool // a Key hangs only for calls that come during a reload
	ticks       bool
	tasks       bool          // tasks take a while to end, or hang
	slowSaves   bool          // saving takes long, or hangs
	eventKey    time.Duration // the time that the key of an event takes
	options     bool          // reloads with Force and Fresh

	// calm: no user code hangs, and all of it takes less time than a drain has. So no
	// order fails or takes long, and no call is lost.
	calm bool

	limits bool // cog c takes few calls and events at once
}

func profiles() []profile {
	everywhere := []int{0, 1, 2}
	everything := []string{"plain", "serial", "keyed", "two"}
	return []profile{
		{ // how cogs and callers should behave
			name: "calm", checks: 12, drain: 5 * time.Second, calm: true,
			ops: []string{"call", "calls", "cancel", "advance", "reload", "unload", "load"}, limits: true,
			cogs: everywhere, routes: everything, fails: true, deadlines: true, ticks: true, options: true,
		},
		{ // user code that waits, hangs and fails
			name: "hangs", checks: 12, drain: 100 * time.Millisecond,
			ops:  []string{"call", "calls", "cancel", "release", "advance", "reload", "unload", "load", "emit"},
			cogs: everywhere, routes: everything, inner: true, waits: true, deaf: true, fails: true, deadlines: true, ticks: true, options: true,
		},
		{ // tasks that do not end in time
			name: "tasks", checks: 20, drain: 100 * time.Millisecond, tasks: true, waits: true, options: true,
			ops: []string{"call", "calls", "release", "advance", "reload", "unload", "load"}, deaf: true,
			cogs: []int{1, 2}, routes: []string{"plain", "serial"},
		},
		{ // callers that call again as soon as they are answered
			name: "crowds", checks: 6, drain: 100 * time.Millisecond,
			ops:  []string{"crowd", "reload", "moment"},
			cogs: []int{0, 2}, routes: []string{"keyed"},
		},
		{ // saving that takes long
			name: "saves", checks: 6, drain: 100 * time.Millisecond, slowSaves: true,
			ops:  []string{"call", "advance", "advance far", "reload"},
			cogs: []int{0, 1}, routes: []string{"plain"},
		},
		{ // functions Key that hang
			name: "keys", checks: 10, drain: 100 * time.Millisecond, slowKeys: true, hangingKeys: true, deadlines: true, inner: true,
			ops:  []string{"call", "calls", "advance", "reload", "unload", "load"},
			cogs: []int{0, 2}, routes: []string{"plain", "keyed"},
		},
		{ // functions Key that hang, of calls that were held during a reload of their cog
			name: "keys of held calls", checks: 12, drain: 100 * time.Millisecond, hangingKeys: true, heldKeys: true, waits: true,
			ops:  []string{"call", "moment", "reload"},
			cogs: []int{0}, routes: []string{"plain", "keyed"},
		},
		{ // calls with the contexts of handlers that have ended
			name: "strays", checks: 8, drain: 5 * time.Second, strays: true, calm: true,
			ops:  []string{"call", "calls", "advance"},
			cogs: everywhere, routes: []string{"plain", "serial", "keyed"},
		},
		{ // the same, while their cogs switch
			name: "strays that meet reloads", checks: 8, drain: 5 * time.Second, strays: true, calm: true,
			ops:  []string{"call", "calls", "advance", "reload"},
			cogs: []int{0, 2}, routes: []string{"plain"},
		},
		{ // handlers that call other cogs, while those switch
			name: "nested", checks: 25, drain: 5 * time.Second, inner: true, calm: true,
			ops:  []string{"call", "calls", "advance", "reload"},
			cogs: everywhere, routes: []string{"plain", "serial", "keyed"},
		},
		{ // events, while their cogs switch
			name: "events", checks: 8, drain: 5 * time.Second, eventKey: 300 * time.Microsecond, calm: true,
			ops:  []string{"emit", "reload", "advance"},
			cogs: []int{0, 2}, routes: []string{"plain"},
		},
		{ // events that a limit refuses
			name: "refused events", checks: 4, drain: 5 * time.Second, limits: true, calm: true,
			ops:  []string{"emit", "call", "advance"},
			cogs: []int{2}, routes: []string{"plain"},
		},
		{
			name: "everything", checks: 8, drain: 100 * time.Millisecond, eventKey: 300 * time.Microsecond,
			ops:  []string{"call", "calls", "cancel", "release", "advance", "advance far", "reload", "unload", "load", "emit", "crowd"},
			cogs: everywhere, routes: everything,
			inner: true, strays: true, waits: true, deaf: true, fails: true, deadlines: true, slowKeys: true, hangingKeys: true,
			ticks: true, tasks: true, slowSaves: true, options: true, limits: true,
		},
	}
}
