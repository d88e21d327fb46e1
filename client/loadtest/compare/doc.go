// Package compare tells which figures of two load tests differ beyond noise: of
// one before a change of the bot, and one after it.
//
//	c, err := compare.Runs([]*loadtest.Report{before}, []*loadtest.Report{after}, nil)
//	if err != nil {
//		return err
//	}
//	if err := c.WriteText(os.Stdout); err != nil {
//		return err
//	}
//	if c.Regressed() {
//		os.Exit(1)
//	}
//
// # The tests
//
// A figure that every second of a run has a value of, such as the rate or p99, is
// tested by the two-sided Mann-Whitney U test of the seconds before against those
// after: no distribution is assumed, and one bad second is only one. Neighbouring
// seconds are alike, so the variance of U is widened by (1+ρ)/(1-ρ), where ρ is
// the correlation of the ranks of neighbours. Warm-up, the wait for the last
// answers and seconds that were cut short are left out, samples shorter than a
// second are put together. Figures of whole runs only (p99.9, the service's p50,
// and what the bot's handlers took) need at least five runs on each side; their
// values are then tested in the same way.
//
// Errors are the calls that failed or were unanswered; those that were unanswered
// have a figure of their own beside that. Such shares of the calls are tested by the two-proportion z test.
// Errors come in bursts, so the variance is widened by Pearson's dispersion of the
// seconds of that side which has the smaller share.
//
// Each p-value is corrected for the number of tests by Holm's method.
//
// # What makes a verdict
//
// Seconds of one run share what differs between runs of the same build: how the
// process lies in memory, how warm the machine is, what else it does. No test of
// seconds sees that, and for long runs p is small for every pair of runs. So a
// figure is better or worse only if, beside p below [Options.Alpha], the change is
//
//   - at least as large as [Options.MinChange] asks, both in the figures of the
//     whole runs and in the medians of their seconds,
//   - larger than what runs of one side differ by, if there are several, and
//   - with fewer than three runs on a side, so clear that the seconds of both do
//     not overlap, but for a tenth at each end.
//
// # When to distrust it
//
//   - There are notes: the loads differ, or a run's figures are not those of the bot.
//   - One run a side. When other work takes the processors for all of a run, it
//     looks like a change, of any size. Make three a side or more, in turns:
//     before, after, before, after.
//   - Rates that change by plan, and faults: seconds differ then since they were
//     meant to, which hides changes.
//   - Few calls in a second: of less than a hundred, p99 is the slowest.
//   - A closed loop: when the bot stalls, it stops asking, so a stall is a few slow
//     calls and a lower rate. In an open loop it is in every response that was due.
//   - No difference was found is not that there is none: it may be smaller than what
//     is looked for, come in some seconds only, or the runs are too short. On a calm
//     machine fifteen seconds are usually enough to find a fifth.
package compare
