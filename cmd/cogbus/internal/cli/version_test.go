package cli

import (
	"runtime"
	"runtime/debug"
	"testing"
)

func TestVersion(t *testing.T) {
	info := &debug.BuildInfo{Settings: []debug.BuildSetting{
		{Key: "vcs.revision", Value: "0123456789abcdef"}, {Key: "vcs.time", Value: "2026-01-02T03:04:05Z"}, {Key: "vcs.modified", Value: "true"},
	}}
	info.Main.Version = "v1.2.3"
	platform := runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH
	if got, want := versionOf(info).String(), "cogbus v1.2.3 (0123456789ab of 2026-01-02T03:04:05Z, modified), "+platform; got != want {
		t.Errorf("versionOf() = %q; want %q", got, want)
	}
	if got, want := versionOf(&debug.BuildInfo{}).String(), "cogbus (devel), "+platform; got != want {
		t.Errorf("versionOf() = %q; want %q", got, want)
	}
}
