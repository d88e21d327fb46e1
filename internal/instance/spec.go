package instance

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// A Spec is a cog in the form in which the packages that run cogs use it. Package spec
// makes a Spec from a cogs.Cog, where the fields are documented.
type Spec struct {
	Name         string
	Setup        func(ctx context.Context, r *Recorder) error
	Serial       bool
	Timeout      time.Duration
	SetupTimeout time.Duration
	DrainTimeout time.Duration
	MaxInFlight  int
	MaxHeld      int
}

// check returns an error that names the first fault of s, or nil.
func (s *Spec) check() error {
	switch {
	case s.Name == "":
		return errors.New("cogs: a cog has no Name")
	case len(s.Name) > maxName:
		return fmt.Errorf("cogs: the name %.40q... of a cog is longer than %d bytes", s.Name, maxName)
	case s.Setup == nil:
		return fmt.Errorf("cogs: cog %q has no Setup", s.Name)
	case s.Timeout < 0, s.SetupTimeout < 0, s.DrainTimeout < 0, s.MaxInFlight < 0, s.MaxHeld < 0:
		return fmt.Errorf("cogs: cog %q has a negative time or limit; zero means the default", s.Name)
	}
	return nil
}
