package compat

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"reflect"
	"strconv"
	"strings"

	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/wire"
)

// A float is a float of Python. Its JSON text always looks like a float, while the text of
// a whole float64 in Go looks like an int.
type float float64

func (f float) repr() string {
	x := float64(f)
	switch {
	case math.IsNaN(x):
		return "nan"
	case math.IsInf(x, 0):
		return strings.ToLower(strings.TrimPrefix(strconv.FormatFloat(x, 'g', -1, 64), "+"))
	}
	if a := math.Abs(x); a >= 1e16 || a != 0 && a < 1e-4 {
		return strconv.FormatFloat(x, 'e', -1, 64)
	}
	text := strconv.FormatFloat(x, 'f', -1, 64)
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return text
}

// MarshalJSON returns the text.
func (f float) MarshalJSON() ([]byte, error) { return []byte(f.repr()), nil }

func power(base, exponent int64) *big.Int {
	return new(big.Int).Exp(big.NewInt(base), big.NewInt(exponent), nil)
}

// circular returns a list that contains itself.
func circular() any {
	list := []any{nil}
	list[0] = list
	return list
}

func deep(n int) any {
	v := []any{}
	for range n {
		v = []any{v}
	}
	return v
}

// unsendable stands for all values that JSON cannot hold.
var unsendable = make(chan int)

// long is the length of a string. Its text is only made when it is needed, because there
// are many servers.
type long int

// MarshalJSON returns the text.
func (n long) MarshalJSON() ([]byte, error) { return []byte(quote(strings.Repeat("x", int(n)))), nil }

// constants registers ret_KEY for each value.
func constants(r *cogs.Registrar) {
	values := map[string]any{
		"str": "hello", "str_empty": "", "int": 42, "int_zero": 0, "int_neg": -7,
		"int_2p53p1": int64(1<<53 + 1), "int_i64max": int64(math.MaxInt64), "int_u64max": uint64(math.MaxUint64),
		"int_2p70": power(2, 70), "int_4300digits": power(10, 4299), "int_4301digits": power(10, 4300),
		"float": 1.5, "float_whole": float(3), "float_third": 1. / 3, "float_1e15": float(1e15),
		"float_1e16": float(1e16), "float_1e21": float(1e21), "float_1e-4": 1e-4, "float_1e-5": 1e-5,
		"float_max": math.MaxFloat64, "float_min": math.SmallestNonzeroFloat64, "float_negzero": float(math.Copysign(0, -1)),
		"nan": math.NaN(), "inf": math.Inf(1), "ninf": math.Inf(-1),
		"nan_nested": map[string][]float64{"v": {math.NaN(), math.Inf(1)}},
		"none":       nil, "true": true, "false": false,
		"list": []any{1, "two", nil, true}, "list_empty": []any{},
		"dict": map[string]int{"b": 1, "a": 2}, "dict_empty": map[string]int{},
		"nested": map[string]any{
			"z": []any{map[string]any{"y": map[string]any{"x": []any{1, []any{2, []any{3}}}}}},
			"a": map[string]any{"b": []any{}},
		},
		"latin": "café naïve", "cjk": "日本語", "emoji": "😀 👨\u200d👩\u200d👧",
		"surrogate": json.RawMessage(`"a\ud800b"`), // no valid Go string can hold it
		"controls":  controls(), "specials": "\"\\/<>&'",
		"key_unicode": map[string]string{"clé": "ü"},
		"bytes":       unsendable, "object": unsendable, "set": unsendable, "plain_enum": unsendable,
		"datetime": unsendable, "decimal": unsendable, "exception_obj": unsendable,
		"object_nested": map[string]any{"ok": 1, "bad": []any{unsendable}},
		"tuple":         []any{1, 2, []int{3}}, "namedtuple": [2]int{1, 2}, "str_subclass": "loud", "int_enum": 3,
		"keys_int":   map[int]string{1: "a", -2: "b"},
		"keys_mixed": json.RawMessage(`{"null": 0, "true": 1, "false": 2, "1.5": 3, "7": 4, "s": 5}`),
		"keys_dup":   json.RawMessage(`{"1": "int", "1": "str"}`),
		"keys_tuple": map[[2]int]string{{1, 2}: "x"}, "keys_bytes": map[any]string{0: "x"},
		"circular": circular(), "deep_900": deep(900), "deep_3000": deep(3000),
		"error_like": map[string]any{"error": "not really", "code": 500},
		"port_like":  map[string]any{"message": "Connection success", "port": 1, "code": 200},
		"big_1m":     long(1 << 20), "big_4m_minus3": long(4<<20 - 3), "big_4m_minus2": long(4<<20 - 2), "big_5m": long(5 << 20),
		"json_text": `{"a": 1}`,
	}
	for key, value := range values {
		cogs.Handle(r, wire.Route[wire.Empty, any]("ret_"+key), func(context.Context, wire.Empty) (any, error) { return value, nil })
	}
}

func controls() string {
	var b strings.Builder
	for c := range rune(0x20) {
		b.WriteRune(c)
	}
	return b.String() + "\x7f\u0080\u2028\u2029"
}

// The errors of the fixture have the names of Python's exceptions, because callers get the
// name of the type.
type (
	ValueError         struct{ text string }
	KeyError           struct{ text string }
	CustomError        struct{ text string }
	InnerError         struct{ text string }
	DiscordException   struct{ text string }
	CommandError       struct{ text string }
	TimeoutError       struct{ text string }
	StopAsyncIteration struct{ text string }
	RuntimeError       struct{ text string }
	ExceptionGroup     struct{ text string }
	TypeError          struct{ text string }
	AttributeError     struct{ text string }
	CancelledError     struct{ text string }
	RootError          struct{ text string }
	GeneratorExit      struct{ text string }
	SystemExit         struct{ text string }
	KeyboardInterrupt  struct{ text string }
)

func (e ValueError) Error() string         { return e.text }
func (e KeyError) Error() string           { return e.text }
func (e CustomError) Error() string        { return e.text }
func (e InnerError) Error() string         { return e.text }
func (e DiscordException) Error() string   { return e.text }
func (e CommandError) Error() string       { return e.text }
func (e TimeoutError) Error() string       { return e.text }
func (e StopAsyncIteration) Error() string { return e.text }
func (e RuntimeError) Error() string       { return e.text }
func (e ExceptionGroup) Error() string     { return e.text }
func (e TypeError) Error() string          { return e.text }
func (e AttributeError) Error() string     { return e.text }
func (e CancelledError) Error() string     { return e.text }
func (e RootError) Error() string          { return e.text }
func (e GeneratorExit) Error() string      { return e.text }
func (e SystemExit) Error() string         { return e.text }
func (e KeyboardInterrupt) Error() string  { return e.text }

// failures registers raise_KEY for each error. Exceptions that no except clause of the
// Python package catches are panics here.
func failures(r *cogs.Registrar) {
	returned := map[string]error{
		"value": ValueError{"boom"}, "key": KeyError{"missing"}, "custom": CustomError{"mine"}, "inner": InnerError{"nested class"},
		"unicode_msg": ValueError{"café"}, "discord": DiscordException{"d"}, "command": CommandError{"c"}, "timeout": TimeoutError{""},
		"stop_async": StopAsyncIteration{""}, "stop_iter": RuntimeError{"coroutine raised StopIteration"},
		"group": ExceptionGroup{"g"}, "jsonlike": TypeError{"Object of type Fake is not JSON serializable"},
	}
	panicked := map[string]error{
		"cancelled": CancelledError{""}, "root": RootError{"base"}, "generator_exit": GeneratorExit{""},
		"system_exit": SystemExit{"3"}, "keyboard": KeyboardInterrupt{""},
	}
	for key, err := range returned {
		cogs.Handle(r, wire.Route[wire.Empty, any]("raise_"+key), func(context.Context, wire.Empty) (any, error) { return nil, err })
	}
	for key, err := range panicked {
		cogs.Handle(r, wire.Route[wire.Empty, any]("raise_"+key), func(context.Context, wire.Empty) (any, error) { panic(err) })
	}
}

// errorType returns the name of the type of the fixture's error in err's tree.
func errorType(err error) string {
	for err != nil {
		if name, ok := fixtureErrorName(err); ok {
			return name
		}
		err = errors.Unwrap(err)
	}
	return ""
}

func fixtureErrorName(err error) (string, bool) {
	t := reflect.TypeOf(err)
	return t.Name(), t.PkgPath() == reflect.TypeFor[ValueError]().PkgPath()
}
