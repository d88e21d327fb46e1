package scenario

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// A Program is a scenario that Compile has checked. Any number of goroutines may use
// it at once, each with a [Drawer] of its own.
type Program struct {
	Routes []Route       // the routes of the scenario, with defaults filled in; do not change them
	Think  time.Duration // the Think of the scenario

	guilds, users Population
	bodies        []body    // by route
	upTo          []float64 // by route: the sum of the weights up to this route
}

// Compile checks a scenario and makes it ready for use. It executes each template some
// times, to check that it produces JSON. It returns an error that joins one error for
// each mistake, each with the route and the field. The caller may change s afterwards.
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
		return nil, problems // there may be no routes or ids to draw from
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

// tries is the number of times that Compile executes a template, because its result may
// differ from time to time.
const tries = 20

// try executes the template of a route and checks that its results are JSON.
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

// notJSON returns an error that shows the place where text is not JSON.
func notJSON(text []byte, err error) error {
	if len(text) == 0 {
		return errors.New("the template gives nothing: want JSON")
	}
	at := len(text)
	if e, ok := errors.AsType[*json.SyntaxError](err); ok && !strings.HasPrefix(e.Error(), "unexpected end") {
		at = int(e.Offset) - 1 // the offset of the wrong byte
	}
	const around = 40
	from, to := max(at-around, 0), min(at+around, len(text))
	shown := strings.ToValidUTF8(string(text[from:to]), "") // a letter of several bytes may be cut
	if from > 0 {
		shown = "…" + shown
	}
	if to < len(text) {
		shown += "…"
	}
	return fmt.Errorf("the template gives %s, which is not JSON at offset %d: %w", shown, at, err)
}

// clone copies p, so that the program does not change with the scenario, and fills in
// the defaults.
func (p *Population) clone() Population {
	c := *p
	c.IDs = slices.Clone(p.IDs)
	if len(p.IDs) == 0 && p.Count == 0 {
		c.Count = defaultCount
	}
	return c
}
