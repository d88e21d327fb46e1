package compat

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// An oracle foretells the answers that a cogbus server must give: the answers of the Python
// package where these are right, and better ones where the recorded cases say so.
type oracle struct {
	secret    *string
	discovery bool              // it foretells the answers of the discovery port
	port      string            // the port of the main server
	added     map[string]string // routes that the fixture does not have, with their texts
	removed   map[string]bool   // routes of the fixture that were removed
}

// answer foretells the answer to one message.
func (o oracle) answer(m message) want {
	if !utf8.Valid(m.payload) {
		if m.binary {
			return failed(400)
		}
		return closing(1007)
	}
	envelope, err := parse(m.payload)
	switch {
	case err != nil || envelope.kind != '{':
		return failed(400)
	case !o.authorized(envelope.get("headers")):
		return reply(noToken)
	case o.discovery:
		return reply(fmt.Sprintf(`{"message": "Connection success", "port": %s, "code": 200}`, o.port))
	}
	endpoint, data := envelope.get("endpoint"), envelope.get("data")
	if endpoint.kind != '"' || o.removed[endpoint.str] {
		return reply(noEndpoint)
	}
	switch data.kind {
	case 0, 'n':
		data = node{kind: '{', raw: "{}"}
	case '{':
	default:
		return failed(400)
	}
	w := o.route(endpoint.str, data)
	if depth(envelope) > 1000 || hasLongInt(envelope) {
		return either(w, failed(400)) // Python's decoder refuses such data
	}
	return w
}

func (o oracle) authorized(headers node) bool {
	token := headers.get("Authorization")
	if o.secret == nil {
		return headers.kind == '{' && len(headers.keys) > 0 && (!token.exists() || token.kind == 'n')
	}
	return token.kind == '"' && token.str == *o.secret
}

// texts are the routes that return a string.
var texts = map[string]string{
	"plain": "plain", "named.route/x y": "named", "emptyname": "emptyname", "free_function": "free",
	"cog_plain": "cog_plain", "cog.named": "cog.named", "cog_static": "static", "renamed_cog": "renamed",
	"inherited": "inherited", "nested": "nested", "falsy_cog": "falsy", "other_cog": "Other",
	"function_named_like_cog": "function", "callable_object": "callable", "sync_returns_coroutine": "inner",
	"ret_str": "hello", "dup_server": "second", "dup_class": "second",
}

// route foretells the result of a route of the fixture.
func (o oracle) route(endpoint string, data node) want {
	for _, table := range []map[string]string{o.added, texts} {
		if text, ok := table[endpoint]; ok {
			return reply(quote(text))
		}
	}
	switch endpoint {
	case "cog_tag":
		return reply(`["Oracle", "first"]`)
	case "echo_data":
		return reply(data.raw)
	case "echo_value":
		return reply(data.get("value").raw)
	case "type_of_value":
		return reply(quote(pythonType(data.get("value"))))
	case "echo_envelope":
		return reply(fmt.Sprintf(`{"endpoint": "echo_envelope", "data": %s, "headers": {}}`, data.raw))
	case "echo_attrs", "cog_attrs":
		own := map[string]string{"length": "3", "endpoint": quote(endpoint)}
		for _, key := range data.keys {
			own[key] = data.get(key).raw
		}
		var members []string
		for key, raw := range own {
			members = append(members, quote(key)+": "+raw)
		}
		return reply("{" + strings.Join(members, ", ") + "}")
	case "ret_nan", "ret_inf", "ret_ninf", "ret_nan_nested", "ret_keys_tuple", "ret_keys_bytes", "ret_circular",
		"ret_deep_3000", "ret_object", "ret_object_nested", "ret_bytes", "ret_set", "counter_circular":
		return reply(unserialisable)
	case "ret_big_4m_minus2", "ret_big_5m":
		return failed(500)
	case "raise_root", "raise_cancelled", "raise_generator_exit", "raise_system_exit", "raise_keyboard":
		return raised("[A-Za-z]+") // the type of the panic, or of its value
	case "raise_value":
		return raised("ValueError")
	}
	return reply(noEndpoint)
}

func depth(n node) int {
	deepest := 0
	for _, v := range n.list {
		deepest = max(deepest, depth(v))
	}
	for _, v := range n.vals {
		deepest = max(deepest, depth(v))
	}
	if n.kind == '[' || n.kind == '{' {
		deepest++
	}
	return deepest
}

// hasLongInt reports whether n holds an integer that Python refuses to read.
func hasLongInt(n node) bool {
	if n.isInt() {
		return len(n.raw) > 4300
	}
	if slices.ContainsFunc(n.list, hasLongInt) {
		return true
	}
	for _, v := range n.vals {
		if hasLongInt(v) {
			return true
		}
	}
	return false
}

var betterCode = regexp.MustCompile(`code"?:? (\d{3})`)

// agrees checks that the oracle foretells the answer that the case describes in words.
func agrees(better string, wants []want) error {
	m := betterCode.FindStringSubmatch(better)
	if m == nil {
		return nil
	}
	optional := strings.Contains(better, "accept") || strings.Contains(better, "or treat") || strings.Contains(better, "option")
	for _, w := range wants {
		if fmt.Sprint(w.code) == m[1] || optional && w.code == 0 {
			return nil
		}
	}
	return fmt.Errorf("the case says %q, and the test expects %v", better, wants)
}
