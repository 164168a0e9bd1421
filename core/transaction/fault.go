package transaction

import (
	"bytes"

	"github.com/emiago/sipgo/sip"

	"offhook/core/fault"
	"offhook/core/transport"
)

// This file does what the rules of core/fault say. The transactions know nothing of it.

// SetFaults has faults decide on all messages with a Call-ID, until they are set to nil. It is false, and changes nothing,
// when those of another call with the same Call-ID do already. The shard must be locked.
func (s *Shard) SetFaults(callID string, faults *fault.Set) bool {
	if faults == nil {
		delete(s.faults, callID)
		return true
	}
	if other := s.faults[callID]; other != nil && other != faults {
		return false
	}
	if s.faults == nil {
		s.faults = make(map[string]*fault.Set)
	}
	s.faults[callID] = faults
	return true
}

// SendRaw sends bytes that no transaction knows of. The shard must be locked.
func (s *Shard) SendRaw(callID string, b []byte, f transport.Flow) error {
	return s.leave(Trace{CallID: callID, Flow: f, Sent: true, Bytes: b, Kept: true, Fault: "raw"})
}

// ignores tells whether a message that came is to be taken as if it had not.
func (s *Shard) ignores(msg sip.Message, f transport.Flow) bool {
	callID := string(*msg.CallID())
	faults := s.faults[callID]
	if faults == nil {
		return false
	}
	status := 0
	if res, ok := msg.(*sip.Response); ok {
		status = res.StatusCode
	}
	if !faults.Ignores(string(msg.CSeq().MethodName), status) {
		return false
	}
	if s.layer.trace != nil {
		s.layer.trace(Trace{CallID: callID, Flow: f, Message: msg, Bytes: s.arrived, Fault: "ignored"})
	}
	return true
}

// spoil sends what leaves in place of a message. What is dropped or waits counts as sent.
func (s *Shard) spoil(faults *fault.Set, t Trace) (err error) {
	out := faults.Send(t.Bytes)
	if out == nil {
		return s.leave(t)
	}
	for _, one := range out {
		u := t
		u.Copy, u.Fault = t.Copy || one.Copy, one.Fault
		if one.Bytes != nil {
			u.Message, u.Bytes, u.Kept = nil, one.Bytes, true
		}
		switch {
		case one.Dropped:
			s.lose(u)
		case one.After > 0:
			s.delay(faults, u, one)
		default:
			if failed := s.leave(u); err == nil {
				err = failed
			}
		}
	}
	return err
}

// delay sends a message later, as a timer of the shard's: it outlives its call and its transaction, but not the layer.
func (s *Shard) delay(faults *fault.Set, t Trace, one fault.Sending) {
	if !faults.Hold() {
		t.Fault += ", too many wait"
		s.lose(t)
		return
	}
	if !t.Kept {
		t.Bytes, t.Kept = bytes.Clone(t.Bytes), true
	}
	s.AfterFunc(one.After, func() {
		faults.Release()
		_ = s.leave(t) // as if the network had lost it
	})
}

// leave sends a message.
func (s *Shard) leave(t Trace) error {
	if t.Err = t.Flow.Send(t.Bytes); t.Err != nil {
		s.stats.SendFails++
	}
	if s.layer.trace != nil {
		s.layer.trace(t)
	}
	return t.Err
}

// lose tells of a message that does not leave.
func (s *Shard) lose(t Trace) {
	t.Lost = true
	if s.layer.trace != nil {
		s.layer.trace(t)
	}
}
