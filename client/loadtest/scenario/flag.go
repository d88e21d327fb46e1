package scenario

import (
	"fmt"
	"strconv"
	"strings"
)

const routeExamples = `want for example 'members.count', 'members.count*9' or 'members.count*9={"guild_id":"{{guild}}"}'`

// ParseRoute reads a route from a flag: its name, then *weight if that is not 1,
// then =data if that is not {}. A name with * or = in it needs a file. Data is
// checked by [Scenario.Compile].
func ParseRoute(text string) (Route, error) {
	head, data, hasData := strings.Cut(text, "=")
	name, weight, hasWeight := strings.Cut(head, "*")
	r := Route{Name: name, Data: data}
	switch {
	case name == "":
		return Route{}, fmt.Errorf("route %q: there is no name: %s", text, routeExamples)
	case strings.TrimSpace(name) != name:
		return Route{}, fmt.Errorf("route %q: the name has spaces around it", text)
	case hasData && strings.TrimSpace(data) == "":
		return Route{}, fmt.Errorf("route %q: there is no data behind the =: %s", text, routeExamples)
	}
	if hasWeight {
		w, err := strconv.ParseFloat(strings.TrimSpace(weight), 64)
		if err != nil || !(w > 0 && w <= maxWeight) {
			return Route{}, fmt.Errorf("route %q: the weight %q: want a number above 0, up to %g: %s", text, weight, maxWeight, routeExamples)
		}
		r.Weight = w
	}
	return r, nil
}
