package dialect

import (
	"strings"
	"testing"
)

func TestCleanName(t *testing.T) {
	for name, want := range map[string]string{
		"":                                    "",
		"dashboard":                           "dashboard",
		"  Grüße 😀 <1> ":                      "Grüße 😀 <1>",
		"a\nlevel=ERROR\tb\x00\x1b[2Jc\u007f": "alevel=ERRORb[2Jc",
		"\u202eevil\u200b\u2028\ufeff":        "evil",
		"\n\t ":                               "",
		strings.Repeat("x", 65):               strings.Repeat("x", 64),
		strings.Repeat("x", 63) + "é":         strings.Repeat("x", 63),
		strings.Repeat("x", 62) + "é":         strings.Repeat("x", 62) + "é",
		strings.Repeat("x", 63) + " y":        strings.Repeat("x", 63),
		"a\xffb":                              "a\ufffdb",
	} {
		if got := cleanName(name); got != want {
			t.Errorf("cleanName(%q) = %q; want %q", name, got, want)
		}
	}
}
