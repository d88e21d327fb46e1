package cli

import (
	"bytes"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

func TestProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got bytes.Buffer
		p := newProgress(&got, "building x\x1b")
		time.Sleep(2500 * time.Millisecond)
		synctest.Wait()
		fmt.Fprintln(p, "x.go:1:1: wrong")
		p.Say("building y")
		time.Sleep(time.Second)
		synctest.Wait()
		p.Done()
		time.Sleep(time.Hour)
		const clear = "\r\x1b[K"
		want := `building x\x1b … 1 s` + clear + `building x\x1b … 2 s` + clear + "x.go:1:1: wrong\nbuilding y … 3 s" + clear
		if got.String() != want {
			t.Errorf("progress writes %q; want %q", got.String(), want)
		}
	})
}

// TestProgress_short checks that the line does not appear if the work takes less than a
// second, or if standard error is no terminal.
func TestProgress_short(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got bytes.Buffer
		p := newProgress(&got, "building x")
		time.Sleep(900 * time.Millisecond)
		p.Done()
		p = NewEnv(nil, nil, &got, func(string) string { return "" }).Progress("building x")
		time.Sleep(time.Minute)
		p.Done()
		if got.Len() > 0 {
			t.Errorf("progress writes %q; want nothing", got.String())
		}
	})
}
