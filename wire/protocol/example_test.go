package protocol_test

import (
	"fmt"
	"time"

	"github.com/cogbus/cogbus/wire/protocol"
)

// A client of cogbus.v1 writes a call and reads its reply.
func Example() {
	call := protocol.AppendCall(nil, 7, "members.count", []byte(`{"guild_id":"1"}`), 2*time.Second)
	fmt.Println(string(call))

	var r protocol.Reply
	for _, text := range []string{`{"id":7,"ok":{"count":1500}}`, `{"id":7,"err":{"code":"overloaded","retry_ms":100,"ran":false}}`} {
		if err := r.Parse([]byte(text)); err != nil {
			fmt.Println(err)
		}
		if r.Err != nil {
			fmt.Println(r.ID, r.Err, r.Err.NotRun)
		} else {
			fmt.Println(r.ID, string(r.OK))
		}
	}
	// Output:
	// {"id":7,"call":"members.count","data":{"guild_id":"1"},"ms":2000}
	// 7 {"count":1500}
	// 7 overloaded (try again in 100ms) true
}

// A client of a Python bot does the same in the other dialect.
func ExampleParseValue() {
	secret := "open sesame"
	fmt.Println(string(protocol.AppendEnvelope(nil, "members.count", []byte(`{"guild_id": 1}`), &secret)))
	for _, text := range []string{`{"count": 1500}`, `{"error": "Invalid or no endpoint given.", "code": 400}`} {
		value, err := protocol.ParseValue([]byte(text))
		fmt.Println(string(value), err)
	}
	// Output:
	// {"endpoint": "members.count", "data": {"guild_id": 1}, "headers": {"Authorization": "open sesame"}}
	// {"count": 1500} <nil>
	//  no_route: Invalid or no endpoint given.
}
