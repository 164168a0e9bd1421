package scripttest

import (
	"context"
	"time"

	"offhook/media"
	"offhook/scripting"
)

// World is a user agent server with callers, without sockets. It is made, used and closed within one bubble, so all its
// goroutines and timers are that of one test.
type World interface {
	// Call places a call: when it returns, the INVITE is with the server.
	Call(CallOptions) (Caller, error)
	// Close ends what is left, and waits for all goroutines.
	Close() error
}

// CallOptions say how a caller calls; what is zero is up to the World.
type CallOptions struct {
	To, From string // user parts
	Name     string // display name of From
	Headers  []scripting.Header
	Codecs   []media.Codec // offered, in order
	NoDTMF   bool          // offers no telephone-event
	Transfer int           // final status that it tells of a call that the server asks for
}

// Caller is the far end of one call. It acknowledges, answers BYE and re-INVITE, takes REFER, and keeps to its offer.
type Caller interface {
	// CallID is the Call-ID header field.
	CallID() string
	// Codec is the one agreed on; false before there is one.
	Codec() (media.Codec, bool)
	Cancel()
	Bye()
	Hold()
	Resume()
	Info(contentType, body string)
	Text(text string)
	// Press sends digits by RFC 4733, and Speak a clip; they return when that is done or ctx or the call has ended.
	Press(ctx context.Context, digits string, on, gap time.Duration) error
	Speak(ctx context.Context, clip *media.Clip) error
}

// Listener learns what happens in a World. Its methods may be called from any goroutine of the bubble, with locks held: they
// return at once, but Serve.
type Listener interface {
	// Serve runs the script of a call that came in, until it has ended.
	Serve(ctx context.Context, c scripting.Call)
	// Message tells of a SIP message, in the order of its call.
	Message(Message)
	// Heard tells of an RTP packet that a caller got. The payload is only valid during the call.
	Heard(callID string, payloadType uint8, timestamp uint32, payload []byte)
}

// Message is a SIP message between a caller and the server.
type Message struct {
	CallID string
	Sent   bool   // by the caller
	Again  bool   // a copy of one before
	Title  string // in a timeline: "INVITE, SDP", "180 Ringing"
	Method string // of the request, also for its response
	Status int    // of a response; 0 = it is a request
	Reason string // the phrase of a response
	Header func(name string) []string
}
