package protocol_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cogbus/cogbus/internal/codec"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/protocol"
)

// sizes are the sizes of a small call, a page of data, and a long list, in bytes.
var sizes = []int{100, 4 << 10, 64 << 10}

// records returns JSON text of about size bytes.
func records(size int) string {
	var b strings.Builder
	b.WriteString(`{"list":[`)
	for i := 0; b.Len() < size-60 || i == 0; i++ {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"id":"80351110224678912","name":"n%d","n":%d,"ok":true}`, i, i)
	}
	b.WriteString(`]}`)
	return b.String()
}

func BenchmarkEnvelope(b *testing.B) {
	secret := "a secret of a usual length"
	for _, size := range sizes {
		text := protocol.AppendEnvelope(nil, "members.count", []byte(records(size-30)), &secret)
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(text)))
			var e protocol.Envelope
			for b.Loop() {
				if err := e.Parse(text); err != nil || !e.Authorized(secret) || e.Check() != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkRequest(b *testing.B) {
	for _, size := range sizes {
		text := protocol.AppendCall(nil, 123456, "members.count", []byte(records(size-30)), 1500e6)
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(text)))
			var r protocol.Request
			for b.Loop() {
				if err := r.Parse(text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkReply(b *testing.B) {
	for _, size := range sizes {
		text := protocol.AppendResultTail(append(protocol.AppendResultHead(nil, 123456), records(size)...))
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(text)))
			var r protocol.Reply
			for b.Loop() {
				if err := r.Parse(text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

type benchList struct {
	List []benchRecord `json:"list"`
}

type benchRecord struct {
	ID   wire.Snowflake `json:"id"`
	Name string         `json:"name"`
	N    int            `json:"n"`
	OK   bool           `json:"ok"`
}

func BenchmarkDecode(b *testing.B) {
	codec := codec.Of[benchList]()
	for _, size := range sizes {
		text := []byte(records(size))
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				var v benchList
				if err := codec.Decode(text, &v); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkDecodeUntyped(b *testing.B) {
	codec := codec.Of[any]()
	for _, size := range sizes {
		text := []byte(records(size))
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				var v any
				if err := codec.Decode(text, &v); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkEncode(b *testing.B) {
	codec := codec.Of[benchList]()
	for _, size := range sizes {
		var v benchList
		if err := codec.Decode([]byte(records(size)), &v); err != nil {
			b.Fatal(err)
		}
		buf, _ := codec.Append(nil, &v)
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(buf)))
			for b.Loop() {
				var err error
				if buf, err = codec.Append(buf[:0], &v); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
