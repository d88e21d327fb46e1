package loadtest

import (
	"errors"
	"slices"

	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/wire"
)

// judge says what the error of a call means, where the errors in expect count as
// answers.
func judge(err error, expect []wire.Code) (outcome, wire.Code) {
	if err == nil {
		return answered, ""
	}
	code := wire.CodeOf(err)
	own := !client.IsAnswer(err)
	if _, ok := errors.AsType[*lineError](err); ok {
		own = true
	}
	switch {
	case slices.Contains(expect, code):
		return expected, code
	case own && (code == wire.Timeout || code == wire.Interrupted || code == wire.Canceled):
		return unanswered, code
	}
	return failed, code
}
