package core

import (
	"fmt"
	"strings"

	"github.com/emiago/sipgo/sip"

	"offhook/core/fault"
)

// SendRaw sends text as a message to the peer, as it is, without a transaction: nothing is repeated, and what answers it is
// nobody's. In it ${via}, ${from}, ${to}, ${call-id} and ${cseq} stand for those of a response to the INVITE, or, when it
// begins with a method, of the next request in the dialog; ${uri} for the remote target, ${contact} for our Contact, ${sdp}
// for our session description. Errors: ErrEnded, and what the transport says.
func (c *Call) SendRaw(text string) error {
	c.shard.Lock()
	defer c.shard.Unlock()
	if c.state == Ended {
		return ErrEnded
	}
	if len(text) > fault.MaxBody {
		return fmt.Errorf("%d bytes are more than %d", len(text), fault.MaxBody)
	}
	method, _, _ := strings.Cut(text, " ")
	like, via := c.request, strings.Join(fieldsOf(c.request, "Via"), ", ")
	if method != "SIP/2.0" {
		like = c.dialog.request(sip.RequestMethod(method))
		f := c.dialog.flow
		via = fmt.Sprintf("SIP/2.0/%s %s;branch=%s%s;rport", f.Network(), f.Advertised(), sip.RFC3261BranchMagicCookie, newTag())
	}
	b := fault.Raw(text, func(name string) (string, bool) {
		switch strings.ToLower(name) {
		case "via":
			return via, true
		case "from":
			return like.From().Value(), true
		case "to":
			return like.To().Value(), true
		case "call-id":
			return c.SIPCallID(), true
		case "cseq":
			return like.CSeq().Value(), true
		case "uri":
			return c.dialog.target.String(), true
		}
		return c.faultValue(name)
	})
	return c.shard.SendRaw(c.SIPCallID(), b, c.dialog.flow)
}
