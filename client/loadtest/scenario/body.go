package scenario

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"text/template"
	"text/template/parse"
)

// A body produces the data of a route.
type body struct {
	segments []segment // replaces the template; nil if the template must be executed
	template *template.Template
}

// A segment is a piece of data. Most templates consist of a few segments, and filling
// them takes a hundredth of the time of executing the template.
type segment struct {
	action action
	text   string // for fillText
	span   span   // for fillRand
}

type action uint8

const (
	fillText action = iota
	fillGuild
	fillUser
	fillSeq
	fillRand
)

// A span has width whole numbers, the smallest of which is low.
type span struct {
	low   int64
	width uint64
}

// randSpan returns the span for the arguments of rand.
func randSpan(args []int64) (span, error) {
	switch len(args) {
	case 0:
		return span{0, 1 << 53}, nil // a number of JavaScript holds 53 bits exactly
	case 1:
		if args[0] < 1 {
			return span{}, fmt.Errorf("rand %d: want a number above 0", args[0])
		}
		return span{0, uint64(args[0])}, nil
	case 2:
		low, high := args[0], args[1]
		if low > high {
			return span{}, fmt.Errorf("rand %d %d: want the smaller number first", low, high)
		}
		width := uint64(high) - uint64(low) + 1
		if width == 0 {
			return span{}, fmt.Errorf("rand %d %d: want fewer than 2^64 numbers", low, high)
		}
		return span{low, width}, nil
	}
	return span{}, fmt.Errorf("rand: want at most two numbers, not %d", len(args))
}

// maxPad is larger than any message may be. It keeps a typing error from taking all
// memory.
const maxPad = 64 << 20

const letters = "abcdefghijklmnopqrstuvwxyz"

func padding(n int64) (string, error) {
	if n < 0 || n > maxPad {
		return "", fmt.Errorf("pad %d: want a number from 0 to %d", n, maxPad)
	}
	return strings.Repeat(letters, int(n)/len(letters)+1)[:n], nil
}

// whole returns a number of a template, which is a constant, a result of len, or a
// result of a function of this package.
func whole(arg any) (int64, error) {
	switch n := arg.(type) {
	case int:
		return int64(n), nil
	case int64:
		return n, nil
	case uint64:
		if n <= math.MaxInt64 {
			return int64(n), nil
		}
	}
	return 0, fmt.Errorf("want a whole number below 2^63, not %v", arg)
}

// parseBody parses the template of a route's data.
func parseBody(text string) (body, error) {
	t, err := template.New(templateName).Funcs(new(Drawer).functions()).Parse(text)
	if err != nil {
		return body{}, plain(err)
	}
	b := body{template: t}
	if t.Tree == nil { // the template has definitions only
		b.segments = []segment{}
		return b, nil
	}
	segments := make([]segment, 0, len(t.Root.Nodes))
	for _, node := range t.Root.Nodes {
		s, ok := segmentOf(node)
		if !ok {
			return b, nil
		}
		if last := len(segments) - 1; s.action == fillText && last >= 0 && segments[last].action == fillText {
			segments[last].text += s.text
			continue
		}
		segments = append(segments, s)
	}
	b.segments = segments
	return b, nil
}

// segmentOf returns the segment that does the same as a node of a template, if there
// is one. It returns none for an action with wrong arguments, because the error of the
// executed template names their place.
func segmentOf(node parse.Node) (segment, bool) {
	if text, ok := node.(*parse.TextNode); ok {
		return segment{text: string(text.Text)}, true
	}
	do, ok := node.(*parse.ActionNode)
	if !ok || len(do.Pipe.Decl) > 0 || len(do.Pipe.Cmds) != 1 {
		return segment{}, false
	}
	words := do.Pipe.Cmds[0].Args
	name, ok := words[0].(*parse.IdentifierNode)
	if !ok {
		return segment{}, false
	}
	var args []int64
	for _, word := range words[1:] {
		number, ok := word.(*parse.NumberNode)
		if !ok {
			return segment{}, false
		}
		n, err := strconv.ParseInt(number.Text, 0, strconv.IntSize) // as text/template does, for which 1e3 is not a whole number
		if err != nil {
			return segment{}, false
		}
		args = append(args, n)
	}
	var err error
	s := segment{}
	switch {
	case name.Ident == "guild" && len(args) == 0:
		s.action = fillGuild
	case name.Ident == "user" && len(args) == 0:
		s.action = fillUser
	case name.Ident == "seq" && len(args) == 0:
		s.action = fillSeq
	case name.Ident == "rand":
		s.action = fillRand
		s.span, err = randSpan(args)
	case name.Ident == "pad" && len(args) == 1:
		s.text, err = padding(args[0])
	default:
		return segment{}, false
	}
	return s, err == nil
}

const templateName = "data"

// plain replaces "template: data:3: ..." in an error of text/template by "line 3: ...".
func plain(err error) error {
	text := err.Error()
	if rest, ok := strings.CutPrefix(text, "template: "+templateName+":"); ok {
		return errors.New("line " + rest)
	}
	return err
}
