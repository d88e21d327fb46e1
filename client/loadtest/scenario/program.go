package scenario

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// A Program is a scenario that was checked, for any number of goroutines at
// once: each has a [Drawer] of its own.
type Program struct {
	Routes []Route       // the scenario's, with defaults filled in; not to be changed
	Think  time.Duration // the scenario's

	guilds, users Population
	bodies        []body    // of Routes
	upTo          []float64 // sums of the weights of Routes up to each
}

// Compile checks a scenario and makes it ready for use. Each template is executed
// some times to see that it gives JSON. The error joins one for each thing that
// is wrong, and each names the route and the field. s may be changed or used
// again afterwards.
func (s *Scenario) Compile() (*Program, error) {
	p, problems := s.compile()
	if len(problems) > 0 {
		return nil, join(problems)
	}
	return p, nil
}

func (s *Scenario) compile() (*Program, []problem) {
	problems := s.check()
	p := &Program{Routes: slices.Clone(s.Routes), Think: s.Think, guilds: s.Guilds.clone(), users: s.Users.clone()}
	sum := 0.0
	for i := range p.Routes {
		r := &p.Routes[i]
		r.Expect = slices.Clone(r.Expect)
		if r.Weight == 0 {
			r.Weight = 1
		}
		if r.Data == "" {
			r.Data = "{}"
		}
		sum += r.Weight
		p.upTo = append(p.upTo, sum)
		b, err := parseBody(r.Data)
		if err != nil {
			problems = append(problems, p.problemOf(i, err))
		}
		p.bodies = append(p.bodies, b)
	}
	if len(problems) > 0 {
		return nil, problems // there may be nothing to draw from
	}
	d := p.Draw(1, 0)
	for i := range p.Routes {
		if err := d.try(i); err != nil {
			problems = append(problems, p.problemOf(i, err))
		}
	}
	return p, problems
}

func (p *Program) problemOf(route int, err error) problem {
	return problem{path: element("route", route) + ".data", route: p.Routes[route].Name, text: err.Error()}
}

// tries is how often a template is executed before it is trusted, since it may
// not give the same each time.
const tries = 20

// try executes the template of a route and checks what comes out.
func (d *Drawer) try(route int) error {
	var text []byte
	for seq := range uint64(tries) {
		var err error
		d.begin(seq)
		if text, err = d.fill(text[:0], route); err != nil {
			return err
		}
		var value json.RawMessage
		if err := json.Unmarshal(text, &value); err != nil {
			return notJSON(text, err)
		}
	}
	return nil
}

// notJSON shows the place where text is not JSON.
func notJSON(text []byte, err error) error {
	if len(text) == 0 {
		return errors.New("the template gives nothing: want JSON")
	}
	at := len(text)
	if e, ok := errors.AsType[*json.SyntaxError](err); ok && !strings.HasPrefix(e.Error(), "unexpected end") {
		at = int(e.Offset) - 1 // of the byte that is wrong
	}
	const around = 40
	from, to := max(at-around, 0), min(at+around, len(text))
	shown := strings.ToValidUTF8(string(text[from:to]), "") // a letter may be cut in two
	if from > 0 {
		shown = "…" + shown
	}
	if to < len(text) {
		shown += "…"
	}
	return fmt.Errorf("the template gives %s, which is not JSON at offset %d: %w", shown, at, err)
}

// clone copies what a program must not see changed, and fills in defaults.
func (p *Population) clone() Population {
	c := *p
	c.IDs = slices.Clone(p.IDs)
	if len(p.IDs) == 0 && p.Count == 0 {
		c.Count = defaultCount
	}
	return c
}
