package actors_test

import (
	"context"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/admin"
)

// finish ends a run. Either it releases all user code that hangs, checks that the cogs
// are in order and closes the server, or it closes the server while user code hangs.
func (m *machine) finish(rt *rapid.T) {
	hangs := m.p.waits || m.p.deaf || m.p.hangingKeys || m.p.tasks || m.p.slowSaves
	if hangs && rapid.Bool().Draw(rt, "close while it hangs") {
		m.close(rt)
		m.release()
	} else {
		m.settle(rt)
		m.close(rt)
	}
	m.host.close()
	time.Sleep(time.Minute) // for code that was left behind
	synctest.Wait()
	m.mu.Lock()
	for _, r := range m.running {
		m.faultLocked("%s still runs a minute after Close", r.what)
	}
	m.mu.Unlock()
	m.check(rt)
}

// settle lets everything come to its end, and checks that nothing is left.
func (m *machine) settle(rt *rapid.T) {
	m.release()
	for m.busy() {
		m.sleep(rt, 500*time.Millisecond)
	}
	for _, c := range m.cogs {
		m.probe(rt, c)
	}
	m.checkEvents()
	m.checkStats(rt)
	m.check(rt)
}

// busy reports whether calls have no outcome or orders have not ended.
func (m *machine) busy() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, o := range m.orders {
		if !o.done {
			return true
		}
	}
	for _, c := range m.calls[1:] {
		if !c.made.IsZero() && !c.answered && !c.cut {
			return true
		}
	}
	return len(m.running) > 0 || m.host.pending() > 0
}

// probe calls a cog that is loaded. The cog must serve after all events of the run.
func (m *machine) probe(rt *rapid.T, c *modelCog) {
	m.mu.Lock()
	loaded, replaced := c.loaded, c.abandoned
	m.mu.Unlock()
	if !loaded {
		return
	}
	if replaced { // a fresh instance may need time to start
		m.sleep(rt, 5*time.Second)
	}
	probe := m.plan(c, "plain", "")
	m.send(m.lines[0], probe, 0)
	m.sleep(rt, 100*time.Millisecond)
	if m.p.slowSaves && !m.served(probe) { // the cog may be saving at this moment, and never does so twice in a row
		m.sleep(rt, patience+time.Second)
		probe = m.plan(c, "plain", "")
		m.send(m.lines[0], probe, 0)
		m.sleep(rt, 100*time.Millisecond)
	}
	m.mu.Lock()
	if probe.code != "ok" {
		m.faultLocked("cog %s, with nothing going on: %v = %q; want it served", c.name, probe, probe.code)
	}
	m.mu.Unlock()
	m.check(rt)
}

// served reports whether a call was answered with a result.
func (m *machine) served(c *modelCall) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return c.code == "ok"
}

// checkStats compares the server's counts of calls with the calls that were made.
func (m *machine) checkStats(rt *rapid.T) {
	bot, err := client.New("ws://bot", &client.Options{Secret: secret, DialContext: m.srv.DialContext})
	if err != nil {
		rt.Fatalf("client.New = %v; want nil", err)
	}
	defer bot.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	stats, err := client.Call(ctx, bot, admin.Stats, wire.Empty{})
	if err != nil {
		rt.Fatalf("Call(%s) = %v; want nil", admin.Stats, err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	came := map[string]uint64{}
	for _, c := range m.calls[1:] {
		if !c.made.IsZero() && c.code != wire.Canceled { // its caller may have given up before it was sent
			came[c.cog.name]++
		}
	}
	for _, c := range m.cogs {
		for _, s := range stats.Cogs {
			if s.Name == c.name && !c.unloaded && (s.Calls < came[c.name] || s.Calls > came[c.name]+m.canceledLocked(c)) {
				m.faultLocked("stats of cog %s: %d calls; want %d, those that were made", c.name, s.Calls, came[c.name])
			}
		}
	}
}

// canceledLocked returns how many calls of a cog were given up.
func (m *machine) canceledLocked(cog *modelCog) uint64 {
	n := uint64(0)
	for _, c := range m.calls[1:] {
		if c.cog == cog && c.code == wire.Canceled {
			n++
		}
	}
	return n
}

// close closes the server. That must take no longer than the limits of the code for
// which it waits, and no user code may begin afterwards.
func (m *machine) close(rt *rapid.T) {
	m.mu.Lock()
	m.closing = true
	o := &modelOrder{what: "Close", began: time.Now(), mayFail: true}
	m.orders = append(m.orders, o)
	m.noteLocked("Close")
	m.mu.Unlock()
	m.work.Go(func() {
		_ = m.srv.Close()
		m.mu.Lock()
		defer m.mu.Unlock()
		o.done, m.closed = true, true
		m.noteLocked("Close has returned")
	})
	for m.busyClosing(o) {
		m.sleep(rt, 500*time.Millisecond)
	}
}

func (m *machine) busyClosing(o *modelOrder) bool {
	synctest.Wait()
	m.mu.Lock()
	defer m.mu.Unlock()
	return !o.done
}
