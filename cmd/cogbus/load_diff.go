package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/cogbus/cogbus/client/loadtest"
	"github.com/cogbus/cogbus/client/loadtest/compare"
)

// diff tells how two sides differ. Each is a file, or several separated by commas.
func (l *loader) diff(before, after string) error {
	a, err := readReports(before)
	if err != nil {
		return err
	}
	b, err := readReports(after)
	if err != nil {
		return err
	}
	c, err := compare.Runs(a, b, nil)
	if err != nil {
		return usagef("load", "load diff: %s", strings.TrimPrefix(err.Error(), "compare: "))
	}
	if l.s.json {
		text, err := json.MarshalIndent(c, "", "  ")
		if err != nil {
			return fmt.Errorf("encode the comparison: %w", err)
		}
		l.s.out.printf("%s\n", text)
	} else {
		var text strings.Builder
		if err := c.WriteText(&text); err != nil {
			return fmt.Errorf("write the comparison: %w", err)
		}
		l.s.out.printf("%s\n", manyLines(text.String())) // files may come from anywhere
	}
	if c.Regressed() {
		return &exitError{errors.New("the second is worse"), exitAssertion}
	}
	return nil
}

func readReports(names string) ([]*loadtest.Report, error) {
	var list []*loadtest.Report
	for name := range strings.SplitSeq(names, ",") {
		if name == "" {
			return nil, usagef("load", "load diff: there is no name before or behind a comma of %q", names)
		}
		r, err := loadtest.ReadReport(name)
		if err != nil {
			return nil, usagef("load", "load diff: %v", err)
		}
		list = append(list, r)
	}
	return list, nil
}
