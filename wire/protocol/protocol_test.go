package protocol_test

import (
	"os"
	"strings"
	"testing"

	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/protocol"
)

// The examples in docs/protocol.md must be messages of this package.
func TestProtocolPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{vectorSecret, vectorClient, vectorServer, clientProof, serverProof} {
		if !strings.Contains(string(page), part) {
			t.Errorf("the page lacks %s of the test vector", part)
		}
	}
	requests, replies, lookups := 0, 0, 0
	for line := range strings.Lines(string(page)) {
		from, text, ok := strings.Cut(strings.TrimSpace(line), " ")
		if !ok || !strings.HasPrefix(line, "    ") || !strings.HasPrefix(text, "{") {
			continue
		}
		var request protocol.Request
		var reply protocol.Reply
		var envelope protocol.Envelope
		switch spaced := strings.Contains(text, `": `); {
		case from == "→" && spaced:
			err = envelope.Parse([]byte(text))
			lookups++
		case from == "→":
			err = request.Parse([]byte(text))
			requests++
		case from == "←" && !spaced && !strings.HasPrefix(text, `{"count"`):
			err = reply.Parse([]byte(text))
			replies++
			if known := reply.OK != nil || reply.Err != nil || reply.GoAway != nil || reply.Hello != protocol.NoHandshake; !known {
				t.Errorf("the page's reply %s says nothing", text)
			}
		case from == "←":
			if _, err = protocol.ParseValue([]byte(text)); wire.CodeOf(err) != wire.Internal {
				err = nil
			}
		}
		if err != nil {
			t.Errorf("the page's message %s does not parse: %v", text, err)
		}
	}
	if requests < 7 || replies < 8 || lookups < 5 {
		t.Errorf("the page has %d requests, %d replies and %d envelopes; want its dialogues", requests, replies, lookups)
	}
}
