package compat

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// A node is one JSON value as Python's json module reads it. It has integers of any size,
// floats that differ from integers, NaN and Infinity, and lone surrogates. Of two members
// with the same name the later one counts. encoding/json cannot tell such values apart, so
// the replay could not tell right from wrong with it.
type node struct {
	kind byte   // '{', '[' or '"'; '#' for numbers, 't' for booleans, 'n' for null; 0 if there is no value
	raw  string // the text
	str  string // the content of a string, with three bytes for a lone surrogate
	list []node
	keys []string // in order, each once
	vals map[string]node
}

func (n node) exists() bool { return n.kind != 0 }

// get returns a member of an object, or a node without kind if there is no such member.
func (n node) get(key string) node { return n.vals[key] }

func (n node) has(key string) bool { return n.vals[key].exists() }

func (n node) bool() bool { return n.raw == "true" }

func (n node) int() int {
	i, _ := strconv.Atoi(n.raw)
	return i
}

func (n node) float() float64 {
	switch n.raw {
	case "NaN":
		return math.NaN()
	case "Infinity":
		return math.Inf(1)
	case "-Infinity":
		return math.Inf(-1)
	}
	f, _ := strconv.ParseFloat(n.raw, 64) // a number out of range becomes an infinity, as in Python
	return f
}

// isInt reports whether a number is an int in Python.
func (n node) isInt() bool {
	return n.kind == '#' && !strings.ContainsAny(n.raw, ".eENI")
}

func (n node) bigInt() *big.Int {
	i, _ := new(big.Int).SetString(n.raw, 10)
	return i
}

// parse reads one JSON value.
func parse(text []byte) (node, error) {
	if !utf8.Valid(text) {
		return node{}, errors.New("not UTF-8")
	}
	p := parser{text: string(text)}
	n, err := p.value(0)
	if err != nil {
		return node{}, fmt.Errorf("at %d of %.60q: %w", p.pos, text, err)
	}
	p.space()
	if p.pos < len(p.text) {
		return node{}, fmt.Errorf("text follows the value of %.60q", text)
	}
	return n, nil
}

type parser struct {
	text string
	pos  int
}

var errJSON = errors.New("not JSON")

func (p *parser) space() {
	for p.pos < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.pos]) >= 0 {
		p.pos++
	}
}

func (p *parser) take(c byte) bool {
	p.space()
	if p.pos < len(p.text) && p.text[p.pos] == c {
		p.pos++
		return true
	}
	return false
}

func (p *parser) value(depth int) (n node, err error) {
	if depth > 5000 {
		return n, errors.New("nested too deep for this test")
	}
	p.space()
	start := p.pos
	defer func() { n.raw = p.text[start:p.pos] }()
	switch {
	case p.take('{'):
		n.kind, n.vals = '{', map[string]node{}
		for more := !p.take('}'); more; more = !p.take('}') {
			if len(n.keys) > 0 && !p.take(',') {
				return n, errJSON
			}
			p.space()
			key, err := p.string()
			if err != nil {
				return n, err
			}
			if !p.take(':') {
				return n, errJSON
			}
			v, err := p.value(depth + 1)
			if err != nil {
				return n, err
			}
			if !n.has(key) {
				n.keys = append(n.keys, key)
			}
			n.vals[key] = v
		}
		return n, nil
	case p.take('['):
		n.kind = '['
		for more := !p.take(']'); more; more = !p.take(']') {
			if len(n.list) > 0 && !p.take(',') {
				return n, errJSON
			}
			v, err := p.value(depth + 1)
			if err != nil {
				return n, err
			}
			n.list = append(n.list, v)
		}
		return n, nil
	case strings.HasPrefix(p.text[p.pos:], `"`):
		n.kind = '"'
		n.str, err = p.string()
		return n, err
	}
	for word, kind := range map[string]byte{"null": 'n', "true": 't', "false": 't', "NaN": '#', "Infinity": '#', "-Infinity": '#'} {
		if strings.HasPrefix(p.text[p.pos:], word) {
			p.pos += len(word)
			n.kind = kind
			return n, nil
		}
	}
	n.kind = '#'
	return n, p.number()
}

func (p *parser) number() error {
	digits := func() (n int) {
		for ; p.pos < len(p.text) && '0' <= p.text[p.pos] && p.text[p.pos] <= '9'; p.pos++ {
			n++
		}
		return n
	}
	one := func(set string) bool {
		if p.pos < len(p.text) && strings.IndexByte(set, p.text[p.pos]) >= 0 {
			p.pos++
			return true
		}
		return false
	}
	one("-")
	if !one("0") && digits() == 0 {
		return errJSON
	}
	if one(".") && digits() == 0 {
		return errJSON
	}
	if one("eE") {
		one("+-")
		if digits() == 0 {
			return errJSON
		}
	}
	return nil
}

func (p *parser) string() (string, error) {
	if !strings.HasPrefix(p.text[p.pos:], `"`) {
		return "", errJSON
	}
	p.pos++
	var out []byte
	for p.pos < len(p.text) {
		c := p.text[p.pos]
		p.pos++
		switch {
		case c == '"':
			return string(out), nil
		case c < 0x20:
			return "", errors.New("a control character in a string")
		case c != '\\':
			out = append(out, c)
			continue
		}
		if p.pos == len(p.text) {
			break
		}
		c = p.text[p.pos]
		p.pos++
		if i := strings.IndexByte(`"\/bfnrt`, c); i >= 0 {
			out = append(out, "\"\\/\b\f\n\r\t"[i])
			continue
		}
		r, ok := p.hex(c)
		if !ok {
			return "", errJSON
		}
		if utf16.IsSurrogate(r) {
			low, back := rune(0), p.pos
			if strings.HasPrefix(p.text[p.pos:], `\u`) {
				p.pos += 2
				low, _ = p.hex('u')
			}
			if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
				out = utf8.AppendRune(out, pair)
				continue
			}
			p.pos = back
			out = append(out, 0xE0|byte(r>>12), 0x80|byte(r>>6)&0x3F, 0x80|byte(r)&0x3F)
			continue
		}
		out = utf8.AppendRune(out, r)
	}
	return "", errors.New("a string does not end")
}

// hex reads four hexadecimal digits behind \u.
func (p *parser) hex(c byte) (rune, bool) {
	if c != 'u' || p.pos+4 > len(p.text) {
		return 0, false
	}
	v, err := strconv.ParseUint(p.text[p.pos:p.pos+4], 16, 16)
	if err != nil {
		return 0, false
	}
	p.pos += 4
	return rune(v), true
}

// quote writes a node's string as JSON text, in ASCII as Python does.
func quote(s string) string {
	var b bytes.Buffer
	b.WriteByte('"')
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 && i+3 <= len(s) { // a lone surrogate
			r, size = rune(s[i]&0xF)<<12|rune(s[i+1]&0x3F)<<6|rune(s[i+2]&0x3F), 3
		}
		i += size
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r >= 0x20 && r < 0x7F:
			b.WriteRune(r)
		case r > 0xFFFF:
			hi, lo := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, hi, lo)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
