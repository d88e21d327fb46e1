package child_test

import (
	"context"
	"encoding/json"
	"net"
	"testing"
	"time"

	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/cogs/process/child"
	"github.com/cogbus/cogbus/internal/frames"
	"github.com/cogbus/cogbus/wire"
)

// TestAsk_unanswered has a bot that never answers the request of a handler. The handler
// goes on when its own time is over.
func TestAsk_unanswered(t *testing.T) {
	cog := cogs.Cog{Name: "asks", Setup: func(_ context.Context, r *cogs.Registrar) error {
		cogs.Handle(r, wire.Route[wire.Empty, wire.Empty]("ask"), func(ctx context.Context, in wire.Empty) (wire.Empty, error) {
			ctx, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
			defer cancel()
			return cogs.Call(ctx, wire.Route[wire.Empty, wire.Empty]("other"), in)
		})
		return nil
	}}
	bot, theirs := net.Pipe()
	ended := make(chan error, 1)
	go func() { ended <- child.Run(theirs, cog) }()
	out, in := frames.NewWriter(bot), frames.NewReader(bot)
	setup, err := json.Marshal(frames.Request{ABI: frames.ABI, Cog: "asks"})
	if err != nil {
		t.Fatal(err)
	}
	send := func(f frames.Frame) {
		t.Helper()
		if err := out.Send(&f); err != nil {
			t.Fatal(err)
		}
	}
	_ = bot.SetReadDeadline(time.Now().Add(20 * time.Second))
	read := func(kind frames.Kind) (f frames.Frame) {
		t.Helper()
		if err := in.Read(&f); err != nil || f.Kind != kind {
			t.Fatalf("Read = a frame of kind %d, %v; want %d", f.Kind, err, kind)
		}
		return f
	}
	send(frames.Frame{Kind: frames.Setup, ID: 1, Body: setup})
	read(frames.Reply)
	send(frames.Frame{Kind: frames.Call, ID: 2, Name: "ask", Body: []byte("{}")})
	ask := read(frames.Ask)
	if cancel := read(frames.Cancel); cancel.ID != ask.ID || cancel.Flags != frames.Late {
		t.Errorf("Cancel of %d with flags %d; want %d and Late", cancel.ID, cancel.Flags, ask.ID)
	}
	if answer := read(frames.Reply); answer.ID != 2 || wire.CodeOf(frames.ParseError(answer.Body)) != wire.Timeout {
		t.Errorf("the call got %d %s; want a timeout", answer.ID, answer.Body)
	}
	send(frames.Frame{Kind: frames.Reply, ID: ask.ID, Body: []byte("{}")}) // it is too late: no call waits for it
	send(frames.Frame{Kind: frames.Quit, ID: 3})
	read(frames.Reply)
	if err := <-ended; err != nil {
		t.Errorf("Run = %v", err)
	}
}
