package core

import (
	"strconv"
	"strings"

	"github.com/emiago/sipgo/sip"

	"offhook/core/transaction"
)

var (
	badEvent  = (&refusal{code: 489, reason: "Bad Event"}).with("Allow-Events", "refer")
	wrongFrag = (&refusal{code: 415, reason: "Unsupported Media Type"}).with("Accept", fragmentType)
	badStatus = &refusal{code: 400, reason: "Bad Status Line"}
)

const fragmentType = "message/sipfrag"

// notify takes a NOTIFY within the dialog: what the peer tells of a REFER of ours.
func (c *Call) notify(tx *transaction.Server, req *sip.Request) {
	r := c.referral
	event, id := eventOf(req)
	switch {
	case event != "refer":
		c.server.refuse(tx, req, badEvent)
		return
	case r == nil || id != "" && id != strconv.FormatUint(uint64(r.seq), 10):
		c.server.refuse(tx, req, noDialog) // RFC 6665 §4.1.3
		return
	}
	if len(req.Body()) > 0 {
		status, refusal := fragmentStatus(req)
		if refusal != nil {
			c.server.refuse(tx, req, refusal)
			return
		}
		r.status = status
	}
	if err := tx.Respond(c.server.response(req, 200, "")); err != nil {
		c.log.Debug("200 to NOTIFY not sent", "error", err)
	}
	over := terminated(req)
	c.log.Info("transfer", "status", r.status, "over", over)
	if over {
		c.referred(r, r.status)
	} else if r.status >= 200 { // the end of the subscription follows
		r.stop()
		r.pending.finish(r.status)
	}
}

// eventOf reads the Event header field: refer;id=93809824.
func eventOf(req *sip.Request) (event, id string) {
	for _, name := range []string{"Event", "o"} {
		if h := req.GetHeader(name); h != nil {
			event, params, _ := strings.Cut(h.Value(), ";")
			return strings.ToLower(strings.TrimSpace(event)), param(params, "id")
		}
	}
	return "", ""
}

// terminated reads the Subscription-State header field (RFC 6665 §8.2.3).
func terminated(req *sip.Request) bool {
	h := req.GetHeader("Subscription-State")
	if h == nil {
		return false
	}
	state, _, _ := strings.Cut(h.Value(), ";")
	return strings.EqualFold(strings.TrimSpace(state), "terminated")
}

// fragmentStatus reads the status line that a sipfrag begins with (RFC 3515 §2.4.5).
func fragmentStatus(req *sip.Request) (int, *refusal) {
	if h := req.ContentType(); h == nil || mediaType(h.Value()) != fragmentType {
		return 0, wrongFrag
	}
	line, _, _ := strings.Cut(string(req.Body()), "\n")
	words := strings.Fields(line)
	if len(words) < 2 || !strings.EqualFold(words[0], "SIP/2.0") || len(words[1]) != 3 {
		return 0, badStatus
	}
	status, err := strconv.Atoi(words[1])
	if err != nil || status < 100 || status > 699 {
		return 0, badStatus
	}
	return status, nil
}

// param is one of the parameters of a header field, without quotes.
func param(params, name string) string {
	for part := range strings.SplitSeq(params, ";") {
		key, value, _ := strings.Cut(part, "=")
		if strings.EqualFold(strings.TrimSpace(key), name) {
			return unquote(strings.TrimSpace(value))
		}
	}
	return ""
}
