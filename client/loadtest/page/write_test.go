package page

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"html"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cogbus/cogbus/client/loadtest"
	"github.com/cogbus/cogbus/wire"
)

var pages = flag.String("pages", "", "a folder to write the pages of the tests to, to look at them")

// pageOf writes the page of a report and returns it.
func pageOf(t *testing.T, name string, r *loadtest.Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, r); err != nil {
		t.Fatal(err)
	}
	if *pages != "" {
		if err := os.WriteFile(filepath.Join(*pages, name+".html"), b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

// between returns the text between the first begin and the next end.
func between(t *testing.T, page, begin, end string) string {
	t.Helper()
	_, rest, ok := strings.Cut(page, begin)
	text, _, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("the page has no %q … %q", begin, end)
	}
	return text
}

// visible returns the text of a page without its tags.
func visible(page string) string {
	body := page[strings.Index(page, "<body>"):strings.Index(page, "<script")]
	text := regexp.MustCompile(`<[^>]*>`).ReplaceAllString(body, " ")
	return strings.Join(strings.Fields(strings.ReplaceAll(html.UnescapeString(text), "\u00a0", " ")), " ")
}

func TestWriteTells(t *testing.T) {
	for _, tt := range []struct {
		name   string
		report *loadtest.Report
		want   []string
		not    []string
		charts string
	}{
		{
			"faulty", faulty(t),
			[]string{
				"Open loop: 20,000 calls a second", "for 60 s after 5 s of warm-up", "1 of 3 missed", "missed: err<0.1%, got 0.77 %", "met: p99<5ms, got 3.2 ms",
				"Ran to its end", "1 of 5 did not happen", "Answered 19,844/s of 20,000/s wanted", "during fault 2", "2 kill=members@20s serving again after 131 ms",
				"did not happen: forbidden: the admin secret is needed", "the cog members restarts (try again in 100ms)", "p99.99 126 ms",
				"3 → 4", "restarted after a failure: the process was killed", "1.41 of 8 cores busy; of all processors there 42 %", `members.count*9={"guild_id":"{{guild}}"} guilds.list*1={}`, "Timeline: 65 intervals",
			},
			[]string{"not the figures of the bot"},
			"latency traffic flight errors percentiles histogram times cogs lag connections",
		},
		{
			"plain", plain(t),
			[]string{"Closed loop: 64 callers", "ipcx, a connection for each call", "None were set", "None were made", "None: every call was answered with a result.", "This bot does not tell"},
			[]string{"What the faults did", "Reloads and restarts", "service 17"},
			"latency traffic flight percentiles histogram connections",
		},
		{
			"invalid", invalid(t),
			[]string{
				"These are not the figures of the bot", "the generator used 7.9 of 8 cores", "Not valid", "Aborted", "got 412 ms", "4,120 calls were due and not sent",
				"1,000 calls a second until 60 s, rising to 60,000/s by 180 s, then 20,000/s until 300 s;",
			},
			nil,
			"latency traffic flight errors percentiles histogram lag connections",
		},
		{"empty", empty(t), []string{"No call was made.", "Refused by the bot", "no loaded cog has the route members.cuont", "There are none"}, []string{"every call was answered", "NaN"}, ""},
		{"short", short(t), []string{"Interrupted", "p99 was 217 µs.", "calls enough up to p50", "too few"}, []string{"NaN"}, "latency traffic flight percentiles histogram connections"},
		{"failing", failing(t), []string{"Target lost", "Of 3,000 calls, 3,000 (100 %) failed.", "connection refused", "Nothing was answered."}, []string{"NaN"}, "traffic flight errors connections"},
		{"zero", &loadtest.Report{}, []string{"No call was made."}, []string{"NaN", "<no value>"}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			page := pageOf(t, tt.name, tt.report)
			text := visible(page)
			for _, want := range tt.want {
				if !strings.Contains(text, want) {
					t.Errorf("the page does not say %q", want)
				}
			}
			for _, not := range tt.not {
				if strings.Contains(text, not) {
					t.Errorf("the page says %q", not)
				}
			}
			var charts []string
			for _, m := range regexp.MustCompile(`data-chart="(\w+)" aria-label="[^"]+"`).FindAllStringSubmatch(page, -1) {
				charts = append(charts, m[1])
			}
			if diff := cmp.Diff(tt.charts, strings.Join(charts, " ")); diff != "" {
				t.Errorf("charts (-want +got):\n%s", diff)
			}
			if t.Failed() {
				t.Log(text)
			}
		})
	}
}

func TestWriteLoadsNothing(t *testing.T) {
	page := pageOf(t, "faulty", faulty(t))
	for _, m := range regexp.MustCompile(`(?i)\b(?:src|href|srcset|action|data|poster|background|xlink:href)\s*=\s*"([^"]*)"`).FindAllStringSubmatch(page, -1) {
		if !strings.HasPrefix(m[1], "#") {
			t.Errorf("the page refers to %s", m[0])
		}
	}
	for _, word := range []string{"@import", "url(", "fetch(", "XMLHttpRequest", "<link", "<iframe", "<img", ` style="`, "onclick"} {
		if strings.Contains(page, word) {
			t.Errorf("the page has %q", word)
		}
	}
	policy := html.UnescapeString(between(t, page, `http-equiv="Content-Security-Policy" content="`, `"`))
	hash := func(text string) string {
		sum := sha256.Sum256([]byte(text))
		return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	want := fmt.Sprintf("default-src 'none'; style-src %s; script-src %s; base-uri 'none'; form-action 'none'",
		hash(between(t, page, "<style>", "</style>")), hash(between(t, page, "<script>", "</script>")))
	if policy != want {
		t.Errorf("policy = %s; want %s", policy, want)
	}
	if n := strings.Count(page, "<script"); n != 2 {
		t.Errorf("the page has %d script elements; want the data and the code", n)
	}
}

func TestWriteHostile(t *testing.T) {
	const evil = `</script><script>alert(1)</script><!--<img src=x onerror=alert(2)>"'&` + "`${alert(3)}\u2028\x00\xff{{.Style}}"
	r := faulty(t)
	r.Load.Target, r.Load.Dialect, r.Load.Routes, r.Load.Faults = evil, evil, []string{evil}, []string{evil}
	r.EndedBy, r.Invalid, r.End = evil, []string{evil}, evil
	r.Machine = loadtest.Machine{Cogbus: evil, Go: evil, System: evil, CPU: evil, Command: evil}
	r.Errors = []loadtest.Failure{{Code: evil, Route: evil, First: evil, Count: 1}}
	r.Goals = []loadtest.Verdict{{Goal: evil}}
	for i := range r.Faults {
		r.Faults[i].Text, r.Faults[i].Note, r.Faults[i].Err = evil, evil, evil
	}
	for i := range r.Routes {
		r.Routes[i].Name = evil
	}
	for i := range r.Timeline {
		r.Timeline[i].Errors = map[wire.Code]int64{evil: 1}
		r.Timeline[i].Cogs[0].Name = evil
	}
	cog := &r.Server.Cogs[0]
	cog.Name, cog.Refused = evil, map[wire.Code]uint64{evil: 1}
	for i := range cog.Switches {
		cog.Switches[i].Note, cog.Switches[i].Revision = evil, evil
	}
	page := pageOf(t, "hostile", r)
	tags := func(page string) map[string]int {
		found := map[string]int{}
		for _, tag := range regexp.MustCompile(`<[!/]?[A-Za-z-]+`).FindAllString(page, -1) {
			found[tag]++
		}
		return found
	}
	got := tags(page)
	for _, tag := range []string{"<img", "<!--"} {
		if got[tag] > 0 {
			t.Errorf("the page has %d %s of the report", got[tag], tag)
		}
	}
	if got["<script"] != 2 || got["</script"] != 2 {
		t.Errorf("the page has %d <script and %d </script; want 2", got["<script"], got["</script"])
	}
	var data charts
	if err := json.Unmarshal([]byte(between(t, page, `id="data">`, "</script>")), &data); err != nil {
		t.Fatalf("data of the charts: %v", err)
	}
	want := strings.ReplaceAll(evil, "\xff", "\ufffd")
	if got := data.Errors[0].Name; got != want {
		t.Errorf("data of the charts has the code %q; want %q", got, want)
	}
	if !strings.Contains(visible(page), `</script><script>alert(1)</script>`) {
		t.Error("the page does not show the text from the bot")
	}
}

func TestWriteErrors(t *testing.T) {
	broken := plain(t)
	broken.Response.Histogram = "HISTFAAA"
	number := plain(t)
	number.Timeline[3].P99 = math.NaN()
	for _, tt := range []struct {
		name   string
		report *loadtest.Report
		want   string
	}{{"histogram", broken, "decode the histogram of the response"}, {"number", number, "invalid character 'N'"}} {
		var b bytes.Buffer
		err := Write(&b, tt.report)
		if err == nil || !strings.Contains(err.Error(), tt.want) || b.Len() > 0 {
			t.Errorf("Write of a report with a broken %s = %v, and wrote %d bytes; want an error with %q, and nothing", tt.name, err, b.Len(), tt.want)
		}
	}
	if err := Write(fullDisk{}, plain(t)); !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("Write to a full disk = %v; want its error", err)
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, io.ErrShortWrite }
