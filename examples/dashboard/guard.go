package main

import (
	"io/fs"
	"net"
	"net/http"
	"net/netip"
	"path"
	"strings"
)

const maxForm = 64 << 10

// guard rejects requests that other web pages in the same browser have caused.
func guard(next http.Handler) http.Handler {
	// rejects the forms of other sites
	next = http.NewCrossOriginProtection().Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// another site may own a name that resolves to 127.0.0.1, which would make its page
		// the same origin as this page
		if !isLoopback(r.Host) {
			http.Error(w, "this page is served at loopback addresses only", http.StatusMisdirectedRequest)
			return
		}
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		next.ServeHTTP(w, r)
	})
}

// isLoopback reports whether a Host header can only name this machine.
func isLoopback(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	addr, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && addr.IsLoopback()
}

// assets are the files that the server sends unchanged, without the templates.
type assets struct{ files fs.FS }

// Open implements [fs.FS].
func (a assets) Open(name string) (fs.File, error) {
	switch path.Ext(name) {
	case ".css", ".js", ".svg":
		return a.files.Open(name)
	}
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}
