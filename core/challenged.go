package core

import (
	"github.com/emiago/sipgo/sip"

	"offhook/core/digest"
	"offhook/core/transaction"
)

// challenged tells whether a response asks for credentials.
func challenged(res *sip.Response) bool { return res.StatusCode == 401 || res.StatusCode == 407 }

// withCredentials makes a request anew with the credentials that a response to it
// asks for, and the next CSeq number (RFC 3261 §22.2); nil when there is no use in it.
func withCredentials(req *sip.Request, res *sip.Response, client *digest.Client, seq uint32) *sip.Request {
	found, ok := client.Answer(
		digest.Challenge{WWW: fieldsOf(res, "WWW-Authenticate"), Proxy: fieldsOf(res, "Proxy-Authenticate")},
		digest.Request{Method: string(req.Method), URI: req.Recipient.String(), Body: req.Body()},
	)
	if !ok {
		return nil
	}
	next := req.Clone()
	next.RemoveHeader("Via") // the transaction gets a new branch
	removeAll(next, "Authorization")
	removeAll(next, "Proxy-Authorization")
	next.ReplaceHeader(&sip.CSeqHeader{SeqNo: seq, MethodName: req.Method})
	for _, value := range found.WWW {
		next.AppendHeader(sip.NewHeader("Authorization", value))
	}
	for _, value := range found.Proxy {
		next.AppendHeader(sip.NewHeader("Proxy-Authorization", value))
	}
	return next
}

// credentials are those of our last INVITE that had some. Its ACK has the same
// (RFC 3261 §13.2.2.4).
type credentials struct {
	seq     uint32 // CSeq number of the INVITE
	headers []sip.Header
}

func credentialsOf(req *sip.Request) credentials {
	return credentials{req.CSeq().SeqNo, append(req.GetHeaders("Authorization"), req.GetHeaders("Proxy-Authorization")...)}
}

func (c *credentials) addTo(ack *sip.Request) {
	if c.seq != ack.CSeq().SeqNo {
		return
	}
	for _, h := range c.headers {
		ack.AppendHeader(h)
	}
}

// answering puts in front of on, for a request within the dialog, what answers
// challenges to it. The shard is locked whenever a response comes.
func (c *Call) answering(req *sip.Request, on func(*sip.Response, error), sent func(*transaction.Client, *sip.Request)) func(*sip.Response, error) {
	client := digest.Client{Account: c.account}
	var take func(*sip.Response, error)
	take = func(res *sip.Response, err error) {
		if err != nil || !challenged(res) || c.state == Ended && req.Method != sip.BYE {
			on(res, err)
			return
		}
		next := withCredentials(req, res, &client, c.dialog.localSeq+1)
		if next == nil {
			c.log.Warn("our credentials are refused", "method", string(req.Method), "status", res.StatusCode)
			on(res, nil)
			return
		}
		c.dialog.localSeq++
		req = next
		if req.Method == sip.INVITE {
			c.credentials = credentialsOf(req)
		}
		if err := c.sendOn(req, take, sent); err != nil {
			on(nil, err)
		}
	}
	return take
}

// inviteAgain sends our INVITE with the credentials that a response to it asks for;
// it is false when there is no use in it.
func (c *Call) inviteAgain(res *sip.Response) bool {
	o := c.outgoing
	if o.client == nil || o.cancelled != nil || c.state == Ended || c.account == (digest.Account{}) {
		return false
	}
	next := withCredentials(o.invite, res, &o.digest, c.dialog.localSeq+1)
	if next == nil {
		return false
	}
	c.dialog.localSeq++
	client, err := c.server.transactions.Send(next, c.dialog.flow, c.outgoing.result)
	if err != nil {
		c.log.Warn("INVITE with credentials not sent", "error", err)
		return false
	}
	o.client, o.invite, c.credentials = client, next, credentialsOf(next)
	return true
}
