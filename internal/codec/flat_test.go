package codec

import (
	stdjson "encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cogbus/cogbus/internal/jsontext"
	"github.com/cogbus/cogbus/wire"
)

type (
	level  uint8
	number stdjson.Number // a type of kind string, like others
	shout  string
)

func (s *shout) UnmarshalText(text []byte) error { *s = shout(text) + "!"; return nil }

type itself struct{ A int }

func (*itself) UnmarshalJSON([]byte) error { return nil }

type embedded struct{ itself }

// plain has each kind that package codec decodes without a library.
type plain struct {
	Text    string
	Bool    bool           `json:"b"`
	Int     int            `json:"i,omitempty"`
	Int8    int8           `json:"i8"`
	Int16   int16          `json:"i_16"`
	Int32   int32          `json:",omitempty"`
	Int64   int64          `json:"I64"`
	Uint    uint           `json:"u"`
	Level   level          `json:"u8"`
	Uint16  uint16         `json:"u16"`
	Uint32  uint32         `json:"u32"`
	Uint64  uint64         `json:"u64"`
	ID      wire.Snowflake `json:"id"`
	Pause   time.Duration  `json:"pause"`
	Skipped chan int       `json:"-"`
	private []int
}

func TestFlatOf(t *testing.T) {
	for _, c := range []struct {
		value any
		want  bool
	}{
		{plain{}, true},
		{struct{}{}, true},
		{struct{ A number }{}, true},
		{struct{ A stdjson.Number }{}, false}, // not any string
		{struct{ A shout }{}, false},
		{struct {
			A int `json:"a,string"`
		}{}, false},
		{struct {
			A int `json:"a,omitzero"`
		}{}, false},
		{struct {
			A int `json:"a,omitempty,string"`
		}{}, false},
		{struct {
			A int `json:"-,"` //nolint:staticcheck // the field's name is "-"
		}{}, false},
		{struct {
			A int `json:"ä"`
		}{}, false},
		{struct{ Ä int }{}, false},
		{struct {
			A int `json:"B"`
			B int
		}{}, false},
		{itself{}, false},
		{embedded{}, false},
		{struct{ A *int }{}, false},
		{struct{ A float64 }{}, false},
		{struct{ A []byte }{}, false},
		{struct{ A uintptr }{}, false},
		{struct{ A any }{}, false},
		{struct{ A, B, C, D, E, F, G, H, I, J, K, L, M, N, O, P, Q int }{}, false}, // too many fields
		{"", false},
		{&plain{}, false},
	} {
		if got := flatOf(reflect.TypeOf(c.value)) != nil; got != c.want {
			t.Errorf("flatOf(%T) is one: %v; want %v", c.value, got, c.want)
		}
	}
}

// TestFlat_takes checks that flat decodes the usual texts itself, and that it leaves a
// text to the library if encoding/json would decode it differently.
func TestFlat_takes(t *testing.T) {
	for _, c := range []struct {
		text string
		want bool
	}{
		{`{}`, true},
		{" \t\r\n{ \t\r\n} \t\r\n", true},
		{`{"Text":"hello","b":true,"i":-5,"id":"80351110224678912","pause":1000}`, true},
		{` { "Text" : "é😀" , "b" : false , "id" : 80351110224678912 } `, true},
		{`{"i8":-128,"i_16":32767,"Int32":-2147483648,"I64":999999999999999999,"u":0,"u8":255,"u16":65535,"u32":4294967295,"u64":999999999999999999}`, true},
		{`{"i":-0}`, true},
		{`{"i":1,"i":2}`, true},
		{`{"I":1}`, false}, // not the exact name
		{`{"\u0069":1}`, false},
		{`{"Text":"a\n"}`, false},
		{`{"Text":null}`, false},
		{"{\"Text\":\"\xff\"}", false},
		{"{\"Text\":\"\x00\"}", false},
		{`{"i8":128}`, false},
		{`{"i8":-129}`, false},
		{`{"u8":256}`, false},
		{`{"u8":-1}`, false},
		{`{"i":1.0}`, false},
		{`{"i":1e2}`, false},
		{`{"i":01}`, false},
		{`{"i":- 1}`, false},
		{`{"i":"1"}`, false},
		{`{"I64":9223372036854775807}`, false},
		{`{"u64":18446744073709551615}`, false},
		{`{"id":"18446744073709551615"}`, false},
		{`{"id":"007"}`, false},
		{`{"id":"80351110224678912}`, false},
		{`{"id":80351110224678912"}`, false},
		{`{"id":""}`, false},
		{`{"id":-1}`, false},
		{`{"b":truer}`, false},
		{`{"b":1}`, false},
		{`{"b":true,}`, false},
		{`{,"b":true}`, false},
		{`{"b" true}`, false},
		{`{"b":true`, false},
		{`{"b":true}}`, false},
		{"{\"b\":true}\x00", false},
		{"{}\x00", false},
		{`{`, false},
		{`{"`, false},
		{`{"b"`, false},
		{`{"b":`, false},
		{`{"i":-`, false},
		{`{"id":"`, false},
		{`{"id":"1`, false},
		{``, false},
		{`null`, false},
		{`[]`, false},
	} {
		var got plain
		if took := takes(t, []byte(c.text), &got, plain{}); took != c.want {
			t.Errorf("decode(%q) = %v; want %v", c.text, took, c.want)
		}
	}
}

// takes decodes text. If flat has done it, takes checks that encoding/json does the same.
func takes[T any](t *testing.T, text []byte, got *T, want T) bool {
	t.Helper()
	if !flatOf(reflect.TypeFor[T]()).decode(text, got) {
		return false
	}
	if err := jsontext.Check(text); err != nil {
		t.Errorf("decode(%q) = true for a text that is wrong: %v", text, err)
	}
	if err := stdjson.Unmarshal(text, &want); err != nil {
		t.Errorf("decode(%q) = true; want false, as encoding/json refuses the text: %v", text, err)
	}
	if diff := cmp.Diff(want, *got, cmp.AllowUnexported(plain{})); diff != "" {
		t.Errorf("decode(%q) differs from encoding/json (-want +got):\n%s", text, diff)
	}
	return true
}

// FuzzFlat decodes any text, valid or not, into a value that is not empty.
func FuzzFlat(f *testing.F) {
	for _, text := range []string{
		`{}`, `{"Text":"hello","b":true,"i":-5,"id":"80351110224678912","pause":1000}`, ` { "Text" : "é" , "id" : 80351110224678912 } `,
		`{"i8":-128,"i_16":32767,"Int32":-2147483648,"I64":999999999999999999,"u":0,"u8":255,"u16":65535,"u32":4294967295,"u64":999999999999999999}`,
		`{"Text":"\u0061"}`, "{\"Text\":\"\xff\"}", `{"b":tru`, `{"i":01}`, `{"i":-}`, `{"id":"1`, `{"id":"1"`, `{"i":1}x`, "{\"i\":1}\x00", `{"N":"1"}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		before := plain{Text: "before", Bool: true, Int: 1, Int8: 2, Uint64: 3, ID: 4, private: []int{5}}
		got := before
		takes(t, text, &got, before)
		// A text that flat has decoded in part and then left to the library.
		viaCodec := before
		err := Of[plain]().Decode(text, &viaCodec)
		alone := before
		codec := Of[plain]()
		codec.flat = nil
		wantErr := codec.Decode(text, &alone)
		if (err == nil) != (wantErr == nil) || err != nil && err.Error() != wantErr.Error() {
			t.Errorf("Decode(%q) = %v; the library says %v", text, err, wantErr)
		}
		if diff := cmp.Diff(alone, viaCodec, cmp.AllowUnexported(plain{})); err == nil && diff != "" {
			t.Errorf("Decode(%q) differs from the library (-want +got):\n%s", text, diff)
		}
	})
}
