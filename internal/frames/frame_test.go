package frames_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cogbus/cogbus/internal/codec"
	"github.com/cogbus/cogbus/internal/frames"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/protocol"
)

func TestRead_whatAppendWrote(t *testing.T) {
	list := []frames.Frame{
		{Kind: frames.Call, Flags: frames.Admin, MS: 1500, ID: 1 << 60, Parent: 7, Name: "members.count", From: "ipcx 127.0.0.1:1", Body: []byte(`{"a":1}`)},
		{Kind: frames.Quit, ID: 2, Body: []byte{}},
		{Kind: frames.Reply, ID: 3, Body: bytes.Repeat([]byte("x"), 3<<20)},
		{Kind: frames.Reply, ID: 4, Body: []byte("small again")},
	}
	var text []byte
	for _, f := range list {
		text = f.Append(text)
	}
	r := frames.NewReader(bytes.NewReader(text))
	for _, want := range list {
		var got frames.Frame
		if err := r.Read(&got); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got.Body, want.Body) { // a diff of megabytes takes too long
			t.Errorf("Read(%d) has a body of %d bytes; want the %d that were appended", want.ID, len(got.Body), len(want.Body))
		}
		got.Body, want.Body = nil, nil
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("Read (-want +got):\n%s", diff)
		}
	}
	if err := r.Read(&frames.Frame{}); !errors.Is(err, io.EOF) {
		t.Errorf("Read at the end = %v; want io.EOF", err)
	}
}

func TestRead_garbage(t *testing.T) {
	good := (&frames.Frame{Kind: frames.Call, Name: "r", Body: []byte("1")}).Append(nil)
	for name, text := range map[string]string{
		"text":                      "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"a frame over the limit":    "\x01\x00\x00\x01" + strings.Repeat("\x00", 40),
		"a name beyond the end":     "\x1c\x00\x00\x00\x03\x00\xff\xff" + strings.Repeat("\x00", 40),
		"an end within the header":  string(good[:10]),
		"an end before the body":    string(good[:32]),
		"an end within the body":    string(good[:len(good)-1]),
		"a length below the header": "\x01\x00\x00\x00" + strings.Repeat("\x00", 40),
	} {
		if err := frames.NewReader(strings.NewReader(text)).Read(&frames.Frame{}); !errors.Is(err, frames.ErrGarbage) {
			t.Errorf("Read of %s = %v; want ErrGarbage", name, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add((&frames.Frame{Kind: frames.Call, Name: "r", From: "x y", Body: []byte("1")}).Append(nil))
	f.Fuzz(func(t *testing.T, text []byte) {
		var got frames.Frame
		if err := frames.NewReader(bytes.NewReader(text)).Read(&got); err != nil {
			return
		}
		again := got.Append(nil)
		if n := len(again); n > len(text) || !bytes.Equal(again[:10], text[:10]) || !bytes.Equal(again[12:], text[12:n]) {
			t.Errorf("Read(%x) is written as %x", text, again)
		}
	})
}

// TestWriter_doesNotWait sends more than a socket takes to a peer that does not read
// yet.
func TestWriter_doesNotWait(t *testing.T) {
	a, b := net.Pipe()
	w := frames.NewWriter(a)
	const n = 100
	for i := range n {
		if err := w.Send(&frames.Frame{Kind: frames.Reply, ID: uint64(i), Body: make([]byte, 10_000)}); err != nil {
			t.Fatal(err)
		}
	}
	r := frames.NewReader(b)
	for i := range n {
		var f frames.Frame
		if err := r.Read(&f); err != nil || f.ID != uint64(i) {
			t.Fatalf("Read = id %d, %v; want %d", f.ID, err, i)
		}
	}
	var err error
	for err == nil { // there is no reader any more
		err = w.Send(&frames.Frame{Body: make([]byte, 1<<20)})
	}
	if !errors.Is(err, frames.ErrFull) {
		t.Errorf("Send to a peer that does not read = %v; want ErrFull", err)
	}
	// the Writer takes outcomes even so
	for _, kind := range []frames.Kind{frames.Reply, frames.Cancel, frames.Fail} {
		if err := w.Send(&frames.Frame{Kind: kind}); err != nil {
			t.Errorf("Send of a frame of kind %d to a peer that does not read = %v", kind, err)
		}
	}
	if err := w.Reply((&frames.Frame{Kind: frames.Reply}).Append(nil)); err != nil {
		t.Errorf("Reply to a peer that does not read = %v", err)
	}
	_ = a.Close()
	w.Wait()
	if err := w.Send(&frames.Frame{}); err == nil {
		t.Error("Send after Close succeeded")
	}
}

type KeyError struct{}

func (KeyError) Error() string { return "boom" }

func TestParseError(t *testing.T) {
	for _, want := range []error{
		wire.Errorf("no_money", "none"),
		&wire.Error{Code: wire.Overloaded, Message: "later", RetryAfter: 3e9},
		KeyError{},
		codec.NotSerialisable{Err: errors.New("chan")},
	} {
		got := frames.ParseError(frames.AppendError(nil, want))
		if a, b := string(protocol.AppendErrorObject(nil, want)), string(protocol.AppendErrorObject(nil, got)); a != b {
			t.Errorf("the error object of %v became %s; want %s", want, b, a)
		}
		if got.Error() != want.Error() {
			t.Errorf("%v became %v", want, got)
		}
	}
	if err := frames.ParseError([]byte("{")); err == nil || codec.TypeName(err) != "Exception" {
		t.Errorf("ParseError of garbage = %v", err)
	}
}
