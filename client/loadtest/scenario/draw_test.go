package scenario

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cogbus/cogbus/wire"
)

// fast has templates that need not be executed.
var fast = []string{
	``, `{}`, `[1, "two"]`,
	`{"guild_id":"{{guild}}"}`,
	`{"g":"{{guild}}","u":{{user}},"g2":"{{ guild }}","u2":{{- user -}} }`,
	`[{{seq}},{{rand}},{{rand 6}},{{rand 10 20}},{{rand -5 5}},{{rand 0x10 0_20}}]`,
	`{"{{pad 3}}":"{{pad 100}}","none":"{{pad 0}}"{{/* no output */}}}`,
	`[{{rand -9223372036854775808 9223372036854775806}}]`,
}

// slow has templates that must be executed.
var slow = []string{
	`{{if lt (rand 10) 5}}{{seq}}{{else}}"{{guild}}"{{end}}`,
	`"{{printf "%05d" user}}{{guild | print}}"`,
	`{{$n := rand 5 9}}["{{pad $n}}",{{rand $n}},{{len (pad $n)}}]`,
	`{{define "id"}}"{{guild}}"{{end}}[{{template "id"}},{{template "id"}},{{guild}}]`,
	`[{{range 3}}{{rand}},{{end}}{{rand}}]`,
	`[{{(rand 3)}},{{rand (rand 3 4)}}]`,
}

func compile(t testing.TB, s *Scenario) *Program {
	t.Helper()
	p, err := s.Compile()
	if err != nil {
		t.Fatalf("Compile(%+v) = %v", s, err)
	}
	return p
}

func TestFastAsSlow(t *testing.T) {
	s := &Scenario{Guilds: Population{Count: 50, Zipf: 1.2}, Users: Population{IDs: []uint64{7, 8, 9}}}
	for i, data := range fast {
		s.Routes = append(s.Routes, Route{Name: fmt.Sprint("route", i), Data: data, Weight: float64(i + 1)})
	}
	quick, executed := compile(t, s), compile(t, s)
	for i := range executed.bodies {
		if quick.bodies[i].segments == nil {
			t.Errorf("template %s is executed; want segments", fast[i])
		}
		executed.bodies[i].segments = nil
	}
	a, b := quick.Draw(1, 2), executed.Draw(1, 2)
	for seq := range uint64(2000) {
		route, got, err := a.Next(nil, seq)
		wantRoute, want, wantErr := b.Next(nil, seq)
		if err != nil || wantErr != nil {
			t.Fatalf("Next(%d) = error %v fast, %v executed", seq, err, wantErr)
		}
		if route != wantRoute || string(got) != string(want) {
			t.Fatalf("Next(%d) = %d %s; want %d %s, as the executed template gives", seq, route, got, wantRoute, want)
		}
	}
}

func TestSlow(t *testing.T) {
	for _, data := range slow {
		p := compile(t, &Scenario{Routes: []Route{{Name: "a", Data: data}}})
		if p.bodies[0].segments != nil {
			t.Errorf("template %s has segments; want it executed", data)
		}
		for stream := range uint64(50) {
			_, text, err := p.Draw(1, stream).Next(nil, 3)
			if err != nil || !json.Valid(text) {
				t.Errorf("Next of %s = %s, %v; want JSON", data, text, err)
			}
		}
	}
}

func TestNextAllocates(t *testing.T) {
	s := &Scenario{Guilds: Population{Zipf: 1.1}}
	for i, data := range fast {
		s.Routes = append(s.Routes, Route{Name: fmt.Sprint("route", i), Data: data})
	}
	d := compile(t, s).Draw(1, 1)
	buf := make([]byte, 0, 1024)
	var seq uint64
	got := testing.AllocsPerRun(1000, func() {
		seq++
		if _, _, err := d.Next(buf, seq); err != nil {
			t.Fatal(err)
		}
	})
	if got != 0 {
		t.Errorf("Next allocates %v times; want 0", got)
	}
}

func TestNextAppends(t *testing.T) {
	for _, data := range []string{`{{seq}}`, `{{print seq}}`} {
		d := compile(t, &Scenario{Routes: []Route{{Name: "a", Data: data}}}).Draw(1, 1)
		_, got, err := d.Next([]byte("before "), 12)
		if string(got) != "before 12" || err != nil {
			t.Errorf("Next(before) of %s = %q, %v; want before 12", data, got, err)
		}
	}
}

func TestNextFails(t *testing.T) {
	p := compile(t, &Scenario{Routes: []Route{{Name: "a", Data: `{{if eq seq 1000}}{{rand 0}}{{end}}{{seq}}`}}})
	d := p.Draw(1, 1)
	_, data, err := d.Next([]byte("x"), 1000)
	want := `make the data of a: line 1:20: executing "data" at <rand 0>: error calling rand: rand 0: want a number above 0`
	if err == nil || err.Error() != want || string(data) != "x" {
		t.Errorf("Next(1000) = %q, %v; want x and %s", data, err, want)
	}
	if _, data, err := d.Next(nil, 1001); err != nil || string(data) != "1001" {
		t.Errorf("Next(1001) = %s, %v; want 1001", data, err)
	}
}

func TestDrawIsDetermined(t *testing.T) {
	p := compile(t, &Scenario{Routes: []Route{{Name: "a", Data: `[{{guild}},{{user}},{{rand}}]`}, {Name: "b", Data: slow[0]}}})
	calls := func(seed, stream uint64) (all string) {
		d := p.Draw(seed, stream)
		for seq := range uint64(20) {
			route, data, err := d.Next(nil, seq)
			all += fmt.Sprintln(route, string(data), err)
		}
		return all
	}
	first := calls(1, 2)
	if again := calls(1, 2); again != first {
		t.Errorf("calls of one seed and stream differ: %s", cmp.Diff(first, again))
	}
	for _, other := range []string{calls(2, 2), calls(1, 3)} {
		if other == first {
			t.Errorf("calls of another seed or stream are the same:\n%s", other)
		}
	}
	var wg sync.WaitGroup // the race detector checks the drawers
	for stream := range uint64(4) {
		wg.Go(func() { calls(1, stream) })
	}
	wg.Wait()
}

func TestWeights(t *testing.T) {
	p := compile(t, &Scenario{Routes: []Route{{Name: "a", Weight: 6}, {Name: "b"}, {Name: "c", Weight: 3}}})
	d := p.Draw(1, 1)
	const calls = 100_000
	got := make([]int, 3)
	for seq := range uint64(calls) {
		route, data, err := d.Next(nil, seq)
		if err != nil || string(data) != "{}" {
			t.Fatalf("Next = %s, %v; want {}", data, err)
		}
		got[route]++
	}
	for i, want := range []float64{0.6, 0.1, 0.3} {
		if share := float64(got[i]) / calls; math.Abs(share-want) > 0.01 {
			t.Errorf("route %d has %.3f of the calls; want %.1f", i, share, want)
		}
	}
}

func TestPopulations(t *testing.T) {
	draw := func(p Population) map[string]int {
		d := compile(t, &Scenario{Guilds: p, Routes: []Route{{Name: "a", Data: "{{guild}}"}}}).Draw(3, 4)
		seen := map[string]int{}
		for seq := range uint64(20_000) {
			_, id, err := d.Next(nil, seq)
			if err != nil {
				t.Fatal(err)
			}
			seen[string(id)]++
		}
		return seen
	}
	even := draw(Population{Count: 10})
	for id, n := range even {
		if n < 1700 || n > 2300 {
			t.Errorf("evenly, id %s was drawn %d times of 20,000; want about 2000", id, n)
		}
	}
	if len(even) != 10 || len(draw(Population{})) != 1000 {
		t.Errorf("%d ids were drawn of 10, %d by default; want 10 and 1000", len(even), len(draw(Population{})))
	}
	for _, exponent := range []float64{minZipf, 1.5, 3} {
		zipf := draw(Population{IDs: []uint64{11, 12, 13, 14}, Zipf: exponent})
		want := math.Pow(2, exponent)
		if got := float64(zipf["11"]) / float64(zipf["12"]); got < want*0.9 || got > want*1.1 {
			t.Errorf("with zipf %g, the first id is %.2f times as busy as the second; want %.2f", exponent, got, want)
		}
		if zipf["11"]+zipf["12"]+zipf["13"]+zipf["14"] != 20_000 {
			t.Errorf("with zipf %g, ids were drawn that are not there: %v", exponent, zipf)
		}
	}
	if got := draw(Population{Count: 1 << 38, Zipf: maxZipf}); len(got) > 10 {
		t.Errorf("with zipf %v, %d ids were drawn; want only the first ones", maxZipf, len(got))
	}
	if got := draw(Population{IDs: []uint64{}, Count: 1, Zipf: 2}); len(got) != 1 {
		t.Errorf("one made-up id: %v were drawn", got)
	}
}

func TestMadeUp(t *testing.T) {
	const n = 100_000
	seen := map[uint64]bool{}
	shards := make([]int, 7)
	first, last := time.Date(2016, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2024, 12, 31, 0, 0, 0, 0, time.UTC)
	for i := range uint64(n) {
		for kind := range uint64(2) {
			id := madeUp(i, kind)
			if made := wire.Snowflake(id).Time(); id < 1<<53 || made.Before(first) || made.After(last) {
				t.Fatalf("madeUp(%d, %d) = %d, made at %s; want one above 2^53 and of 2016 to 2024", i, kind, id, made)
			}
			seen[id] = true
		}
		shards[wire.Snowflake(madeUp(i, kindGuild)).Shard(len(shards))]++
	}
	if len(seen) != 2*n {
		t.Errorf("of %d made-up ids %d differ", 2*n, len(seen))
	}
	if slices.Min(shards) < n/8 {
		t.Errorf("shards have %v of the guilds; want about as many each", shards)
	}
	if id := madeUp(maxCount-1, kindUser); wire.Snowflake(id).Time().After(last) || seen[id] {
		t.Errorf("the last made-up id is %d, made at %s; want a new one of 2016 to 2024", id, wire.Snowflake(id).Time())
	}
}

func TestCompileErrors(t *testing.T) {
	for _, test := range []struct {
		s    Scenario
		want string
	}{
		{Scenario{}, "scenario: route: want at least one"},
		{Scenario{Routes: []Route{{Name: "a"}, {Name: "b", Weight: -3}}}, "scenario: route[1].weight of b: want a number above 0, up to 1e+09, not -3"},
		{Scenario{Routes: []Route{{Name: "a", Weight: math.NaN()}}}, "scenario: route[0].weight of a: want a number above 0, up to 1e+09, not NaN"},
		{Scenario{Routes: []Route{{}}}, "scenario: route[0].name: want the name of a route"},
		{Scenario{Routes: []Route{{Name: "a\xff"}}}, "scenario: route[0].name of a\xff: want UTF-8, not \"a\\xff\""},
		{Scenario{Routes: []Route{{Name: "a", Data: "{{end}}"}}}, "scenario: route[0].data of a: line 1: unexpected {{end}}"},
		{Scenario{Routes: []Route{{Name: "a", Data: "{{pad -1}}"}}}, `scenario: route[0].data of a: line 1:2: executing "data" at <pad -1>: error calling pad: pad -1: want a number from 0 to 67108864`},
		{Scenario{Routes: []Route{{Name: "a", Data: "{{rand 2 1}}"}}}, `scenario: route[0].data of a: line 1:2: executing "data" at <rand 2 1>: error calling rand: rand 2 1: want the smaller number first`},
		{Scenario{Routes: []Route{{Name: "a", Data: "{{rand 1 2 3}}"}}}, `scenario: route[0].data of a: line 1:2: executing "data" at <rand 1 2 3>: error calling rand: rand: want at most two numbers, not 3`},
		{Scenario{Routes: []Route{{Name: "a", Data: "{{rand 1.5}}"}}}, `scenario: route[0].data of a: line 1:2: executing "data" at <rand 1.5>: error calling rand: want a whole number below 2^63, not 1.5`},
		{
			Scenario{Routes: []Route{{Name: "a", Data: `{"x":"{{pad 100}}","y":é{{guild 1}}}`}}},
			`scenario: route[0].data of a: line 1:27: executing "data" at <guild>: wrong number of args for guild: want 0 got 1`,
		},
		{
			Scenario{Routes: []Route{{Name: "a", Data: `{"x":"{{pad 100}}","y":{{pad 100}}}`}}},
			"scenario: route[0].data of a: the template gives …" + (strings.Repeat(letters, 4) + `vwx`)[66:100] + `","y":` + strings.Repeat(letters, 2)[:40] + "…, which is not JSON at offset 112: invalid character 'a' looking for beginning of value",
		},
		{Scenario{Think: -1, Guilds: Population{Count: -1}, Routes: []Route{{Name: "a"}}}, "scenario: think: want no time below 0, not -1ns\nscenario: guilds.count: want a whole number above 0, up to 274877906944, not -1"},
	} {
		_, err := test.s.Compile()
		if err == nil {
			t.Errorf("Compile(%+v) = nil; want %s", test.s, test.want)
		} else if diff := cmp.Diff(test.want, err.Error()); diff != "" {
			t.Errorf("Compile(%+v) (-want +got)\n%s", test.s, diff)
		}
	}
}

// TestCompileCopies checks that a program does not change with its scenario.
func TestCompileCopies(t *testing.T) {
	s := &Scenario{Guilds: Population{IDs: []uint64{1}}, Routes: []Route{{Name: "a", Data: "{{guild}}", Expect: []wire.Code{"b"}}}, Think: 3}
	p := compile(t, s)
	s.Guilds.IDs[0], s.Routes[0].Name, s.Routes[0].Expect[0], s.Think = 2, "c", "d", 4
	_, data, err := p.Draw(1, 1).Next(nil, 1)
	if string(data) != "1" || err != nil || p.Think != 3 {
		t.Errorf("Next = %s, %v, Think = %d; want 1 and 3, as compiled", data, err, p.Think)
	}
	want := []Route{{Name: "a", Data: "{{guild}}", Weight: 1, Expect: []wire.Code{"b"}}}
	if diff := cmp.Diff(want, p.Routes); diff != "" {
		t.Errorf("Program.Routes (-want +got)\n%s", diff)
	}
}
