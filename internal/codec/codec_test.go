package codec_test

import (
	stdjson "encoding/json"
	"errors"
	"fmt"
	"math"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cogbus/cogbus/internal/codec"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/admin"
)

type guild struct {
	ID      uint64            `json:"id"`
	Name    string            `json:"name"`
	Owner   *guildOwner       `json:"owner"`
	Members []guildOwner      `json:"members"`
	Extra   map[string]any    `json:"extra"`
	Labels  map[string]string `json:"labels"`
	Small   int8              `json:"small"`
	Ratio   float64           `json:"ratio"`
}

type guildOwner struct {
	ID wire.Snowflake `json:"id"`
}

func TestDecodeNamesTheField(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{`{"id":"x"}`, `field "id": string does not fit uint64`},
		{`{"id":-1}`, `field "id": number -1 does not fit uint64`},
		{`{"id":1.5}`, `field "id": number 1.5 does not fit uint64`},
		{`{"id":1e3}`, `field "id": number 1e3 does not fit uint64`},
		{`{"id":18446744073709551616}`, `field "id": number 18446744073709551616 does not fit uint64`},
		{`{"id":25000000000000000000}`, `field "id": number 25000000000000000000 does not fit uint64`},
		{`{"name":5,"owner":{}}`, `field "name": number does not fit string`},
		{`{"name":{"a":1}}`, `field "name": object does not fit string`},
		{`{"small":128}`, `field "small": number 128 does not fit int8`},
		{`{"ratio":1e400}`, `field "ratio": number 1e400 does not fit float64`},
		{`{"owner":{"id":true}}`, `field "owner.id": bool does not fit wire.Snowflake`},
		{`{"owner":[]}`, `field "owner": array does not fit codec_test.guildOwner`},
		{`{"members":[{"id":"1"},{"id":"x"}]}`, `field "members.id": string does not fit wire.Snowflake`},
		{`{"members":{}}`, `field "members": object does not fit []codec_test.guildOwner`},
		{`[]`, `data: array does not fit codec_test.guild`},
		{`"a"`, `data: string does not fit codec_test.guild`},
		{`{"ratio":NaN}`, `data: NaN and Infinity fit raw data alone`},
		{`{"extra":{"a":[-Infinity]}}`, `data: NaN and Infinity fit raw data alone`},
		{`{"id":1} {}`, `data: invalid character '{' after top-level value`},
		{`{"id":`, `data: unexpected end of JSON input`},
		{`{"unknown":` + nest(50_001) + `}`, `data: nested too deep`},
	} {
		var g guild
		err := codec.Of[guild]().Decode([]byte(test.text), &g)
		if want := "bad_request: " + test.want; err == nil || err.Error() != want {
			t.Errorf("Decode(%.60s) = %v; want %s", test.text, err, want)
		}
	}
	var g guild
	long := `{"id":"` + strings.Repeat("secret", 1000) + `","x":"` + strings.Repeat("y", 5000) + `"}`
	if err := codec.Of[guild]().Decode([]byte(long), &g); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("Decode of a long wrong value = %v; want an error that does not quote it", err)
	}
}

func TestDecodeKeepsNumbers(t *testing.T) {
	const text = `{"a":9007199254740993,"b":1.0,"c":1e2,"d":12345678901234567890123.4500,"e":[-0]}`
	var got any
	if err := codec.Of[any]().Decode([]byte(text), &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"a": stdjson.Number("9007199254740993"), "b": stdjson.Number("1.0"), "c": stdjson.Number("1e2"),
		"d": stdjson.Number("12345678901234567890123.4500"), "e": []any{stdjson.Number("-0")},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Decode(%s) differs (-want +got):\n%s", text, diff)
	}
	out, err := codec.Of[any]().Append(nil, &got)
	if err != nil || string(out) != text {
		t.Errorf("Append = %s, %v; want %s", out, err, text)
	}
	for _, text := range []string{"18446744073709551615", "18446744073709551614", "10000000000000000000"} {
		var n uint64
		if err := codec.Of[uint64]().Decode([]byte(text), &n); err != nil || fmt.Sprint(n) != text {
			t.Errorf("Decode(%s) = %d, %v; want the same", text, n, err)
		}
	}
}

func TestDecodeMatchesNamesExactly(t *testing.T) {
	for _, more := range []string{
		`1`,
		`"` + strings.Repeat("long", 1<<18) + `"`,
		`"` + strings.Repeat("[{", 1<<16) + `"`,
		`[` + strings.Repeat(`{"k":[1]},`, 4000) + `[]]`,
		nest(30),
		`["` + strings.Repeat("[", 100) + `","\"` + strings.Repeat("[", 100) + `",` + nest(29) + `]`,
	} {
		text := `{"ID":"x","Name":"a","name":"b","NAME":"c","extra":{"k":` + more + `},"Labels":1}`
		var g guild
		if err := codec.Of[guild]().Decode([]byte(text), &g); err != nil || g.Name != "b" || g.ID != 0 || g.Labels != nil {
			t.Errorf("Decode with %.20s... of %d bytes = %.100v, %v; want name b alone", more, len(text), g, err)
		}
	}
}

func TestDecodeNothing(t *testing.T) {
	g := guild{ID: 5}
	if err := codec.Of[guild]().Decode(nil, &g); err != nil || g.ID != 5 {
		t.Errorf("Decode(nil) = %+v, %v; want the value as it was", g, err)
	}
	raw := stdjson.RawMessage("old")
	if err := codec.Of[stdjson.RawMessage]().Decode(nil, &raw); err != nil || string(raw) != "null" {
		t.Errorf("Decode(nil) into raw data = %q, %v; want null", raw, err)
	}
}

func TestDecodedRefersToNothing(t *testing.T) {
	text := []byte(`{"name":"unescaped name","extra":{"key":["text",1234567]},"labels":{"label":"value"}}`)
	var got guild
	if err := codec.Of[guild]().Decode(text, &got); err != nil {
		t.Fatal(err)
	}
	clear(text)
	want := guild{
		Name: "unescaped name", Labels: map[string]string{"label": "value"},
		Extra: map[string]any{"key": []any{"text", stdjson.Number("1234567")}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("after the buffer was reused the value differs (-want +got):\n%s", diff)
	}
}

func TestRawPassesAsItIs(t *testing.T) {
	rawCodec := codec.Of[stdjson.RawMessage]()
	const text = ` { "a" : [ NaN, -Infinity, 1.50, "\u0041\ud800" ] , "a" : 1 } `
	input := []byte(text)
	var raw stdjson.RawMessage
	if err := rawCodec.Decode(input, &raw); err != nil {
		t.Fatal(err)
	}
	clear(input)
	if out, err := rawCodec.Append(nil, &raw); err != nil || string(out) != text {
		t.Errorf("raw data came back as %q, %v; want %q", out, err, text)
	}
	raw = nil
	if out, err := rawCodec.Append([]byte("x"), &raw); err != nil || string(out) != "xnull" {
		t.Errorf("Append of nil = %q, %v; want null", out, err)
	}
	for _, bad := range []string{``, `{`, `1 2`, "\"\xff\"", nest(1001)} {
		raw = stdjson.RawMessage(bad)
		out, err := rawCodec.Append([]byte("x"), &raw)
		if _, ok := errors.AsType[codec.NotSerialisable](err); !ok || string(out) != "x" {
			t.Errorf("Append(%.20q) = %.20q, %v; want a NotSerialisable and nothing appended", bad, out, err)
		}
	}
}

type chain struct {
	Next *chain `json:"next"`
}

func TestAppendWhatJSONCannotHold(t *testing.T) {
	cycle := &chain{}
	cycle.Next = cycle
	var list []any
	list = append(list, &list)
	notSerialisable(t, *cycle)
	notSerialisable(t, list)
	notSerialisable(t, math.NaN())
	notSerialisable(t, struct{ F float32 }{float32(math.Inf(-1))})
	notSerialisable(t, map[string]float64{"a": math.Inf(1)})
	notSerialisable[any](t, math.NaN())
	notSerialisable(t, make(chan int))
	notSerialisable(t, struct{ F func() }{})
	notSerialisable(t, complex(1, 1))
	notSerialisable(t, map[float64]int{1: 1})
	notSerialisable(t, map[struct{}]int{{}: 1})
	notSerialisable(t, stdjson.Number(`1,"injected":2`))
	notSerialisable(t, struct{ N []stdjson.Number }{[]stdjson.Number{"1x"}})
	notSerialisable(t, time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC))
	notSerialisable(t, struct{ R stdjson.RawMessage }{stdjson.RawMessage(`{`)})
	notSerialisable(t, struct{ R stdjson.RawMessage }{stdjson.RawMessage(`NaN`)})
	deep := any(1)
	for range 1001 {
		deep = []any{deep}
	}
	notSerialisable(t, deep)
}

func notSerialisable[T any](t *testing.T, value T) {
	t.Helper()
	dst := append(make([]byte, 0, 100), "head"...)
	out, err := codec.Of[T]().Append(dst, &value)
	e, ok := errors.AsType[codec.NotSerialisable](err)
	if !ok || e.Err == nil || string(out) != "head" {
		t.Errorf("Append of a %T = %.60q, %v; want a NotSerialisable and nothing appended", value, out, err)
	}
}

func TestAppendAsStandard(t *testing.T) {
	appendAsStandard(t, struct {
		D time.Duration `json:"d"`
		T time.Time     `json:"t"`
		Z time.Time     `json:"z,omitzero"`
		E time.Time     `json:"e,omitempty"` //nolint:modernize // the test is for an omitempty without effect
	}{D: 1500 * time.Millisecond, T: time.Date(2026, 1, 2, 3, 4, 5, 600, time.FixedZone("", 3600))})
	appendAsStandard(t, struct {
		Quoted int `json:",string"`
		Plain  int `json:"-,"` //nolint:staticcheck // users write such odd tags
		Hidden int `json:"-"`
		secret int
		Odd    int `json:"a b\"c"` //nolint:staticcheck // users write such odd tags
		Bytes  []byte
		None   []byte
		Array  [3]byte
		Lists  [][]string
		Map    map[int8]string
		Nil    map[string]int
		F      []float64
		F32    float32
	}{
		Quoted: 5, Plain: 6, Hidden: 7, secret: 8, Odd: 9, Bytes: []byte("hi"), Lists: [][]string{nil, {}, {"a"}}, Map: map[int8]string{-5: "<&>", 3: "\u2028\xff\x00\x7f"},
		F: []float64{0, -0.5, 1e21, 1e-7, 123456789.125, math.MaxFloat64, math.SmallestNonzeroFloat64}, F32: 1.1,
	})
	appendAsStandard(t, struct {
		guildOwner
		*chain
		Any  any
		Any2 map[string]any
	}{guildOwner: guildOwner{7}, Any: []any{1, "x", nil, true, map[string]any{"a": 1.5}}})
	appendAsStandard(t, chain{Next: &chain{}})
	appendAsStandard(t, map[string]map[wire.Snowflake][]bool{"b": {2: {true}, 10: nil}, "a": nil})
	appendAsStandard(t, admin.CogStatus{Name: "x", Since: time.Unix(0, 0)})
	appendAsStandard[*guild](t, nil)
	appendAsStandard(t, new(int))
	appendAsStandard[any](t, nil)
	appendAsStandard(t, "text \x01\n\"\\ é😀")
}

func appendAsStandard[T any](t *testing.T, value T) {
	t.Helper()
	got, err := codec.Of[T]().Append([]byte("x"), &value)
	want, wantErr := stdjson.Marshal(&value)
	if wantErr != nil || err != nil {
		t.Errorf("Append of a %T: %v; encoding/json says %v", value, err, wantErr)
		return
	}
	if diff := cmp.Diff(tree(t, want), tree(t, got[1:])); diff != "" {
		t.Errorf("Append of a %T differs from encoding/json (-want +got):\n%s", value, diff)
	}
}

// The fast decoder reads untyped data once for each level, and makes room for 64 members
// for every map. The largest texts that a client can send must not cost that much.
func TestDecodeOfBombsIsCheap(t *testing.T) {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	before := m.TotalAlloc
	start := time.Now()
	for _, n := range []int{9_998, 200_000} { // the fast decoder reads only the first one
		var maps []map[string]string
		if err := codec.Of[[]map[string]string]().Decode([]byte("["+strings.Repeat("{},", n)+"{}]"), &maps); err != nil {
			t.Error(err)
		}
	}
	var deep any
	for _, depth := range []int{32, 900} {
		text := strings.Repeat("[", depth) + strings.Repeat("1,", 200_000) + "1" + strings.Repeat("]", depth)
		if err := codec.Of[any]().Decode([]byte(text), &deep); err != nil {
			t.Error(err)
		}
	}
	runtime.ReadMemStats(&m)
	if used := (m.TotalAlloc - before) >> 20; used > 250 {
		t.Errorf("Decode took %d MiB in all; want less than 250", used)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("Decode took %s; want far less than 5 s", took)
	}
	for _, bomb := range []string{strings.Repeat("[", 1<<20), strings.Repeat(`{"a":`, 1<<20)} {
		if err := codec.Of[any]().Decode([]byte(bomb), &deep); wire.CodeOf(err) != wire.BadRequest {
			t.Errorf("Decode(%.10s...) = %v; want bad_request", bomb, err)
		}
		if err := codec.Of[chain]().Decode([]byte(bomb), &chain{}); wire.CodeOf(err) != wire.BadRequest {
			t.Errorf("Decode(%.10s...) = %v; want bad_request", bomb, err)
		}
	}
}

func nest(depth int) string { return strings.Repeat("[", depth) + strings.Repeat("]", depth) }
