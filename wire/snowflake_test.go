package wire_test

import (
	stdjson "encoding/json"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cogbus/cogbus/internal/codec"
	"github.com/cogbus/cogbus/wire"
)

func TestSnowflakeJSON(t *testing.T) {
	const most = 1<<64 - 1
	for _, test := range []struct {
		text string
		want wire.Snowflake
		ok   bool
	}{
		{`"80351110224678912"`, 80351110224678912, true},
		{`80351110224678912`, 80351110224678912, true},
		{`9007199254740993`, 9007199254740993, true}, // 2^53+1
		{`"18446744073709551615"`, most, true},
		{`18446744073709551615`, most, true},
		{`0`, 0, true},
		{`"007"`, 7, true},
		{`null`, 5, true}, // null leaves it unchanged
		{`18446744073709551616`, 5, false},
		{`"18446744073709551616"`, 5, false},
		{`25000000000000000000`, 5, false},
		{`-1`, 5, false},
		{`"-1"`, 5, false},
		{`"+1"`, 5, false},
		{`1.0`, 5, false},
		{`1e3`, 5, false},
		{`""`, 5, false},
		{`" 1"`, 5, false},
		{`"1_0"`, 5, false},
		{`"0x10"`, 5, false},
		{`true`, 5, false},
		{`[1]`, 5, false},
		{`{}`, 5, false},
	} {
		got := wire.Snowflake(5)
		codec := codec.Of[wire.Snowflake]()
		err := codec.Decode([]byte(test.text), &got)
		if got != test.want || test.ok != (err == nil) {
			t.Errorf("Decode(%s) = %d, %v; want %d, success %v", test.text, got, err, test.want, test.ok)
		}
		if !test.ok && (wire.CodeOf(err) != wire.BadRequest || !strings.Contains(err.Error(), "does not fit wire.Snowflake")) {
			t.Errorf("Decode(%s) = %v; want bad_request: data: ... does not fit wire.Snowflake", test.text, err)
		}
		got = 5
		if err := stdjson.Unmarshal([]byte(test.text), &got); got != test.want || test.ok != (err == nil) {
			t.Errorf("json.Unmarshal(%s) = %d, %v; want %d, success %v", test.text, got, err, test.want, test.ok)
		}
	}
}

func TestSnowflakeWritesStrings(t *testing.T) {
	type all struct {
		ID     wire.Snowflake           `json:"id"`
		None   *wire.Snowflake          `json:"none"`
		Other  *wire.Snowflake          `json:"other"`
		Absent wire.Snowflake           `json:"absent,omitempty"`
		List   []wire.Snowflake         `json:"list"`
		Map    map[wire.Snowflake]int64 `json:"map"`
	}
	id := wire.Snowflake(80351110224678912)
	value := all{ID: id, Other: &id, List: []wire.Snowflake{1, 2}, Map: map[wire.Snowflake]int64{id: 1 << 60}}
	const want = `{"id":"80351110224678912","none":null,"other":"80351110224678912","list":["1","2"],` +
		`"map":{"80351110224678912":1152921504606846976}}`
	if got, err := codec.Of[all]().Append(nil, &value); string(got) != want || err != nil {
		t.Errorf("Append = %s, %v; want %s", got, err, want)
	}
	if got, err := stdjson.Marshal(value); string(got) != want || err != nil {
		t.Errorf("json.Marshal = %s, %v; want %s", got, err, want)
	}
	if got, err := stdjson.Marshal(map[string]any{"id": id}); string(got) != `{"id":"80351110224678912"}` || err != nil {
		t.Errorf("json.Marshal of an id in untyped data = %s, %v; want a string", got, err)
	}
}

func TestParseSnowflake(t *testing.T) {
	if got, err := wire.ParseSnowflake("80351110224678912"); got != 80351110224678912 || err != nil {
		t.Errorf("ParseSnowflake = %d, %v; want 80351110224678912", got, err)
	}
	for _, text := range []string{"", "x", "-1", "+1", "1 ", "0x1", "1_0", "18446744073709551616"} {
		got, err := wire.ParseSnowflake(text)
		if got != 0 || !errors.Is(err, strconv.ErrSyntax) && !errors.Is(err, strconv.ErrRange) {
			t.Errorf("ParseSnowflake(%q) = %d, %v; want an error of strconv", text, got, err)
		}
	}
	_, err := wire.ParseSnowflake("x")
	if got, want := err.Error(), `parse snowflake "x": invalid syntax`; got != want {
		t.Errorf("ParseSnowflake(%q) says %q; want %q", "x", got, want)
	}
}

func TestSnowflakeTime(t *testing.T) {
	// the example of Discord's API reference
	id := wire.Snowflake(175928847299117063)
	if got, want := id.Time().UTC(), time.Date(2016, 4, 30, 11, 18, 25, 796e6, time.UTC); !got.Equal(want) {
		t.Errorf("Time() = %s; want %s", got, want)
	}
	if got, want := wire.Snowflake(1<<64-1).Time().Year(), 2154; got != want {
		t.Errorf("Time() of the last id: year %d; want %d", got, want)
	}
}

func TestSnowflakeShard(t *testing.T) {
	id := wire.Snowflake(5<<22 | 1)
	if got := id.Shard(4); got != 1 {
		t.Errorf("Shard(4) = %d; want 1", got)
	}
	defer func() {
		if got, want := recover(), "wire: Snowflake.Shard(0): the number of shards must be positive"; got != want {
			t.Errorf("Shard(0) panics with %v; want %q", got, want)
		}
	}()
	id.Shard(0)
}

func FuzzSnowflake(f *testing.F) {
	for _, text := range []string{`"80351110224678912"`, `80351110224678912`, `18446744073709551616`, `25000000000000000000`, `null`, `"+1"`, `"\u0031"`, `1e3`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var got, standard wire.Snowflake
		var number uint64
		codec := codec.Of[wire.Snowflake]()
		err := codec.Decode(text, &got)
		if len(text) == 0 {
			return
		}
		if standardErr := stdjson.Unmarshal(text, &standard); (err == nil) != (standardErr == nil) || err == nil && got != standard {
			t.Errorf("Decode(%q) = %d, %v; encoding/json says %d, %v", text, got, err, standard, standardErr)
		}
		if stdjson.Unmarshal(text, &number) == nil && (err != nil || uint64(got) != number) {
			t.Errorf("Decode(%q) = %d, %v; as a number it is %d", text, got, err, number)
		}
		if err != nil {
			return
		}
		if again, err := wire.ParseSnowflake(got.String()); again != got || err != nil {
			t.Errorf("ParseSnowflake(%s) = %d, %v; want %d", got, again, err, got)
		}
		var again wire.Snowflake
		written, err := codec.Append(nil, &got)
		if err != nil || codec.Decode(written, &again) != nil || again != got {
			t.Errorf("Decode(Append(%d) = %q, %v) = %d; want the same", got, written, err, again)
		}
		_ = got.Time()
		if shard := got.Shard(7); shard < 0 || shard > 6 {
			t.Errorf("Shard(7) of %d = %d", got, shard)
		}
	})
}
