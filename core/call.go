package core

import (
	"context"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"

	"offhook/core/digest"
	"offhook/core/fault"
	"offhook/core/journal"
	"offhook/core/sdp"
	"offhook/core/transaction"
	"offhook/core/transport"
	"offhook/media"
)

// Call is one call, from its INVITE to its end. Its methods may be called from
// any goroutine but those that the transaction layer calls in; they do not block.
type Call struct {
	server  *Server
	id      string
	request *sip.Request // the INVITE, read only
	flow    transport.Flow
	user    string // user part of our Contact
	began   time.Time
	stages  Stages
	log     *slog.Logger
	labels  *labels            // on all lines of log
	journal *journal.Journal   // nil: none is kept
	shard   *transaction.Shard // the lock of all that follows
	cancel  context.CancelCauseFunc
	done    <-chan struct{} // of that context

	trunk        *trunk         // that the call came in on; nil: none
	account      digest.Account // that challenges are answered with
	capabilities sdp.Capabilities

	state       State
	dialog      dialog
	tx          *transaction.Server // of the INVITE; nil for an outgoing call
	outgoing    *outgoing           // nil for an incoming one
	answered    time.Time
	ending      Ending
	confirmed   chan struct{}
	accepted    *accepted // the 200 that waits for its ACK: of the INVITE or of a re-INVITE
	byeOnAck    []Header  // a BYE waits for that ACK, with these header fields; nil: none does
	mortal      bool      // our BYE is under way
	limit       *transaction.Timer
	holding     *holding   // our re-INVITE; nil: there is none
	reinvited   uint32     // CSeq number of our last re-INVITE that got a 2xx
	referral    *referral  // our last REFER, as long as the peer tells of it
	refers      int        // that the peer has sent
	following   *following // a REFER of the peer's that we act on
	left        *Call      // the call that has gone on without this dialog: see following
	replaces    *replaces  // the call whose place this one takes; nil: it is a new one
	timer       sessionTimer
	credentials credentials
	reliable    reliable // provisional responses
	reaching    []reaching

	negotiation negotiation
	session     *media.Session // nil until the first answer or early media
	final       media.Stats    // of the session, once the call has ended
	sampling    sampling
	tellsTones  bool

	events eventQueue
	heard  heardDigits
	faults *fault.Set // what goes wrong on purpose; nil: nothing
}

// negotiation is where offer and answer stand (RFC 3264).
type negotiation struct {
	current sdp.Negotiated
	offer   *sdp.Offered // of the INVITE, until it is answered; nil if it had none
	local   sdp.Local    // our side as last described
	ours    []byte       // our last description; to offer again, and to see what changed
	pending bool         // our offer went out in a 200; the ACK brings the answer
}

// eventQueue hands events to a sink, those from before it was set first.
type eventQueue struct {
	mu   sync.Mutex
	sink func(Event)
	held []Event
}

// ID is the server's own name of the call, which is on each of its log lines.
func (c *Call) ID() string { return c.id }

// SIPCallID is the Call-ID header field.
func (c *Call) SIPCallID() string { return c.dialog.id.callID }

// From is the From header field of the INVITE.
func (c *Call) From() Address {
	h := c.request.From()
	return addressOf(h.DisplayName, &h.Address)
}

// To is the To header field of the INVITE.
func (c *Call) To() Address {
	h := c.request.To()
	return addressOf(h.DisplayName, &h.Address)
}

// RequestURI is the Request-URI of the INVITE: who was called.
func (c *Call) RequestURI() Address { return addressOf("", &c.request.Recipient) }

// Source is the address the INVITE came from and its transport, as in Via.
func (c *Call) Source() (addr netip.AddrPort, network string) {
	return c.flow.Remote(), c.flow.Network()
}

// Header returns the values of a header field of the INVITE, in order. The
// name may be in any case and in compact form.
func (c *Call) Header(name string) []string {
	return fieldsOf(c.request, name)
}

// message is a request or a response.
type message interface{ Headers() []sip.Header }

// fieldsOf is Call.Header for any message.
func fieldsOf(m message, name string) []string {
	var values []string
	for _, h := range m.Headers() {
		if strings.EqualFold(fault.LongName(h.Name()), fault.LongName(name)) {
			values = append(values, h.Value())
		}
	}
	return values
}

// lists tells whether a header field with a list of words has that one.
func lists(m message, name, word string) bool {
	for _, value := range fieldsOf(m, name) {
		for item := range strings.SplitSeq(value, ",") {
			if strings.EqualFold(strings.TrimSpace(item), word) {
				return true
			}
		}
	}
	return false
}

// CallerNumber is the user part of P-Asserted-Identity (RFC 3325), else of
// Remote-Party-ID, else of From; of a trunk, only those of its Identity and From.
func (c *Call) CallerNumber() string {
	for _, name := range c.identity() {
		for _, value := range c.Header(name) {
			var u sip.Uri
			if _, err := sip.ParseAddressValue(value, &u, nil); err != nil {
				continue
			}
			if user := userOf(&u); user != "" {
				return user
			}
		}
	}
	return c.CallingUser()
}

// State is where the call stands.
func (c *Call) State() State {
	c.shard.Lock()
	defer c.shard.Unlock()
	return c.state
}

// Codec names the codec agreed on; empty before there is one.
func (c *Call) Codec() string {
	c.shard.Lock()
	defer c.shard.Unlock()
	if c.session == nil {
		return ""
	}
	return c.negotiation.current.Codec.String()
}

// Confirmed is closed when the ACK to our 200 has come.
func (c *Call) Confirmed() <-chan struct{} { return c.confirmed }

// Ending tells how the call ended.
func (c *Call) Ending() Ending {
	c.shard.Lock()
	defer c.shard.Unlock()
	return c.ending
}

// change applies an event to the state; it is false when the event is not
// possible in it. The shard is locked.
func (c *Call) change(e event) bool {
	s, ok := next(c.state, e)
	if s != c.state {
		c.journal.State(s.journaled())
	}
	c.state = s
	return ok
}

// Address is a name-addr (RFC 3261 §20.10), taken apart.
type Address struct {
	Name   string // display name
	User   string
	Host   string
	Port   int               // 0: none
	URI    string            // as a whole, without header fields
	Params map[string]string // of the URI
}

// CallingUser is the user part of From.
func (c *Call) CallingUser() string { return userOf(&c.request.From().Address) }

// CalledUser is the user part of the Request-URI.
func (c *Call) CalledUser() string { return userOf(&c.request.Recipient) }

func userOf(u *sip.Uri) string {
	if u.Scheme == "tel" { // RFC 3966: the number is all there is
		number, _, _ := strings.Cut(u.Raw(), ";")
		return number
	}
	return u.User
}

func addressOf(name string, u *sip.Uri) Address {
	a := Address{Name: strings.Trim(name, `"`), User: userOf(u), Host: u.Host, Port: u.Port, URI: u.String()}
	if u.UriParams.Length() > 0 {
		a.Params = u.UriParams.Items()
	}
	return a
}
