package protocol

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strconv"

	"github.com/segmentio/encoding/json"

	"github.com/cogbus/cogbus/internal/codec"
	"github.com/cogbus/cogbus/internal/jsontext"
	"github.com/cogbus/cogbus/wire"
)

// Subprotocol is the value of Sec-WebSocket-Protocol with which a client asks for
// cogbus.v1. Without it a server speaks the Python package's dialect.
const Subprotocol = "cogbus.v1"

// Version is the version of the protocol under this subprotocol.
const Version = 1

// MaxMessage is the size of the largest message in bytes, as in the Python
// package: 4 MiB less one.
const MaxMessage = 4<<20 - 1

// A Nonce is a random number of each end, so that no proof is valid twice.
type Nonce [32]byte

// NewNonce returns a random nonce.
func NewNonce() Nonce {
	var n Nonce
	_, _ = rand.Read(n[:]) // it never fails: without randomness the program ends
	return n
}

// MarshalText writes n in base64.
func (n Nonce) MarshalText() ([]byte, error) {
	return base64.StdEncoding.AppendEncode(nil, n[:]), nil
}

// UnmarshalText reads 32 bytes in base64.
func (n *Nonce) UnmarshalText(text []byte) error {
	b, err := base64.StdEncoding.AppendDecode(nil, text)
	if err != nil || len(b) != len(n) {
		return wire.Errorf(wire.BadRequest, "a nonce is %d bytes in base64", len(n))
	}
	copy(n[:], b)
	return nil
}

// Hello is the value of a client's hello.
type Hello struct {
	Versions []int  `json:"v"`
	Nonce    Nonce  `json:"nonce"`
	Client   string `json:"client,omitempty"` // a name that handlers see
}

// ChallengeBody is the value of a server's challenge.
type ChallengeBody struct {
	Version int   `json:"v"`
	Nonce   Nonce `json:"nonce"`
	Max     int   `json:"max"` // the largest message in bytes
}

// WelcomeBody is the value of a server's welcome.
type WelcomeBody struct {
	Version int    `json:"v"`
	Proof   string `json:"proof,omitempty"` // missing where the server has no secret
	Max     int    `json:"max"`             // the largest message in bytes
	Calls   int    `json:"calls"`           // the number of calls that may be in flight on this connection
}

// A Side is one side of a connection.
type Side string

// The two sides, as they enter into proofs.
const (
	ClientSide Side = "cogbus.v1 client"
	ServerSide Side = "cogbus.v1 server"
)

// Proof returns the proof of end that it knows secret: the base64 of
//
//	HMAC-SHA256(secret, end | "1" | client nonce | server nonce)
//
// with the nonces as bytes.
func Proof(secret string, end Side, client, server Nonce) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(end))
	mac.Write(strconv.AppendInt(nil, Version, 10))
	mac.Write(client[:])
	mac.Write(server[:])
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// ProofValid reports whether proof is end's proof for secret, in constant time.
func ProofValid(proof, secret string, end Side, client, server Nonce) bool {
	return hmac.Equal([]byte(proof), []byte(Proof(secret, end, client, server)))
}

// AppendHandshake appends {verb: body}.
func AppendHandshake(dst []byte, verb string, body any) ([]byte, error) {
	dst = append(dst, '{')
	dst = jsontext.AppendQuote(dst, verb)
	dst = append(dst, ':')
	dst, err := json.Append(dst, body, 0)
	if err != nil {
		return dst, fmt.Errorf("encode %s: %w", verb, err)
	}
	return append(dst, '}'), nil
}

// DecodeHandshake decodes the value of a handshake's verb into body, by the
// exact names of its members.
func DecodeHandshake(text []byte, body any) error {
	if err := codec.DecodeExact(text, body); err != nil {
		return wire.Errorf(wire.BadRequest, "handshake: %.200v", err)
	}
	return nil
}
