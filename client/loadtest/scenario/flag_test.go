package scenario

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseRoute(t *testing.T) {
	for _, test := range []struct {
		text string
		want Route
		err  string
	}{
		{text: "members.count", want: Route{Name: "members.count"}},
		{text: "members.count*9", want: Route{Name: "members.count", Weight: 9}},
		{text: "a*0.5={\"x\":2*3}", want: Route{Name: "a", Weight: 0.5, Data: `{"x":2*3}`}},
		{text: "a={\"x\":\"=\"}", want: Route{Name: "a", Data: `{"x":"="}`}},
		{text: "", err: `route "": there is no name: ` + routeExamples},
		{text: "*3", err: `route "*3": there is no name: ` + routeExamples},
		{text: " a", err: `route " a": the name has spaces around it`},
		{text: "a=", err: `route "a=": there is no data behind the =: ` + routeExamples},
		{text: "a*", err: `route "a*": the weight "": want a number above 0, up to 1e+09: ` + routeExamples},
		{text: "a*-1", err: `route "a*-1": the weight "-1": want a number above 0, up to 1e+09: ` + routeExamples},
		{text: "a*NaN", err: `route "a*NaN": the weight "NaN": want a number above 0, up to 1e+09: ` + routeExamples},
		{text: "a*2*3", err: `route "a*2*3": the weight "2*3": want a number above 0, up to 1e+09: ` + routeExamples},
	} {
		got, err := ParseRoute(test.text)
		text := ""
		if err != nil {
			text = err.Error()
		}
		if diff := cmp.Diff(test.want, got); diff != "" || text != test.err {
			t.Errorf("ParseRoute(%s) = %+v, %v; want %+v, %s", test.text, got, err, test.want, test.err)
		}
	}
}
