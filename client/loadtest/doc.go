// Package loadtest makes calls to a bot under load and reports their results.
//
//	report, err := loadtest.Run(ctx, loadtest.Plan{
//		Target:   "ws://localhost:8765",
//		Client:   &client.Options{Secret: secret},
//		Scenario: scenario.Scenario{Routes: []scenario.Route{{Name: "members.count", Data: `{"guild_id":"{{guild}}"}`}}},
//		Rate:     5000,
//		Duration: time.Minute,
//	})
//
// # Open and closed loops
//
// With a rate, the loop is open: the generator makes each call when it is due, even if
// earlier calls are unanswered, as the users of a dashboard do.
//
//   - The response time of a call begins when the call was due. So if the bot stops
//     for a moment, the stop counts for all calls that it delays, and not only for the
//     calls that were under way.
//   - The service time begins when the call was sent.
//   - The generator sends a call up to 100 µs after it was due, at high rates a few
//     calls at once, because waking up for each call would take the processor time
//     that the callers need. The report shows the delay as the lag.
//
// Without a rate, the loop is closed: each caller waits for its answer, and a slow
// bot gets fewer calls. Then both times are the same, and a stop of the bot shows in
// few calls.
//
// # Counts and rates
//
// Every call has one outcome: it was answered, or failed, or was unanswered. An
// unanswered call may have run. The counts of the report add up to the number of
// sent calls. Calls that were due and not made, because too many were under way or
// the run was over, count as missed.
//
// A rate includes only the answers that came in the sending phase, because the bot
// was too slow for the answers that came later. So a bot that falls behind shows in
// the rate of answers, and a goal of rps>=1000 needs a little more than 1,000 calls a
// second.
//
// # Trust
//
// The report says whether its figures are figures of the bot; see [Report.Invalid]. In
// a test, the generator runs in the bot's own process, and shares its processors and
// its garbage collector. To measure, run the generator in a process of its own, and
// better on processors of its own.
//
// All functions may be called by several goroutines at once, and runs may overlap.
package loadtest
