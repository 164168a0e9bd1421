package scripting

import (
	"errors"
	"net/netip"
	"time"

	"offhook/media"
)

// Call is one incoming call as a script drives it. No method blocks: what takes time is waited for on a channel or told
// as an Event. The context given to Engine.Serve is cancelled when the call ends, for whatever reason.
//
// Methods are called from the goroutine of Engine.Serve alone.
type Call interface {
	// Serving tells which script serves the call, before anything is done to it: for the log.
	Serving(script string, generation uint64)
	// ID is our name for the call, on every log line.
	ID() string
	// Info is what the INVITE said. It does not change.
	Info() Info
	// State is where the call stands now.
	State() State
	// Codec names the codec agreed on, "" before there is one.
	Codec() string
	// Header returns the values of a header field of the INVITE, in order; the name in any case.
	Header(name string) []string

	// Ring sends 180 (again, if it was sent before).
	Ring(headers []Header) error
	// Progress sends a provisional response 181–199; with 183 media may be sent before the answer.
	Progress(code int, headers []Header) error
	// Answer sends 200 and returns; Confirmed tells of the ACK. Once answered it does nothing.
	// Errors: ErrNoCommonCodec; ErrEnded when a CANCEL was faster.
	Answer(o AnswerOptions) error
	// Confirmed is closed when the ACK to the 200 has come.
	Confirmed() <-chan struct{}
	// Reject sends a final response 400–699 and ends the call. An empty reason is the code's usual phrase.
	Reject(code int, reason string, headers []Header) error
	// Redirect sends a 3xx response with the targets as Contact and ends the call.
	Redirect(targets []string, code int, headers []Header) error
	// Hangup ends the call: BYE if it was answered, else a final response. Once ended it does nothing.
	Hangup(o HangupOptions) error

	// Hold puts the caller on hold with a re-INVITE, or takes it off. The outcome is the response to it.
	Hold(on bool, headers []Header) (Pending, error)
	// Transfer asks the caller to call uri (REFER). The outcome is what it tells of that call at last; 408 when the time is up.
	Transfer(uri string, timeout time.Duration, headers []Header) (Pending, error)
	// SendInfo sends INFO. The outcome is the response.
	SendInfo(contentType, body string, headers []Header) (Pending, error)

	// Play starts to send src, in place of what was playing.
	Play(src media.Source) (Playback, error)
	// SendDTMF starts to send digits by RFC 4733, each on long and followed by gap, in place of what was playing; 'w' is a
	// pause. Zero: as usual. Error: media.ErrNoDTMF when the caller does not take them.
	SendDTMF(digits string, on, gap time.Duration) (Playback, error)
	// Echo starts to send back what is heard, in place of what was playing.
	Echo(o media.EchoOptions) (Playback, error)
	// Record starts to write what is heard to a file. Unlike the others it waits, for the disk to make the file.
	Record(o media.RecordOptions) (Recording, error)
	// Listen starts to look for something in what is heard.
	Listen(what media.Sought) (Listening, error)
	// TellTones lets the call tell of each steady tone that is heard from now on, as EventTone, once there is media.
	TellTones()
	// Impair sends RTP as over a bad network; the zero value ends that. The error says which value is out of range.
	Impair(o media.Impairment) error
	// Fault has messages go wrong from now on. The error says what is wrong with o.
	Fault(o FaultOptions) (Fault, error)
	// SendRaw sends text as a message to the caller, with what ${NAME} stands for.
	SendRaw(text string) error
	// Stats tells what was sent and received so far.
	Stats() media.Stats

	// Notify sets the function that gets the call's events, in the order they happened and starting with those that
	// happened before. It is called with the call's lock held, perhaps, so it takes the event and returns at once.
	Notify(sink func(Event))
	// Ending tells how the call ended. It is complete when Serve's context is done, and as soon as Reject, Redirect or
	// Hangup has returned.
	Ending() Ending
}

// Pending is a request of ours on its way; *core.Pending is one.
type Pending interface {
	// Done is closed when the outcome is known, or the call has ended.
	Done() <-chan struct{}
	// Code is a status then; 0 when the call ended first.
	Code() int
}

// Playback is a source being sent; *media.Playback is one.
type Playback interface {
	Done() <-chan struct{}
	Stop()
	Pause()
	Resume()
	// SetVolume makes it louder by so many dB than the source is, or softer.
	SetVolume(dB float64)
	Result() media.PlayResult
}

// Recording is a file being written; *media.Recording is one. The end of the call ends it.
type Recording interface {
	Done() <-chan struct{}
	Stop(why media.RecordReason)
	Mask(on bool)
	Result() media.RecordResult
}

// Listening is one who listens; *media.Listening is one. The end of the call ends it.
type Listening interface {
	Done() <-chan struct{}
	Stop()
	Result() media.Heard
}

var (
	// ErrEnded says that the call has ended, so that nothing can be done with it.
	ErrEnded = errors.New("the call has ended")
	// ErrNoCommonCodec says that the caller offers no codec that we have or allow.
	ErrNoCommonCodec = errors.New("no common codec")
)

// State is where a call stands.
type State string

const (
	StateIncoming State = "incoming" // the INVITE came; no response but 100 yet
	StateEarly    State = "early"    // a provisional response with a To-tag was sent
	StateAnswered State = "answered" // 200 was sent
	StateEnded    State = "ended"
)

// Info is what an INVITE said.
type Info struct {
	SIPCallID  string // the Call-ID header field
	From, To   Address
	RequestURI Address
	DID        string // the called number: the user part of the Request-URI, without escapes that it needs not
	CLI        string // the calling number: P-Asserted-Identity, else Remote-Party-ID, else From, as DID
	Source     netip.AddrPort
	Transport  string // as in Via: "UDP", "TCP"
	Trunk      string // the configured trunk the call came in on, "" = none
}

// Address is a SIP name-addr, taken apart.
type Address struct {
	Name   string // the display name
	User   string
	Host   string
	Port   int // 0 = not given
	URI    string
	Params map[string]string // of the URI
}

// Header is a header field to put on a message.
type Header struct{ Name, Value string }

// AnswerOptions say how to answer.
type AnswerOptions struct {
	Codecs  []media.Codec // allowed ones; nil = as configured. The caller's order decides.
	Headers []Header
}

// HangupOptions say how to end a call.
type HangupOptions struct {
	By      By     // what ends it; "" = the script, as it wants
	Code    int    // final response if the call is not answered; 0 = 480
	Failed  bool   // the call counts as failed
	Reason  string // text of the Reason header field (RFC 3326); "" = the cause's usual one
	Q850    int    // cause of the Reason header field; 0 = none
	Headers []Header
}

// EventKind says what an Event reports.
type EventKind uint8

const (
	EventDigit        EventKind = iota + 1 // a telephone key was pressed
	EventAnswered                          // the ACK to our 200 came
	EventHold                              // a re-INVITE took our direction to send away
	EventResume                            // a re-INVITE gave it back
	EventInfo                              // an INFO that is no digit
	EventMediaTimeout                      // no RTP came for the configured time
	EventMessage                           // a MESSAGE
	EventTone                              // a steady tone was heard; after TellTones
)

// Event is something that happened to a call.
type Event struct {
	Kind        EventKind
	Digit       byte          // EventDigit: '0'–'9', '*', '#', 'A'–'D'
	Duration    time.Duration // EventDigit: how long the key was down, 0 = unknown; EventTone: how long it has lasted
	Via         string        // EventDigit: "rfc4733", "info" or "inband"
	ContentType string        // EventInfo, EventMessage
	Body        string        // EventInfo, EventMessage
	Frequency   float64       // EventTone: Hz
	Level       float64       // EventTone: dBm0
}

// Ending is how a call ended.
type Ending struct {
	By       By
	Code     int           // the final response to the INVITE, as sent; 487 after a CANCEL
	Reason   string        // text of the Reason header field or phrase of the final response
	Q850     int           // cause of the Reason header field, 0 = none
	Duration time.Duration // from the 200 to the end; 0 = not answered
}

// By says who or what ended a call.
type By string

const (
	ByCaller       By = "caller"
	ByCancel       By = "cancel"
	ByScript       By = "script"
	ByLimit        By = "limit"
	ByMediaTimeout By = "media_timeout"
	ByError        By = "error"
	ByShutdown     By = "shutdown"
	ByNoACK        By = "no_ack"
	ByOperator     By = "operator"
)
