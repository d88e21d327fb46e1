package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"html/template"
	"log/slog"
	"slices"
	"time"

	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/examples/api"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/admin"
)

// panelTime is the time limit of the bot for the data of one panel. A request for the whole
// page waits for the slowest panel; the script requests each panel by itself.
const panelTime = 900 * time.Millisecond

// A panel is a part of the page with the data of one cog of the bot.
type panel struct {
	name  string // the template has this name with .html
	title string
	load  func(ctx context.Context, d *dashboard) (any, error)
}

// panels returns the panels in the order of the page. The first one is the head of the
// page.
func panels() []panel {
	return []panel{
		{"status", "", loadStatus},
		{"guilds", "Guilds", loadGuilds},
		{"cogs", "Cogs", loadCogs},
		{"stats", "A cog to edit", loadStats},
		{"flaky", "A cog that fails", loadFlaky},
		{"settings", "Change settings", loadForm},
		{"changed", "Changed settings", loadChanged},
	}
}

// render returns a panel as HTML. If the bot did not deliver the data, the panel shows the
// error.
func (d *dashboard) render(ctx context.Context, p panel) template.HTML {
	ctx, cancel := context.WithTimeout(ctx, panelTime)
	defer cancel()
	var view struct {
		Data    any
		Problem *problem
	}
	data, err := p.load(ctx, d)
	if err != nil {
		view.Problem = problemOf(err)
	}
	view.Data = data
	var out bytes.Buffer
	if err := d.templates.ExecuteTemplate(&out, p.name+".html", view); err != nil {
		slog.Error("render a panel", "panel", p.name, "err", err)
		return "this panel cannot be rendered"
	}
	return template.HTML(out.String()) //nolint:gosec // html/template has escaped it
}

// A problem is an error for people to read.
type problem struct {
	Code       wire.Code
	Message    string
	RetryAfter time.Duration
}

func problemOf(err error) *problem {
	p := &problem{Code: wire.CodeOf(err), Message: err.Error()}
	if e, ok := errors.AsType[*wire.Error](err); ok {
		p.Message, p.RetryAfter = e.Message, e.RetryAfter
	}
	return p
}

// loadStatus measures how long the bot takes to answer.
func loadStatus(ctx context.Context, d *dashboard) (any, error) {
	began := time.Now()
	_, err := client.Call(ctx, d.bot, admin.Ping, wire.Empty{})
	return time.Since(began).Round(10 * time.Microsecond), err
}

func loadGuilds(ctx context.Context, d *dashboard) (any, error) {
	var sum struct {
		Guilds               []api.Members
		Count, Joins, Leaves int
	}
	var err error
	sum.Guilds, err = client.Call(ctx, d.bot, api.ListGuilds, wire.Empty{})
	for _, g := range sum.Guilds {
		sum.Count += g.Count
		sum.Joins += g.Joins
		sum.Leaves += g.Leaves
	}
	return sum, err
}

func loadCogs(ctx context.Context, d *dashboard) (any, error) {
	cogs, err := client.Call(ctx, d.bot, admin.Cogs, wire.Empty{})
	return struct {
		Cogs      []admin.CogStatus
		MayReload bool
	}{cogs, d.admin != nil}, err
}

func loadStats(ctx context.Context, d *dashboard) (any, error) {
	return client.Call(ctx, d.bot, api.TellStats, wire.Empty{})
}

// loadFlaky returns its data also if the work fails, so that the panel keeps its buttons.
func loadFlaky(ctx context.Context, d *dashboard) (any, error) {
	worked, err := client.Call(ctx, d.bot, api.Work, wire.Empty{})
	return struct {
		Times int64
		Modes []string
	}{worked.Times, api.Modes()}, err
}

// loadForm returns the guilds sorted by name. The order must not change while a user fills
// in the form.
func loadForm(ctx context.Context, d *dashboard) (any, error) {
	type option struct {
		Name string
		api.Settings
	}
	chosen, err := client.Call(ctx, d.bot, api.ListSettings, wire.Empty{})
	if err != nil {
		return nil, err
	}
	guilds, err := client.Call(ctx, d.bot, api.ListGuilds, wire.Empty{})
	if err != nil {
		return nil, err
	}
	options := make([]option, len(guilds))
	for i, g := range guilds {
		options[i] = option{g.Name, api.Settings{Guild: g.Guild, Prefix: api.DefaultPrefix}}
		if at := slices.IndexFunc(chosen, func(s api.Settings) bool { return s.Guild == g.Guild }); at >= 0 {
			options[i].Settings = chosen[at]
		}
	}
	slices.SortFunc(options, func(a, b option) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Guild, b.Guild))
	})
	return options, nil
}

func loadChanged(ctx context.Context, d *dashboard) (any, error) {
	type row struct {
		Name string
		api.Settings
	}
	list, err := client.Call(ctx, d.bot, api.ListSettings, wire.Empty{})
	if err != nil {
		return nil, err
	}
	names := map[wire.Snowflake]string{}
	// if the cog that knows the names does not answer, show ids instead
	guilds, _ := client.Call(ctx, d.bot, api.ListGuilds, wire.Empty{})
	for _, g := range guilds {
		names[g.Guild] = g.Name
	}
	rows := make([]row, len(list))
	for i, s := range list {
		rows[i] = row{cmp.Or(names[s.Guild], "guild "+s.Guild.String()), s}
	}
	return rows, nil
}
