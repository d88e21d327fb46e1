package clip_test

import (
	"testing"

	"github.com/cogbus/cogbus/internal/clip"
)

func TestText(t *testing.T) {
	for _, test := range []struct {
		text string
		most int
		want string
	}{
		{"", 3, ""},
		{"abc", 3, "abc"},
		{"abcd", 3, "abc... (1 bytes more)"},
		{"aéb", 2, "a... (3 bytes more)"},
		{"aéb", 3, "aé... (1 bytes more)"},
		{"\xff\xff\xff\xff\xff\xff\xff", 6, "\uFFFD... (1 bytes more)"},
		{"abc", 0, "... (3 bytes more)"},
	} {
		if got := clip.Text(test.text, test.most); got != test.want {
			t.Errorf("Text(%q, %d) = %q; want %q", test.text, test.most, got, test.want)
		}
	}
}
