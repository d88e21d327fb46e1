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
// when it was sent. Without a rate the loop is closed: each caller waits for its
// answer, and a slow bot gets fewer calls. Then both times are the same, and a stop
// shows in few calls.
//
// Every call has one outcome: it was answered, or failed, or was unanswered. What
// is unanswered may have run. The report's counts add up to what was sent; calls
// that were due and that the generator could not make are counted apart.
//
// The report says whether it can be believed: see [Report.Invalid]. A generator in
// the bot's own process, as in a test, shares its processors and its garbage
// collector; for figures, give it a process, and better cores, of its own.
//
// Everything may be used by several goroutines; runs may overlap.
package loadtest
