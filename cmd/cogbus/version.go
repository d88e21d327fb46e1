package main

import (
	"context"
	"encoding/json"
	"runtime"
	"runtime/debug"
)

func newVersion() *command {
	return &command{
		name:     "version",
		summary:  "print the version of this program",
		examples: []string{"cogbus version", "cogbus version --json"},
		local:    true,
		run: func(_ context.Context, s *session, _ []string) error {
			v := readVersion()
			if s.json {
				text, err := json.Marshal(v)
				s.out.printf("%s\n", text)
				return err
			}
			s.out.printf("%s\n", v)
			return nil
		},
	}
}

// A version tells what this program was built from.
type version struct {
	Version  string `json:"version"`
	Revision string `json:"revision,omitempty"`
	Time     string `json:"time,omitempty"`     // of the revision
	Modified bool   `json:"modified,omitempty"` // the files differed from it
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

func readVersion() version {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	return versionOf(info)
}

func versionOf(info *debug.BuildInfo) version {
	v := version{Version: info.Main.Version, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	if v.Version == "" {
		v.Version = "(devel)" // as the go command calls it
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Revision = s.Value
		case "vcs.time":
			v.Time = s.Value
		case "vcs.modified":
			v.Modified = s.Value == "true"
		}
	}
	return v
}

// String returns one line.
func (v version) String() string {
	text := "cogbus " + v.Version
	if v.Revision != "" {
		text += " (" + v.Revision[:min(12, len(v.Revision))]
		if v.Time != "" {
			text += " of " + v.Time
		}
		if v.Modified {
			text += ", modified"
		}
		text += ")"
	}
	return text + ", " + v.Go + " " + v.Platform
}
