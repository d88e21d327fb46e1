package codec_test

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
)

// A writer writes random JSON texts. Some of them fit the types of the codec tests.
type writer struct {
	strings.Builder
	r *rand.Rand
}

func (w *writer) one(texts ...string) { w.WriteString(texts[w.r.IntN(len(texts))]) }

func (w *writer) space() { w.one("", "", "", "", " ", "\n\t", " \r ") }

func (w *writer) value(depth int) {
	w.space()
	defer w.space()
	switch n := w.r.IntN(12); {
	case n < 3 && depth > 0:
		w.WriteByte('{')
		for i := range w.r.IntN(5) {
			if i > 0 {
				w.WriteByte(',')
			}
			w.space()
			w.one(`"`+strconv.Itoa(w.r.IntN(19))+`"`, `"\u003`+strconv.Itoa(w.r.IntN(10))+`"`, `"a"`, `""`, `"-7"`)
			w.space()
			w.WriteByte(':')
			w.value(depth - 1)
		}
		w.WriteByte('}')
	case n < 5 && depth > 0:
		w.WriteByte('[')
		for i := range w.r.IntN(4) {
			if i > 0 {
				w.WriteByte(',')
			}
			w.value(depth - 1)
		}
		w.WriteByte(']')
	case n < 8:
		w.one("0", "-0", "1", "-1", "127", "128", "255", "256", "-128", "-129", "65536", "2147483648",
			"9007199254740993", "9223372036854775807", "9223372036854775808", "-9223372036854775808",
			"-9223372036854775809", "18446744073709551615", "18446744073709551616", "25000000000000000000",
			"80351110224678912", "1.5", "1e2", "1E+2", "0.1e-7", "1e400", "-1e400", "3.5e38", "1e-400",
			strconv.FormatFloat(w.r.NormFloat64(), 'g', -1, 64), strconv.FormatUint(w.r.Uint64(), 10),
			strconv.FormatUint(w.r.Uint64(), 10)+strconv.Itoa(w.r.IntN(1000)))
	case n < 11:
		w.one(`""`, `"a"`, `"\u0061\n\/\\\""`, `"\ud800"`, `"\ud83d\ude00"`, `"\ud83d\u0041"`, `"\udc00\ud800"`, `"é😀"`, `"\u0000"`,
			`"0"`, `"17"`, `"-5"`, `"1.5"`, `"true"`, `"null"`, `"\"x\""`, `"80351110224678912"`, `"aGk="`, `"aGk"`, `"a\nGk="`, `"YQ=="`,
			`"a long string without any need to be escaped"`, `"a long string with an escape at its end\t"`, `"007"`, `"+1"`, `" 1"`)
	default:
		w.one("null", "true", "false")
	}
}

func TestCodecDecodesAsStandard(t *testing.T) {
	for seed := range uint64(5_000) {
		w := writer{r: rand.New(rand.NewPCG(seed, 1))}
		w.value(4)
		text := []byte(w.String())
		sameAsStandard[everything](t, text)
		sameAsStandard[untyped](t, text)
		sameAsStandard[flat](t, text)
		sameAsStandard[numbered](t, text)
		sameAsStandard[unusual](t, text)
		sameAsStandard[arrays](t, text)
		sameAsStandard[any](t, text)
		sameAsStandard[map[string]string](t, text)
		sameAsStandard[map[string][]string](t, text)
		sameAsStandard[[]uint64](t, text)
	}
}
