package discordtest

import (
	"fmt"
	"strconv"
	"time"
)

// discordEpoch is the first second of 2015, in Unix milliseconds. Snowflakes count from
// that time.
const discordEpoch = 1420070400000

// snowflake is a Discord id. In JSON it is a string, since readers that store numbers as
// floats lose the last digits of numbers above 2^53.
type snowflake uint64

// snowflakeAt returns an id for a time, which is given in milliseconds after the Discord
// epoch. The id is always odd, so that rounding to a float64 always changes it. Code that
// rounds ids then fails in tests as it would in production.
func snowflakeAt(ms int64) snowflake {
	mixed := uint64(ms) * 0x9e3779b97f4a7c15 >> 42
	return snowflake(uint64(ms)<<22 | mixed | 1)
}

func parseSnowflake(text string) (snowflake, error) {
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("Value %q is not snowflake.", text)
	}
	return snowflake(n), nil
}

func (id snowflake) millis() int64 { return int64(id >> 22) }

func (id snowflake) time() time.Time { return time.UnixMilli(id.millis() + discordEpoch).UTC() }

// shard returns the shard of a guild with this id. Things without a guild have the id 0 and
// therefore belong to shard 0, as on Discord.
func (id snowflake) shard(count int) int { return int(uint64(id>>22) % uint64(count)) }

func (id snowflake) String() string { return strconv.FormatUint(uint64(id), 10) }

func (id snowflake) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

func (id *snowflake) UnmarshalText(text []byte) (err error) {
	*id, err = parseSnowflake(string(text))
	return err
}
