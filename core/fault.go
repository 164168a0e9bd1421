package core

import (
	"errors"
	"fmt"
	"strings"

	"offhook/core/fault"
	"offhook/core/transaction"
)

var errFaultsTaken = errors.New("another call with the same Call-ID has faults")

// Fault is something that goes wrong on purpose in a call.
type Fault struct {
	shard *transaction.Shard
	armed *fault.Armed
}

// Cancel ends it. What is delayed already leaves all the same.
func (f *Fault) Cancel() {
	f.shard.Lock()
	defer f.shard.Unlock()
	f.armed.Cancel()
}

// Count is how many messages it has spoilt so far.
func (f *Fault) Count() int {
	f.shard.Lock()
	defer f.shard.Unlock()
	return f.armed.Count()
}

// Fault has messages of the call go wrong from now on, also those that come after its end: the responses to a CANCEL or
// BYE, and copies. Our own view stays as RFC 3261 has it: what is dropped has been sent, what is ignored has not come. In
// an edit ${contact} stands for our Contact also where the message has none, and ${sdp} for our session description.
func (c *Call) Fault(r fault.Rule) (*Fault, error) {
	c.shard.Lock()
	defer c.shard.Unlock()
	if c.state == Ended {
		return nil, ErrEnded
	}
	if code, reason, _ := strings.Cut(r.Edit.Status, " "); code != "" {
		n := int(min(number(code), 1000))
		if n < 100 || n > 699 {
			return nil, fmt.Errorf("fault with status %q: %w: 100 to 699", code, ErrStatus)
		}
		if reason == "" {
			r.Edit.Status = code + " " + phrase(n)
		}
	}
	faults := c.faults
	if faults == nil {
		faults = fault.NewSet(c.faultValue)
	}
	armed, err := faults.Arm(r)
	if err != nil {
		return nil, err
	}
	if !c.shard.SetFaults(c.SIPCallID(), faults) {
		return nil, errFaultsTaken
	}
	c.faults = faults
	return &Fault{c.shard, armed}, nil
}

// faultValue is what ${NAME} stands for when a message has no such header field. The shard is locked.
func (c *Call) faultValue(name string) (string, bool) {
	switch strings.ToLower(name) {
	case "contact":
		return c.server.contact(c.user, c.flow).Value(), true
	case "sdp":
		return string(c.negotiation.ours), true
	}
	return "", false
}

// endFaults disarms what goes wrong once the last copy has left: an ACK, and then the response to our BYE, may each take
// 64·T1. The shard is locked.
func (c *Call) endFaults() {
	if c.faults != nil {
		c.shard.AfterFunc(2*c.server.transactions.Timers().Timeout(), func() { c.shard.SetFaults(c.SIPCallID(), nil) })
	}
}
