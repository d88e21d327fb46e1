package scenario

import (
	"fmt"
	"strconv"
	"strings"
)

const routeExamples = `want for example 'members.count', 'members.count*9' or 'members.count*9={"guild_id":"{{guild}}"}'`

// ParseRoute reads a route from a flag. Its form is name*weight=data. *weight may be
// left out if it is 1, and =data if it is {}. A name that contains * or = needs a file.
// [Scenario.Compile] checks the data.
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
