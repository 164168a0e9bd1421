package transaction

import (
	"github.com/emiago/sipgo/sip"

	"offhook/core/transport"
)

// A Trace is one message as it came or left, copies included, in the order of its call. The function in Options gets
// it with the shard locked; it must not block and must not change Message or Bytes.
type Trace struct {
	CallID string
	Flow   transport.Flow
	Sent   bool
	Copy   bool // a retransmission: sent again, or absorbed
	// Message is what came, and what the TU gave to send; nil when only Bytes are left of it, or those are edited.
	Message sip.Message
	Bytes   []byte // as on the wire; nil for what came without bytes
	Kept    bool   // Bytes do not change any more; else they are good until the function returns
	Err     error  // what the transport said to sending it
	Fault   string // what is wrong with it on purpose, see core/fault; empty: nothing
	Lost    bool   // because of that it has not left
}

// String is the whole message, masked.
func (t Trace) String() string {
	if t.Bytes != nil {
		return string(Mask(t.Bytes))
	}
	return string(Mask([]byte(t.Message.String())))
}
