package codec_test

import (
	stdjson "encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/cogbus/cogbus/internal/codec"
)

// TestDecode_longStrings puts each kind of special byte at each position of a long string
// and compares the result with encoding/json.
func TestDecode_longStrings(t *testing.T) {
	type pad struct {
		Pad string `json:"pad"`
	}
	codec := codec.Of[pad]()
	for _, size := range []int{200, 255, 256, 257, 300, 1000} {
		for _, special := range []string{`"`, `\"`, `\\`, `\`, "\n", "\x1f", "\x00", "é", "\x7f", `\u00e9`} {
			for at := 0; at < size; at += max(1, size/37) {
				plain := strings.Repeat("x", size)
				text := []byte(`{"pad":"` + plain[:at] + special + plain[at:] + `"}`)
				var got, want pad
				err, wantErr := codec.Decode(text, &got), stdjson.Unmarshal(text, &want)
				if (err == nil) != (wantErr == nil) || err == nil && got != want {
					t.Errorf("Decode(%d bytes with %q at %d) = %.20q…, %v; want %.20q…, %v", size, special, at, got.Pad, err, want.Pad, wantErr)
				}
			}
		}
		for _, open := range []string{`{"pad":"`, `{"pad":"` + strings.Repeat("x", size)} {
			if err := codec.Decode([]byte(open), new(pad)); err == nil {
				t.Errorf("Decode(%.20q…) = nil; want an error", open)
			}
		}
	}
}

// BenchmarkLongString decodes requests that are mostly one string.
func BenchmarkLongString(b *testing.B) {
	type pad struct {
		Pad string `json:"pad"`
	}
	codec := codec.Of[pad]()
	for _, size := range []int{60, 4 << 10, 64 << 10} {
		text := []byte(`{"pad":"` + strings.Repeat("x", size) + `"}`)
		b.Run(fmt.Sprintf("bytes=%d", size), func(b *testing.B) {
			for b.Loop() {
				var p pad
				if err := codec.Decode(text, &p); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
