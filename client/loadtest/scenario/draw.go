package scenario

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"text/template"
)

// A Drawer draws calls. Only one goroutine may use it.
type Drawer struct {
	program       *Program
	random        *rand.Rand
	guilds, users source
	templates     []*template.Template // by route: the template with the functions of this drawer; nil if the body has segments

	// The state of the current call.
	seq       uint64
	guild     uint64 // 0 until the template needs it
	user      uint64
	executing output
}

// Draw returns a Drawer. The same seed and stream draw the same calls; each goroutine
// of a run must have its own stream.
func (p *Program) Draw(seed, stream uint64) *Drawer {
	d := &Drawer{program: p, random: rand.New(rand.NewPCG(seed, stream))}
	d.guilds = p.guilds.source(d.random, kindGuild)
	d.users = p.users.source(d.random, kindUser)
	d.templates = make([]*template.Template, len(p.bodies))
	for i, b := range p.bodies {
		if b.segments != nil {
			continue
		}
		t, err := b.template.Clone()
		if err != nil {
			panic(fmt.Sprintf("scenario: clone the template of %s: %v", p.Routes[i].Name, err)) // cannot happen, because the template was parsed
		}
		d.templates[i] = t.Funcs(d.functions())
	}
	return d
}

// Next draws the next call. It returns the route, as an index of [Program.Routes], and
// appends the data to dst. seq is the number of the call in the run.
//
// Next returns an error if the template fails, although it never did when Compile tried
// it. The error names the route. Next may be called again.
func (d *Drawer) Next(dst []byte, seq uint64) (route int, data []byte, err error) {
	d.begin(seq)
	route = d.pick()
	data, err = d.fill(dst, route)
	if err != nil {
		return route, dst, fmt.Errorf("make the data of %s: %w", d.program.Routes[route].Name, err)
	}
	return route, data, nil
}

func (d *Drawer) begin(seq uint64) { d.seq, d.guild, d.user = seq, 0, 0 }

func (d *Drawer) pick() int {
	upTo := d.program.upTo
	last := len(upTo) - 1
	if last == 0 {
		return 0
	}
	i, _ := slices.BinarySearch(upTo, d.random.Float64()*upTo[last])
	return min(i, last)
}

// fill appends the data of a call of route.
func (d *Drawer) fill(dst []byte, route int) ([]byte, error) {
	if t := d.templates[route]; t != nil {
		d.executing = dst
		err := t.Execute(&d.executing, struct{}{}) // not nil, with which a misspelt {{.guild}} would be empty instead of an error
		dst, d.executing = d.executing, nil
		if err != nil {
			return dst, plain(err)
		}
		return dst, nil
	}
	segments := d.program.bodies[route].segments
	for i := range segments {
		switch s := &segments[i]; s.action {
		case fillText:
			dst = append(dst, s.text...)
		case fillGuild:
			dst = strconv.AppendUint(dst, d.drawGuild(), 10)
		case fillUser:
			dst = strconv.AppendUint(dst, d.drawUser(), 10)
		case fillSeq:
			dst = strconv.AppendUint(dst, d.seq, 10)
		case fillRand:
			dst = strconv.AppendInt(dst, d.drawFrom(s.span), 10)
		}
	}
	return dst, nil
}

// An output is a writer that appends to itself.
type output []byte

func (o *output) Write(text []byte) (int, error) {
	*o = append(*o, text...)
	return len(text), nil
}

// functions returns the functions of the templates. The segments of a body must do the
// same, and draw in the same order.
func (d *Drawer) functions() template.FuncMap {
	return template.FuncMap{
		"guild": d.drawGuild,
		"user":  d.drawUser,
		"seq":   func() uint64 { return d.seq },
		"rand":  d.drawRand,
		"pad": func(n any) (string, error) {
			size, err := whole(n)
			if err != nil {
				return "", err
			}
			return padding(size)
		},
	}
}

func (d *Drawer) drawGuild() uint64 {
	if d.guild == 0 {
		d.guild = d.guilds.draw()
	}
	return d.guild
}

func (d *Drawer) drawUser() uint64 {
	if d.user == 0 {
		d.user = d.users.draw()
	}
	return d.user
}

func (d *Drawer) drawRand(args ...any) (int64, error) {
	numbers := make([]int64, len(args))
	for i, arg := range args {
		var err error
		if numbers[i], err = whole(arg); err != nil {
			return 0, err
		}
	}
	s, err := randSpan(numbers)
	if err != nil {
		return 0, err
	}
	return d.drawFrom(s), nil
}

func (d *Drawer) drawFrom(s span) int64 { return s.low + int64(d.random.Uint64N(s.width)) }
