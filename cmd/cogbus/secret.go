package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
)

// A secret is what a bot was started with, and where it was found.
type secret struct {
	value string
	from  string // for messages; "" if there is none
}

// maxSecret is what a file may hold: who names a wrong one is told so.
const maxSecret = 4096

// readSecret looks for the secret. A file goes before the environment; commands
// that take the admin secret look for that first. Its holder may call every
// route, so the others take it if there is nothing else.
func (s *session) readSecret() (secret, error) {
	if s.secretFile != "" {
		return s.readSecretFile(s.secretFile)
	}
	names := []string{"COGBUS_SECRET", "COGBUS_ADMIN_SECRET"}
	if s.command.admin {
		names[0], names[1] = names[1], names[0]
	}
	for _, name := range names {
		if value := s.getenv(name); value != "" {
			return secret{value, name}, nil
		}
	}
	return secret{}, nil
}

func (s *session) readSecretFile(name string) (secret, error) {
	f, err := os.Open(name)
	if err != nil {
		return secret{}, usagef(s.command.name, "read the secret: %v", err)
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
	if err != nil {
		return secret{}, usagef(s.command.name, "read the secret: %v", err)
	}
	value := strings.TrimRight(string(text), "\r\n")
	switch {
	case value == "":
		return secret{}, usagef(s.command.name, "the secret file %s is empty", name)
	case len(text) > maxSecret:
		return secret{}, usagef(s.command.name, "the secret file %s has more than %d bytes: is it the right one?", name, maxSecret)
	}
	// Windows has no such bits
	if info, err := f.Stat(); err == nil && info.Mode().IsRegular() && info.Mode()&0o004 != 0 && runtime.GOOS != "windows" {
		s.warn(fmt.Sprintf("every user of this machine can read the secret in %s: chmod o-r %[1]s", name))
	}
	return secret{value, name}, nil
}
