package scenario

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/cogbus/cogbus/wire"
)

// A Scenario describes the calls of a load test. [Scenario.Compile] makes it ready for
// use.
type Scenario struct {
	Routes []Route       // at least one route
	Guilds Population    // the ids for {{guild}}
	Users  Population    // the ids for {{user}}
	Think  time.Duration // pause of a caller of a closed loop after each call
}

// A Route is one kind of call. Several routes may have the same name.
type Route struct {
	Name    string
	Weight  float64       // share of the calls, in proportion to the weights of the others; 0 means 1
	Data    string        // template of the JSON request; "" means {}
	Expect  []wire.Code   // errors that count as answers
	Timeout time.Duration // 0 means the plan's Timeout
}

// maxWeight keeps the sum of all weights finite.
const maxWeight = 1e9

// A problem is a mistake in one field.
type problem struct {
	file  string // "" if the scenario was not read from a file
	line  int
	path  string // the path of the field in a file
	route string // the name of the route, if the field belongs to one
	text  string
}

func (p problem) Error() string {
	switch {
	case p.file != "" && p.path != "":
		return fmt.Sprintf("%s:%d: %s: %s", p.file, p.line, p.path, p.text)
	case p.file != "":
		return fmt.Sprintf("%s:%d: %s", p.file, p.line, p.text)
	case p.route != "":
		return fmt.Sprintf("scenario: %s of %s: %s", p.path, p.route, p.text)
	}
	return fmt.Sprintf("scenario: %s: %s", p.path, p.text)
}

func join(problems []problem) error {
	errs := make([]error, len(problems))
	for i, p := range problems {
		errs[i] = p
	}
	return errors.Join(errs...)
}

// check finds the mistakes in all fields but the templates.
func (s *Scenario) check() []problem {
	var found []problem
	add := func(path, format string, args ...any) {
		found = append(found, problem{path: path, text: fmt.Sprintf(format, args...)})
	}
	if s.Think < 0 {
		add("think", "want no time below 0, not %s", s.Think)
	}
	s.Guilds.check("guilds", add)
	s.Users.check("users", add)
	if len(s.Routes) == 0 {
		add("route", "want at least one")
	}
	for i := range s.Routes {
		n := len(found)
		s.Routes[i].check(element("route", i), add)
		for ; n < len(found); n++ {
			found[n].route = s.Routes[i].Name
		}
	}
	return found
}

func (r *Route) check(path string, add func(path, format string, args ...any)) {
	switch {
	case r.Name == "":
		add(path+".name", "want the name of a route")
	case !utf8.ValidString(r.Name):
		add(path+".name", "want UTF-8, not %q", r.Name)
	}
	if r.Weight < 0 || r.Weight > maxWeight || math.IsNaN(r.Weight) {
		add(path+".weight", "want a number above 0, up to %g, not %v", maxWeight, r.Weight)
	}
	if r.Timeout < 0 {
		add(path+".timeout", "want a time above 0, not %s", r.Timeout)
	}
	seen := map[wire.Code]bool{}
	for i, code := range r.Expect {
		at := element(path+".expect", i)
		switch {
		case code == "" || strings.Trim(string(code), "abcdefghijklmnopqrstuvwxyz0123456789_") != "":
			add(at, "want the code of an error, such as not_found, not %.40q", string(code))
		case seen[code]:
			add(at, "%s stands twice", code)
		}
		seen[code] = true
	}
}
