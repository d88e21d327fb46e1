package main

import (
	"bytes"
	"embed"
	"html/template"
	"log/slog"
	"net/http"
	"sync"

	"github.com/cogbus/cogbus/client"
)

//go:embed web
var web embed.FS

// A dashboard serves the page of one bot.
type dashboard struct {
	bot       *client.Client
	admin     *client.Client // nil: the dashboard cannot reload cogs
	templates *template.Template
}

func newDashboard(bot *client.Client) *dashboard {
	return &dashboard{bot: bot, templates: template.Must(template.ParseFS(web, "web/*.html"))}
}

// handler returns the routes of the page behind the guard.
func (d *dashboard) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", d.page)
	mux.HandleFunc("GET /panel/{name}", d.panel)
	mux.HandleFunc("POST /settings", d.setSettings)
	mux.HandleFunc("POST /mode", d.setMode)
	mux.HandleFunc("POST /reload", d.reload)
	mux.Handle("GET /web/", http.FileServerFS(assets{web}))
	return guard(mux)
}

// page serves the whole page. If a panel fails, the others do not.
func (d *dashboard) page(w http.ResponseWriter, r *http.Request) {
	type section struct {
		Name, Title string
		Body        template.HTML // from d.render, which escapes
	}
	list := panels()
	data := struct {
		Notice   *notice
		Status   section
		Sections []section
	}{Notice: takeNotice(w, r), Sections: make([]section, len(list))}
	var all sync.WaitGroup
	for i, p := range list {
		all.Go(func() { data.Sections[i] = section{p.name, p.title, d.render(r.Context(), p)} })
	}
	all.Wait()
	data.Status, data.Sections = data.Sections[0], data.Sections[1:]
	var page bytes.Buffer
	if err := d.templates.ExecuteTemplate(&page, "page.html", data); err != nil {
		slog.Error("render the page", "err", err)
		http.Error(w, "the page cannot be rendered", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = page.WriteTo(w) // fails only if the browser is gone
}

// panel serves one panel, for the script that keeps the page up to date.
func (d *dashboard) panel(w http.ResponseWriter, r *http.Request) {
	for _, p := range panels() {
		if p.name == r.PathValue("name") {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, _ = w.Write([]byte(d.render(r.Context(), p)))
			return
		}
	}
	http.NotFound(w, r)
}
