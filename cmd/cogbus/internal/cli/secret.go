package cli

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
)

// A secret is the secret of a bot, and the place where this program found it.
type secret struct {
	value string
	from  string // the variable or file, for messages; "" if there is no secret
}

// maxSecret is the limit of the size of a secret file in bytes. The user has probably
// named a larger file by mistake.
const maxSecret = 4096

// readSecret looks for the secret. A file goes before the environment. Commands that need
// the admin secret look for it first. The other commands use it only if there is no other
// secret; with it they may call every route.
func (e *Env) readSecret() (secret, error) {
	if e.secretFile != "" {
		return e.readSecretFile(e.secretFile)
	}
	names := []string{"COGBUS_SECRET", "COGBUS_ADMIN_SECRET"}
	if e.Admin {
		names[0], names[1] = names[1], names[0]
	}
	for _, name := range names {
		if value := e.Getenv(name); value != "" {
			return secret{value, name}, nil
		}
	}
	return secret{}, nil
}

func (e *Env) readSecretFile(name string) (secret, error) {
	f, err := os.Open(name)
	if err != nil {
		return secret{}, Usagef("read the secret: %v", err)
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
	if err != nil {
		return secret{}, Usagef("read the secret: %v", err)
	}
	value := strings.TrimRight(string(text), "\r\n")
	switch {
	case value == "":
		return secret{}, Usagef("the secret file %s is empty", name)
	case len(text) > maxSecret:
		return secret{}, Usagef("the secret file %s has more than %d bytes: is it the right one?", name, maxSecret)
	}
	// Files on Windows do not have such bits.
	if info, err := f.Stat(); err == nil && info.Mode().IsRegular() && info.Mode()&0o004 != 0 && runtime.GOOS != "windows" {
		e.Warn(fmt.Sprintf("every user of this machine can read the secret in %s: chmod o-r %[1]s", name))
	}
	return secret{value, name}, nil
}
