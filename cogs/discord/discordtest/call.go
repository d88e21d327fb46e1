package discordtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// call is one REST request, and who asks.
type call struct {
	*http.Request
	body []byte
	user *user // nil if the token is not known
}

// allowed reports whether the token opens the endpoint. A person's token opens
// only what belongs to the person, and two endpoints ask for no token.
func (c *call) allowed() bool {
	p := c.URL.Path
	switch {
	case p == "/gateway", strings.HasPrefix(p, "/interactions/"):
		return true
	case c.user == nil:
		return false
	}
	return c.user.Bot || strings.HasPrefix(p, "/users/@me")
}

// id returns an id from the path.
func (c *call) id(name string) (snowflake, error) {
	id, err := parseSnowflake(c.PathValue(name))
	if err != nil {
		return 0, invalid(name+"_id", "NUMBER_TYPE_COERCE", err.Error())
	}
	return id, nil
}

// decode reads the JSON body into v.
func (c *call) decode(v any) error {
	if err := json.Unmarshal(c.body, v); err != nil {
		return &apiError{Status: 400, Code: 50109, Message: "The request body contains invalid JSON."}
	}
	return nil
}

// window is the part of a list that a request asks for.
type window struct {
	limit                 int
	before, after, around snowflake
}

func (c *call) window(standard, most int) (w window, err error) {
	w.limit = standard
	q := c.URL.Query()
	if text := q.Get("limit"); text != "" {
		w.limit, err = strconv.Atoi(text)
		if err != nil || w.limit < 1 || w.limit > most {
			return w, invalid("limit", "NUMBER_TYPE_RANGE", fmt.Sprintf("int value should be between 1 and %d.", most))
		}
	}
	for name, id := range map[string]*snowflake{"before": &w.before, "after": &w.after, "around": &w.around} {
		if text := q.Get(name); text != "" {
			if *id, err = parseSnowflake(text); err != nil {
				return w, invalid(name, "NUMBER_TYPE_COERCE", err.Error())
			}
		}
	}
	return w, nil
}

// cut returns the window's part of a list that is sorted by id.
func cut[T any](all []T, w window, idOf func(T) snowflake) []T {
	switch {
	case w.around != 0:
		i, _ := find(all, w.around, idOf)
		all = all[max(0, i-w.limit/2):]
	case w.before != 0:
		i, _ := find(all, w.before, idOf)
		all = all[max(0, i-w.limit):i]
	case w.after != 0:
		i, exact := find(all, w.after, idOf)
		if exact {
			i++
		}
		all = all[i:]
	}
	return all[:min(w.limit, len(all))]
}
