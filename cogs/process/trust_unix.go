//go:build unix

package process

import (
	"errors"
	"os"
	"syscall"
)

// trusted returns the reason why a folder must not hold the programs that the bot runs, or
// nil if it may. A group with the same number as the user counts as the user's own. In a
// folder with the sticky bit, such as /tmp, others cannot replace the user's files.
func trusted(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	if owner := int(stat.Uid); owner != os.Geteuid() && owner != 0 {
		return errors.New("it belongs to another user")
	}
	others := info.Mode().Perm()&0o002 != 0 || info.Mode().Perm()&0o020 != 0 && stat.Gid != stat.Uid
	if others && info.Mode()&os.ModeSticky == 0 {
		return errors.New("other users can write to it: chmod go-w")
	}
	return nil
}
