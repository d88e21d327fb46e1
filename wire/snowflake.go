package wire

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"time"
)

// A Snowflake is an id of Discord. It reads JSON numbers and strings and writes
// strings, since ids exceed 2^53 and JavaScript would round a number. A route with
// Python callers that expect numbers uses uint64.
//
// See "Snowflakes" in Discord's API reference.
type Snowflake uint64

// discordEpoch is the first second of 2015 in Unix milliseconds.
const discordEpoch = 1420070400000

// ParseSnowflake parses the decimal form of an id.
func ParseSnowflake(text string) (Snowflake, error) {
	id, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("parse snowflake %.40q: %w", text, errors.Unwrap(err)) // without the text that errors of strconv repeat
	}
	return Snowflake(id), nil
}

// String returns the id in decimal, like Discord's own API.
func (s Snowflake) String() string { return strconv.FormatUint(uint64(s), 10) }

// Time returns the time at which the object with the id s was made.
func (s Snowflake) Time() time.Time {
	return time.UnixMilli(int64(s>>22) + discordEpoch)
}

// Shard returns the shard, of shards in all, that the guild with this id
// belongs to. It panics if shards is not positive.
func (s Snowflake) Shard(shards int) int {
	if shards <= 0 {
		panic(fmt.Sprintf("wire: Snowflake.Shard(%d): the number of shards must be positive", shards))
	}
	return int(uint64(s>>22) % uint64(shards))
}

// UnmarshalJSON reads a number or a string of decimal digits. null leaves s unchanged,
// like encoding/json for numbers.
func (s *Snowflake) UnmarshalJSON(text []byte) error {
	digits := text
	if n := len(text); n >= 2 && text[0] == '"' && text[n-1] == '"' {
		digits = text[1 : n-1]
	} else if string(text) == "null" {
		return nil
	}
	id, err := strconv.ParseUint(string(digits), 10, 64)
	if err != nil {
		return &json.UnmarshalTypeError{Value: kindOf(text), Type: reflect.TypeFor[Snowflake]()}
	}
	*s = Snowflake(id)
	return nil
}

// MarshalText writes s in decimal. So s becomes a JSON string, and may be the key of a
// JSON object. A MarshalJSON beside it would be slower to call.
func (s Snowflake) MarshalText() ([]byte, error) {
	return strconv.AppendUint(nil, uint64(s), 10), nil
}

// UnmarshalText reads the text of MarshalText.
func (s *Snowflake) UnmarshalText(text []byte) error {
	id, err := ParseSnowflake(string(text))
	if err == nil {
		*s = id
	}
	return err
}

// kindOf returns the kind of a JSON value for error messages.
func kindOf(value []byte) string {
	if len(value) == 0 {
		return "nothing"
	}
	switch value[0] {
	case '"':
		return "string"
	case '{':
		return "object"
	case '[':
		return "array"
	case 't', 'f':
		return "bool"
	case 'n':
		return "null"
	}
	return "number"
}
