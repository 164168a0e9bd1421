package core

import (
	"github.com/emiago/sipgo/sip"

	"offhook/core/transaction"
)

// maxText bounds the text of a MESSAGE. RFC 3428 §8 keeps a whole one below 1,300
// bytes where the path is not known to take more.
const maxText = 8 << 10

var (
	wrongText = (&refusal{code: 415, reason: "Unsupported Media Type"}).with("Accept", textType)
	longText  = &refusal{code: 413, reason: "Request Entity Too Large"}
)

// message takes a MESSAGE within the dialog (RFC 3428): plain text for the
// handler. Outside a dialog nobody would read it, so there it gets 405.
func (c *Call) message(tx *transaction.Server, req *sip.Request) {
	contentType := ""
	if h := req.ContentType(); h != nil {
		contentType = h.Value()
	}
	switch {
	case c.state == Ended: // our BYE waits for the ACK
		c.server.refuse(tx, req, noDialog)
		return
	case len(req.Body()) > 0 && mediaType(contentType) != textType:
		c.server.refuse(tx, req, wrongText)
		return
	case len(req.Body()) > maxText:
		c.server.refuse(tx, req, longText)
		return
	}
	if err := tx.Respond(c.server.response(req, 200, "")); err != nil { // without Contact: RFC 3428 §7
		c.log.Debug("200 to MESSAGE not sent", "error", err)
	}
	c.emit(Event{Kind: EventMessage, ContentType: contentType, Body: string(req.Body())})
}
