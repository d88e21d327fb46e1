package protocol

import (
	"slices"

	"github.com/cogbus/cogbus/wire"
)

// A CodeInfo is the entry of one error code in the catalogue.
type CodeInfo struct {
	Code   wire.Code
	Number int    // the code of an error object of the Python package
	Cause  string // what has happened
	Ran    Ran    // whether the handler has run
	Advice string // what the caller can do
}

// Ran says whether the handler of a call has run. An error that says so itself, see
// [wire.Error], knows better.
type Ran string

// The answers to whether the handler has run.
const (
	RanNo      Ran = "no"
	RanPerhaps Ran = "perhaps"
	RanYes     Ran = "yes"
)

// catalogue is in the order of docs/protocol.md. Where several codes have one number,
// ParseValue takes the first.
var catalogue = []CodeInfo{
	{wire.BadRequest, 400, "the message or its data cannot be read; the text names the field", RanNo, "mend the request"},
	{wire.Unauthorized, 403, "no secret, or a wrong one", RanNo, "mend the configuration"},
	{wire.Forbidden, 403, "the bot knows the caller and does not allow the call", RanNo, "ask for the right"},
	{wire.NoRoute, 400, "no loaded cog has the route", RanNo, "mend the name, or load the cog"},
	{wire.NotFound, 404, "the thing that the caller asks for does not exist: a handler says so", RanYes, "ask for another thing"},
	{wire.Conflict, 409, "the thing that the caller wants to make exists already: a cog of that name, a route", RanNo, "look at what there is"},
	{wire.Timeout, 408, "the deadline passed", RanPerhaps, "repeat only what may run twice"},
	{wire.Canceled, 499, "the caller gave up", RanPerhaps, "repeat only what may run twice"},
	{wire.Overloaded, 429, "a limit is reached", RanNo, "come back after `retry_ms`"},
	{wire.Unavailable, 503, "the cog or the bot is not there now, or a reload or an unload cut the call off; the text says so", RanPerhaps, "come back after `retry_ms`"},
	{wire.Interrupted, 502, "the connection was lost, or the cog failed while the call ran", RanPerhaps, "repeat only what may run twice"},
	{wire.TooLarge, 413, "the request or the response exceeds `max`", RanPerhaps, "ask for less"},
	{wire.Internal, 500, "the handler failed; the bot's log tells why, the caller does not learn it", RanYes, "report it"},
	{wire.Failed, 500, "the order of an admin failed; the text says why", RanYes, "mend the cause in the text"},
}

// Codes returns the catalogue of the codes that cogbus itself uses. Handlers may send
// these too, and codes of their own.
func Codes() []CodeInfo { return slices.Clone(catalogue) }
