package wire_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/cogbus/cogbus/wire"
)

// A contract package declares its routes as constants, which the bot and its callers
// share.
func ExampleRoute() {
	type Guild struct {
		ID wire.Snowflake `json:"id"`
	}
	type Members struct {
		Count int `json:"count"`
	}
	const CountMembers wire.Route[Guild, Members] = "members.count"

	fmt.Println(CountMembers)
	// Output: members.count
}

func ExampleErrorf() {
	handler := func(id wire.Snowflake) error {
		return fmt.Errorf("count members: %w", wire.Errorf(wire.NotFound, "no guild %s", id))
	}

	err := handler(80351110224678912)
	fmt.Println(err)
	fmt.Println(wire.CodeOf(err))
	// Output:
	// count members: not_found: no guild 80351110224678912
	// not_found
}

func ExampleCodeOf() {
	for _, err := range []error{
		nil,
		wire.Errorf(wire.Overloaded, "try again later"),
		fmt.Errorf("ask: %w", context.DeadlineExceeded),
		errors.New("disk full"),
	} {
		fmt.Printf("%q\n", wire.CodeOf(err))
	}
	// Output:
	// ""
	// "overloaded"
	// "timeout"
	// "internal"
}

func ExampleError_Is() {
	var err error = wire.Errorf(wire.Timeout, "no answer from %q in time", "members.count")
	fmt.Println(errors.Is(err, context.DeadlineExceeded))
	fmt.Println(errors.Is(err, &wire.Error{Code: wire.Timeout}))
	// Output:
	// true
	// true
}

func ExampleSnowflake() {
	var message struct {
		Author wire.Snowflake `json:"author"`
		Guild  wire.Snowflake `json:"guild"`
	}
	_ = json.Unmarshal([]byte(`{"author": "175928847299117063", "guild": 80351110224678912}`), &message)
	fmt.Println(message.Author, message.Author.Time().UTC().Format("2006-01-02"))
	fmt.Println("shard", message.Guild.Shard(16))

	out, _ := json.Marshal(message)
	fmt.Println(string(out))
	// Output:
	// 175928847299117063 2016-04-30
	// shard 9
	// {"author":"175928847299117063","guild":"80351110224678912"}
}
