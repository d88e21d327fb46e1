// Package compare finds the figures of two load tests that differ by more than noise.
// One test was made before a change of the bot, the other after it.
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
// Figures that have a value in every second, such as the rate or p99, are tested by
// the two-sided Mann-Whitney U test of the seconds before against the seconds after.
// It assumes no distribution, and one bad second counts as one second only.
// Neighbouring seconds are alike, so the variance of U is multiplied by (1+ρ)/(1-ρ),
// where ρ is the correlation of the ranks of neighbours. Of the samples of a run:
//
//   - the warm-up, the wait for the last answers, and seconds that were cut short are
//     left out
//   - samples shorter than a second are joined
//
// Figures of whole runs only (p99.9, the service's p50, and the times of the bot's
// handlers) need at least five runs on each side. Their values are then tested in the
// same way.
//
// The errors are the calls that failed or were unanswered. The unanswered calls are
// also a figure of their own. These shares of the calls are tested by the
// two-proportion z test. Errors come in bursts, so the variance is multiplied by
// Pearson's dispersion of the seconds on the side with the smaller share.
//
// Each p-value is corrected for the number of tests by Holm's method.
//
// # Verdicts
//
// Two runs of the same build differ, for example because the process lies elsewhere
// in memory, or because the machine is warmer or does other work. All seconds of a run
// share this difference, so no test of seconds detects it, and for long runs p is
// small for every pair of runs. Therefore a figure is better or worse only if p is
// below [Options.Alpha] and the change is
//
//   - at least [Options.MinChange], both in the figures of the whole runs and in the
//     medians of their seconds,
//   - larger than the difference between the runs of one side, if it has several, and
//   - with fewer than three runs on a side, so clear that the seconds of both sides do
//     not overlap, leaving out a tenth at each end.
//
// # When to distrust it
//
//   - There are notes: the loads differ, or the figures of a run are invalid.
//   - There is one run a side. Other work that takes the processors during all of a
//     run looks like a change, of any size. Make three runs a side or more, in turns:
//     before, after, before, after.
//   - The rate changes by plan, or there are faults. Then the seconds differ
//     intentionally, which hides changes.
//   - A second has few calls. With less than a hundred, p99 is the slowest call.
//   - The loop is closed. When the bot stalls, the callers stop calling, so a stall is
//     a few slow calls and a lower rate. In an open loop it is in the response time of
//     every call that was due.
//   - No difference was found. There may still be one: it may be smaller than
//     MinChange, or be in some seconds only, or the runs may be too short. On a calm
//     machine, fifteen seconds are usually enough to find a change of a fifth.
package compare
