package load

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/cogbus/cogbus/cmd/cogbus/internal/cli"
)

// setIDs reads ids, or the name of a file that has one in each line.
func setIDs(to *[]uint64) func(string) error {
	return func(text string) error {
		separator := ","
		if name, ok := strings.CutPrefix(text, "@"); ok {
			content, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			text, separator = strings.TrimPrefix(string(content), "\uFEFF"), "\n"
		}
		var ids []uint64
		for part := range strings.SplitSeq(strings.TrimSpace(text), separator) {
			part = strings.TrimSpace(part)
			if part == "" && separator == "\n" {
				continue
			}
			id, err := strconv.ParseUint(part, 10, 64)
			if err != nil {
				return fmt.Errorf("want ids such as 906875633666295393, not %q", cli.Short(part, 40))
			}
			ids = append(ids, id)
		}
		if len(ids) == 0 {
			return errors.New("there is no id in the file")
		}
		*to = ids
		return nil
	}
}
