// Package page writes the report of a load test as one HTML file that needs
// nothing else: no network, no fonts, no libraries. It can be mailed, kept beside
// a release, or opened in ten years.
//
// The figures stand in tables, made here; the charts are drawn from JSON in the
// page by a script in the page. A policy in its head forbids everything else, so
// what a bot has answered with cannot become part of the page.
package page
