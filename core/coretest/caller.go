package coretest

import (
	"bytes"
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/pion/rtp"

	"offhook/core"
	"offhook/core/transport"
	"offhook/media"
)

// CallOptions say how a Caller calls. The zero value is a plain call.
type CallOptions struct {
	To, From    string         // user parts; empty: "test" and "caller"
	DisplayName string         // of From
	Headers     core.Headers   // more header fields of the INVITE
	Codecs      []media.Codec  // offered, in order; nil: PCMU and PCMA
	Ptime       time.Duration  // offered; 0: 20 ms
	NoDTMF      bool           // offer no telephone-event
	NoOffer     bool           // INVITE without a description; the ACK answers the server's
	SDP         string         // the offer, in place of one made of the fields above
	Transport   string         // as in Via: "UDP" or "TCP"; empty: "UDP"
	Source      netip.AddrPort // of the caller; zero: 192.0.2.7:5060
	Server      netip.AddrPort // that it calls; zero: 192.0.2.1:5060
	NoACK       bool           // leave it to the user of the Caller to acknowledge finals
	NoAnswer    bool           // leave it to the user to answer the server's requests, and to send PRACK
	Transfer    int            // final status that it tells of a call that the server asks for (REFER); 0: 200, negative: it tells nothing

	// Link is the way between the Caller and the server: it gets the bytes of each
	// message, sent or received, and delivers them: once, later, again, changed or
	// not at all. It must not block; deliver may be called from any goroutine. What
	// Messages tells is what was sent and what has come. nil: a perfect one.
	Link func(raw []byte, sent bool, deliver func([]byte))
	// OnMessage gets every message, sent or received, in order. It may call any
	// method of the Caller.
	OnMessage func(Message)
	// OnRTP gets every RTP packet of the server, one at a time. It is called by
	// the timer that paces the server's media: it must not block, and the packet
	// is only valid during the call.
	OnRTP func(at time.Time, p *rtp.Packet)
	// OnRTCP gets every RTCP datagram, under the same rules.
	OnRTCP func(at time.Time, packet []byte)
}

// State is where a call stands, as its caller sees it.
type State struct {
	Status   int    // of the last response to the INVITE; 0: none yet
	Reason   string // its phrase
	Answered bool   // a 2xx came
	Ended    bool   // a final response other than 2xx, or a BYE of either side
	ByServer bool   // it was the server's BYE
}

// Caller is a user agent client with one call. Its methods may be called from
// any goroutine, callbacks of core included; those that send are done when the
// server has taken the message.
type Caller struct {
	network *Network
	server  *core.Server
	o       CallOptions
	flow    transport.Flow
	number  int
	hearing sync.Mutex // held while OnRTP or OnRTCP runs

	mu       sync.Mutex
	log      []Message
	dialog   dialog
	invite   Message // the last one sent
	bodyless bool    // it had no description
	final    int     // status of its final response; 0: none yet
	tagged   string  // To of that response
	state    State
	changed  chan struct{} // closed at the next change
	done     chan struct{}
	pending  []func() // reactions
	reacting bool     // a goroutine runs them
	stream   stream
}

// NewCaller makes a caller that has not called yet: see Invite.
func (n *Network) NewCaller(s *core.Server, o CallOptions) *Caller {
	o.To, o.From = cmp.Or(o.To, "test"), cmp.Or(o.From, "caller")
	o.Transport = cmp.Or(o.Transport, "UDP")
	o.Source = cmp.Or(o.Source, netip.MustParseAddrPort("192.0.2.7:5060"))
	o.Server = cmp.Or(o.Server, netip.MustParseAddrPort("192.0.2.1:5060"))
	o.Transfer = cmp.Or(o.Transfer, 200)
	o.Ptime = cmp.Or(o.Ptime, 20*time.Millisecond)
	if o.Codecs == nil {
		o.Codecs = []media.Codec{media.PCMU, media.PCMA}
	}
	c := &Caller{network: n, server: s, o: o, number: n.number(), changed: make(chan struct{}), done: make(chan struct{})}
	c.flow = transport.NewFlow(o.Transport, o.Server, o.Source, c.receive)
	c.dialog = newDialog(c.number, o)
	c.stream = newStream(n.listen(c, o.Source.Addr()))
	return c
}

// State tells where the call stands.
func (c *Caller) State() State {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state
}

// Messages are those so far, in order.
func (c *Caller) Messages() []Message {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.log)
}

// CallID is the Call-ID header field, as core.Call.SIPCallID has it.
func (c *Caller) CallID() string { return c.dialog.callID }

// Done is closed when the call has ended.
func (c *Caller) Done() <-chan struct{} { return c.done }

// Changed is closed at the next message. Ask for it before looking at what there is.
func (c *Caller) Changed() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.changed
}

// Await waits until ok says so, which is asked at once and after each message,
// but not longer than within. It returns what ok said last.
func (c *Caller) Await(within time.Duration, ok func(*Caller) bool) bool {
	timer := time.NewTimer(within)
	defer timer.Stop()
	for {
		changed := c.Changed()
		if ok(c) {
			return true
		}
		select {
		case <-changed:
		case <-timer.C:
			return ok(c)
		}
	}
}

// Send hands a message to the server as it is, and keeps it.
func (c *Caller) Send(m Message) {
	m.Sent = true
	c.mu.Lock()
	c.keep(&m)
	c.mu.Unlock()
	c.carry([]byte(m.String()), true, func(b []byte) { c.server.Deliver(b, c.flow) })
}

// carry takes a message over the link.
func (c *Caller) carry(raw []byte, sent bool, deliver func([]byte)) {
	if c.o.Link == nil {
		deliver(raw)
		return
	}
	c.o.Link(bytes.Clone(raw), sent, deliver)
}

// keep puts a message into the log and tells of it. c.mu is held.
func (c *Caller) keep(m *Message) {
	m.At = time.Now()
	c.log = append(c.log, *m)
	close(c.changed)
	c.changed = make(chan struct{})
	if c.o.OnMessage != nil {
		told := *m
		c.react(func() { c.o.OnMessage(told) })
	}
}

// receive takes what the server sends. The server holds a lock of its own here,
// so what leads back to it waits for the reacting goroutine.
func (c *Caller) receive(raw []byte) error {
	c.carry(raw, false, c.take)
	return nil
}

// take takes what has come over the link.
func (c *Caller) take(raw []byte) {
	m := Parse(bytes.Clone(raw))
	c.mu.Lock()
	defer c.mu.Unlock()
	c.keep(&m)
	if m.Status() != 0 {
		c.takeResponse(m)
		return
	}
	c.takeRequest(m)
}

// react runs fn after what waits to be run already. c.mu is held.
func (c *Caller) react(fn func()) {
	c.pending = append(c.pending, fn)
	if c.reacting {
		return
	}
	c.reacting = true
	c.network.running.Go(c.runPending) // ends when nothing is pending; Network.Close waits for it
}

func (c *Caller) runPending() {
	for {
		c.mu.Lock()
		if len(c.pending) == 0 {
			c.reacting = false
			c.mu.Unlock()
			return
		}
		fn := c.pending[0]
		c.pending = c.pending[1:]
		c.mu.Unlock()
		fn()
	}
}

// end notes the end of the call. c.mu is held.
func (c *Caller) end(byServer bool) {
	if c.state.Ended {
		return
	}
	c.state.Ended, c.state.ByServer = true, byServer
	close(c.done)
	c.network.release(c.stream.listening)
}

// String names the caller in failures.
func (c *Caller) String() string { return fmt.Sprintf("%s to %s", c.o.From, c.o.To) }
