package codec_test

import (
	"bytes"
	stdjson "encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cogbus/cogbus/internal/codec"
	"github.com/cogbus/cogbus/wire"
)

// everything has a field of each kind for which the fast library has its own code. The
// names of its fields have no letters, because encoding/json ignores the case of letters.
type everything struct {
	Int     int                   `json:"0"`
	Int8    int8                  `json:"1"`
	Uint64  uint64                `json:"2,omitempty"`
	Uint8   uint8                 `json:"3"`
	Float   float64               `json:"4"`
	Float32 float32               `json:"5,omitempty"`
	Text    string                `json:"6"`
	Bool    bool                  `json:"7,omitempty"`
	Bytes   []byte                `json:"8"`
	Pointer *int64                `json:"9,omitempty"`
	Nested  *nested               `json:"10"`
	List    []nested              `json:"11,omitempty"`
	Map     map[string]int        `json:"12"`
	IntKeys map[int16]string      `json:"13,omitempty"`
	IDs     []wire.Snowflake      `json:"14"`
	ByID    map[wire.Snowflake]ID `json:"15"`
	Strings map[string]string     `json:"16"`
	Empty   struct{}              `json:"17"`
}

type ID string

type nested struct {
	Text  string  `json:"0,omitempty"`
	Lists [][]int `json:"1"`
}

type untyped struct {
	Any  any                `json:"0"`
	Map  map[string]any     `json:"1"`
	List []any              `json:"2"`
	Raw  stdjson.RawMessage `json:"3"`
}

type unusual struct {
	nested
	Outer
	Inner      int      `json:"0"`
	Quoted     int      `json:"2,string"`
	Zero       nested   `json:"4,omitzero"`
	Deep       **int    `json:"6"`
	Self       *unusual `json:"7"`
	QuotedBool bool     `json:"8,string"`
}

type arrays struct {
	Array  [2]int         `json:"3"`
	Four   [4]byte        `json:"5"`
	Number stdjson.Number `json:"4"`
}

type Outer struct {
	Last string `json:"9"`
}

// flat is a struct of the kinds that package codec decodes without a library.
type flat struct {
	A string         `json:"0"`
	B bool           `json:"1"`
	C int8           `json:"2,omitempty"`
	D int64          `json:"3"`
	E uint16         `json:"4"`
	F uint64         `json:"5"`
	G wire.Snowflake `json:"6"`
	H string         `json:"-"`
	I int            `json:"7"`
}

// numbered looks flat, but is not, because of its json.Number.
type numbered struct {
	Text   string         `json:"0"`
	Number stdjson.Number `json:"6"`
}

func FuzzCodec(f *testing.F) {
	for _, text := range []string{
		`{}`, `null`, `[]`, `1`, `"a"`, `true`,
		`{"0":-1,"1":127,"2":18446744073709551615,"3":255,"4":1e-7,"5":3.5,"6":"\u00e9\ud83d\ude00\ud800","7":true,"8":"aGk="}`,
		`{"9":null,"10":{"0":"x","1":[[1,2],null,[]]},"11":[{},{"0":"y"}],"12":{"a":1,"b":null},"13":{"-5":"five"}}`,
		`{"14":["80351110224678912",80351110224678912,null],"15":{"80351110224678912":"a"},"16":{"<":">","\u2028":"\u0000"},"17":{}}`,
		`{"0":[1,{"a":[]}],"1":{"k":1.50},"2":[null,true],"3":[1, 2],"4":1e400}`,
		`{"0":"x","2":"17","3":[1],"4":{"0":"z"},"5":[1,2,3,4],"6":5,"7":{"7":{}},"8":"true","9":"w"}`,
		`{"0":"x","1":true,"2":-128,"3":-999999999999999999,"4":65535,"5":999999999999999999,"6":"80351110224678912","7":7}`,
		` { "0" : "é" , "0" : "é", "1":false , "6":80351110224678912 } `, `{"2":128}`, `{"2":1.0}`, `{"3":-0}`, `{"5":01}`, `{"5":1e2}`, `{"5":18446744073709551616}`, `{"6":"x"}`, `{"6":"1","0":"y"}`,
		`{"0":25000000000000000000}`, `{"2":25000000000000000000}`, `{"3":[]}`, `{"4":"1"}`, `{"1":1e2}`, `{"4":"1"}`, ` {"0" : 1 } `,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if !stdjson.Valid(text) || !bytes.Equal(text, bytes.ToValidUTF8(text, nil)) {
			return
		}
		sameAsStandard[everything](t, text)
		sameAsStandard[untyped](t, text)
		sameAsStandard[flat](t, text)
		sameAsStandard[numbered](t, text)
		sameAsStandard[unusual](t, text)
		sameAsStandard[arrays](t, text)
		sameAsStandard[any](t, text)
		sameAsStandard[map[string]string](t, text)
		sameAsStandard[[]int64](t, text)
	})
}

// sameAsStandard checks that T's codec decodes text as encoding/json does.
func sameAsStandard[T any](t *testing.T, text []byte) {
	t.Helper()
	codec := codec.Of[T]()
	var got, want T
	input := bytes.Clone(text)
	err := codec.Decode(input, &got)
	clear(input) // shows whether the value refers to the text
	d := stdjson.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	wantErr := d.Decode(&want)
	if (err == nil) != (wantErr == nil) {
		t.Errorf("%T: Decode(%q) = %v; encoding/json says %v", got, text, err, wantErr)
		return
	}
	if err != nil {
		if wire.CodeOf(err) != wire.BadRequest {
			t.Fatalf("%T: CodeOf(Decode(%q)) = %q; want %q", got, text, wire.CodeOf(err), wire.BadRequest)
		}
		return
	}
	unexported := cmp.AllowUnexported(unusual{})
	if diff := cmp.Diff(want, got, unexported); diff != "" {
		t.Errorf("%T: Decode(%q) differs from encoding/json (-want +got):\n%s", got, text, diff)
		return
	}
	encoded, err := codec.Append([]byte("x"), &got)
	if err != nil || encoded[0] != 'x' {
		t.Fatalf("%T: Append(%+v) = %q, %v; want JSON text", got, got, encoded, err)
	}
	standard, err := stdjson.Marshal(&want)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(tree(t, standard), tree(t, encoded[1:])); diff != "" {
		t.Fatalf("%T: Append(%+v) differs from encoding/json (-want +got):\n%s", got, got, diff)
	}
}

func tree(t *testing.T, text []byte) (v any) {
	t.Helper()
	d := stdjson.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		t.Fatalf("encoding/json cannot read %q: %v", text, err)
	}
	return v
}
