package protocol_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/protocol"
)

// The vector of docs/protocol.md, computed with openssl and with Python's hmac:
// the client's nonce is the bytes 0 to 31, the server's 32 to 63.
const (
	vectorSecret = "open sesame"
	vectorClient = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
	vectorServer = "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8="
	clientProof  = "oLpFOnhlqLLfl5yTVt/AN0pH8JQg3T3Hoopha9TtF6U="
	serverProof  = "4OoP3seEnNRNV4yODYHPoEoYN08KQJ5HA93hw5yKcdQ="
)

func nonce(t *testing.T, text string) (n protocol.Nonce) {
	t.Helper()
	if err := n.UnmarshalText([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestProofVector(t *testing.T) {
	c, s := nonce(t, vectorClient), nonce(t, vectorServer)
	if c[0] != 0 || c[31] != 31 || s[0] != 32 || s[31] != 63 {
		t.Fatalf("the nonces are % x and % x; want the bytes 0 to 63", c, s)
	}
	for end, want := range map[protocol.Side]string{protocol.ClientSide: clientProof, protocol.ServerSide: serverProof} {
		if got := protocol.Proof(vectorSecret, end, c, s); got != want {
			t.Errorf("Proof(%q, %q) = %s; want %s", vectorSecret, end, got, want)
		}
	}
}

func TestProofValid(t *testing.T) {
	c, s := nonce(t, vectorClient), nonce(t, vectorServer)
	for _, test := range []struct {
		what, proof, secret string
		end                 protocol.Side
		client, server      protocol.Nonce
		want                bool
	}{
		{"the client's", clientProof, vectorSecret, protocol.ClientSide, c, s, true},
		{"the server's", serverProof, vectorSecret, protocol.ServerSide, c, s, true},
		{"the client's, sent back by the server", clientProof, vectorSecret, protocol.ServerSide, c, s, false},
		{"of another secret", clientProof, "open sesame ", protocol.ClientSide, c, s, false},
		{"of another server nonce", clientProof, vectorSecret, protocol.ClientSide, c, c, false},
		{"of another client nonce", clientProof, vectorSecret, protocol.ClientSide, s, s, false},
		{"of the nonces in the other order", clientProof, vectorSecret, protocol.ClientSide, s, c, false},
		{"shortened", strings.TrimRight(clientProof, "="), vectorSecret, protocol.ClientSide, c, s, false},
		{"none", "", vectorSecret, protocol.ClientSide, c, s, false},
		{"none, without a secret", "", "", protocol.ClientSide, c, s, false},
	} {
		if got := protocol.ProofValid(test.proof, test.secret, test.end, test.client, test.server); got != test.want {
			t.Errorf("ProofValid of a proof that is %s = %v; want %v", test.what, got, test.want)
		}
	}
}

func TestNonce(t *testing.T) {
	if a, b := protocol.NewNonce(), protocol.NewNonce(); a == b {
		t.Errorf("NewNonce() = %x twice", a)
	}
	for _, text := range []string{"", "AAEC", vectorClient + "AA==", strings.TrimRight(vectorClient, "="), "!" + vectorClient[1:]} {
		var n protocol.Nonce
		if err := n.UnmarshalText([]byte(text)); wire.CodeOf(err) != wire.BadRequest || n != (protocol.Nonce{}) {
			t.Errorf("UnmarshalText(%q) = %v, nonce %x; want bad_request", text, err, n)
		}
	}
}

func TestHandshakeMessages(t *testing.T) {
	hello := protocol.Hello{Versions: []int{1}, Nonce: nonce(t, vectorClient), Client: "dash <1>"}
	challenge := protocol.ChallengeBody{Version: 1, Nonce: nonce(t, vectorServer), Max: protocol.MaxMessage}
	welcome := protocol.WelcomeBody{Version: 1, Proof: serverProof, Max: protocol.MaxMessage, Calls: 256}

	text := handshake(t, "hello", hello)
	if want := `{"hello":{"v":[1],"nonce":"` + vectorClient + `","client":"dash <1>"}}`; text != want {
		t.Errorf("hello = %s; want %s", text, want)
	}
	var request protocol.Request
	var gotHello protocol.Hello
	if err := request.Parse([]byte(text)); err != nil || request.Verb != protocol.VerbHello {
		t.Fatalf("Parse(%s) = %v, verb %d", text, err, request.Verb)
	}
	if err := protocol.DecodeHandshake(request.Body, &gotHello); err != nil || !cmp.Equal(hello, gotHello) {
		t.Errorf("DecodeHandshake(%s) = %+v, %v; want %+v", request.Body, gotHello, err, hello)
	}

	text = handshake(t, "proof", clientProof)
	if want := `{"proof":"` + clientProof + `"}`; text != want {
		t.Errorf("proof = %s; want %s", text, want)
	}
	var proof string
	if err := request.Parse([]byte(text)); err != nil || protocol.DecodeHandshake(request.Body, &proof) != nil || proof != clientProof {
		t.Errorf("proof read back = %q, %v; want %q", proof, err, clientProof)
	}

	text = handshake(t, "challenge", challenge)
	if want := `{"challenge":{"v":1,"nonce":"` + vectorServer + `","max":4194303}}`; text != want {
		t.Errorf("challenge = %s; want %s", text, want)
	}
	var reply protocol.Reply
	var gotChallenge protocol.ChallengeBody
	if err := reply.Parse([]byte(text)); err != nil || reply.Hello != protocol.Challenge ||
		protocol.DecodeHandshake(reply.Body, &gotChallenge) != nil || gotChallenge != challenge {
		t.Errorf("challenge read back = %+v, %v; want %+v", gotChallenge, err, challenge)
	}

	text = handshake(t, "welcome", welcome)
	if want := `{"welcome":{"v":1,"proof":"` + serverProof + `","max":4194303,"calls":256}}`; text != want {
		t.Errorf("welcome = %s; want %s", text, want)
	}
	var gotWelcome protocol.WelcomeBody
	if err := reply.Parse([]byte(text)); err != nil || reply.Hello != protocol.Welcome ||
		protocol.DecodeHandshake(reply.Body, &gotWelcome) != nil || gotWelcome != welcome {
		t.Errorf("welcome read back = %+v, %v; want %+v", gotWelcome, err, welcome)
	}
}

func handshake(t *testing.T, verb string, body any) string {
	t.Helper()
	text, err := protocol.AppendHandshake(nil, verb, body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestDecodeHandshakeFails(t *testing.T) {
	for _, text := range []string{
		``, `1`, `"x"`, `{"v":1}`, `{"v":["1"]}`, `{"nonce":"AAEC"}`, `{"nonce":5}`, `{"client":7}`, `{"v":[1.5]}`,
		`{"client":"` + strings.Repeat("x", 5000) + `","v":"x"}`, `{"v":[1]} {}`,
	} {
		var h protocol.Hello
		err := protocol.DecodeHandshake([]byte(text), &h)
		if wire.CodeOf(err) != wire.BadRequest || len(err.Error()) > 300 {
			t.Errorf("DecodeHandshake(%.60q) = %v; want a short bad_request", text, err)
		}
	}
	var h protocol.Hello
	if err := protocol.DecodeHandshake([]byte(`{"V":[2],"v":[1],"CLIENT":"x","more":{}}`), &h); err != nil || len(h.Versions) != 1 || h.Versions[0] != 1 || h.Client != "" {
		t.Errorf("DecodeHandshake = %+v, %v; want v [1] alone: names match in their case", h, err)
	}
}
