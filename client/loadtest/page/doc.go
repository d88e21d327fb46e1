// Package page writes the report of a load test as one HTML file, which needs no
// network, no fonts and no libraries. It can be mailed, kept beside a release, or
// opened in ten years.
//
// The package writes the figures as tables. A script in the page draws the charts from
// JSON in the page. A content security policy in the head forbids all other scripts
// and styles, so text from the bot cannot become active in the page.
package page
