// Package loadtest makes load on a bot and reports what became of it.
//
//	report, err := loadtest.Run(ctx, loadtest.Plan{
//		Target:   "ws://localhost:8765",
//		Client:   &client.Options{Secret: secret},
//		Scenario: scenario.Scenario{Routes: []scenario.Route{{Name: "members.count", Data: `{"guild_id":"{{guild}}"}`}}},
//		Rate:     5000,
//		Duration: time.Minute,
//	})
//
// # What is measured
//
// With a rate the loop is open: a call is made when it is due, whatever became of
// those before, as the users of a dashboard do. Its response time begins when it
// was due, so a bot that stops for a moment is charged for all the calls that this
// delays, not for the one that happened to be under way. Its service time begins
// when it was sent. Calls are made up to 100 µs after they are due, at high rates a
// few at once: waking up for each would take the processors that make them. By how
// much stands in the report. Without a rate the loop is closed: each caller waits for its
// answer, and a slow bot gets fewer calls. Then both times are the same, and a stop
// shows in few calls.
//
// Every call has one outcome: it was answered, or failed, or was unanswered. What
// is unanswered may have run. The report's counts add up to what was sent; calls
// that were due and not made, since too many were under way or the run was over, are
// counted apart.
// Rates are of the time in which calls were made. What a bot answers after that it
// has not done in time, so one that falls behind shows in the rate of answers, and
// a goal of rps>=1000 needs a little more than 1,000 calls a second.
//
// The report says whether it can be believed: see [Report.Invalid]. A generator in
// the bot's own process, as in a test, shares its processors and its garbage
// collector; for figures, give it a process, and better cores, of its own.
//
// Everything may be used by several goroutines; runs may overlap.
package loadtest
