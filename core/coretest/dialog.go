package coretest

import (
	"fmt"
	"slices"
	"strings"
)

// dialog is the caller's side of RFC 3261 §12, kept as text.
type dialog struct {
	callID   string
	from, to string // header field values; to gets its tag from the first response that has one
	contact  string
	target   string   // Request-URI of what we send
	routes   []string // Route values
	seq      int
	branches int
}

func newDialog(number int, o CallOptions) dialog {
	host := o.Source.Addr().String()
	if o.Source.Addr().Is6() {
		host = "[" + host + "]"
	}
	d := dialog{
		callID:  fmt.Sprintf("call-%d@%s", number, host),
		from:    fmt.Sprintf("<sip:%s@%s>;tag=from-%d", o.From, host, number),
		target:  fmt.Sprintf("sip:%s@%s", o.To, o.Server),
		contact: fmt.Sprintf("<sip:%s@%s>", o.From, o.Source),
	}
	if o.Transport != "UDP" {
		d.contact = strings.TrimSuffix(d.contact, ">") + ";transport=" + strings.ToLower(o.Transport) + ">"
	}
	if o.DisplayName != "" {
		d.from = fmt.Sprintf("%q %s", o.DisplayName, d.from)
	}
	d.to = "<" + d.target + ">"
	return d
}

// learn takes what a response to the INVITE says of the dialog (RFC 3261 §12.1.2).
func (d *dialog) learn(res Message) {
	if tagOf(d.to) == "" && tagOf(res.Header("To")) != "" && res.Status() > 100 {
		d.to = res.Header("To")
	}
	if res.Status() >= 300 {
		return
	}
	if contact := res.Header("Contact"); contact != "" {
		d.target = uriOf(contact)
	}
	if d.routes = res.Headers("Record-Route"); len(d.routes) > 0 {
		slices.Reverse(d.routes)
	}
}

// NewRequest makes a request of the call, within the dialog as soon as there is
// one. An ACK and a CANCEL belong to the last INVITE. It is not sent: see Send.
func (c *Caller) NewRequest(method string) Message {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.newRequest(method)
}

// newRequest is NewRequest with c.mu held.
func (c *Caller) newRequest(method string) Message {
	d := &c.dialog
	if method == "CANCEL" || method == "ACK" && c.final >= 300 {
		return c.withinInvite(method)
	}
	seq := c.invite.seq()
	if method != "ACK" {
		d.seq++
		seq = d.seq
	}
	d.branches++
	m := Message{Start: method + " " + d.target + " SIP/2.0"}
	m.add("Via", fmt.Sprintf("SIP/2.0/%s %s;rport;branch=z9hG4bK-%d-%d", c.o.Transport, c.o.Source, c.number, d.branches))
	for _, r := range d.routes {
		m.add("Route", r)
	}
	m.add("Max-Forwards", "70")
	m.add("From", d.from)
	m.add("To", d.to)
	m.add("Call-ID", d.callID)
	m.add("CSeq", fmt.Sprintf("%d %s", seq, method))
	m.add("Contact", d.contact)
	return m
}

// withinInvite makes the CANCEL or the ACK of the last INVITE's transaction
// (RFC 3261 §9.1, §17.1.1.3).
func (c *Caller) withinInvite(method string) Message {
	m := Message{Start: method + " " + c.invite.URI() + " SIP/2.0"}
	m.add("Via", c.invite.Header("Via"))
	m.add("Max-Forwards", "70")
	m.add("From", c.invite.Header("From"))
	m.add("To", c.invite.Header("To"))
	if method == "ACK" && tagOf(m.Header("To")) == "" {
		m.set("To", c.tagged)
	}
	m.add("Call-ID", c.invite.Header("Call-ID"))
	m.add("CSeq", fmt.Sprintf("%d %s", c.invite.seq(), method))
	return m
}

// NewResponse makes a response to a request of the server. It is not sent.
func (c *Caller) NewResponse(req Message, status int, reason string) Message {
	m := Message{Start: fmt.Sprintf("SIP/2.0 %d %s", status, reason)}
	for _, h := range req.Fields {
		switch strings.ToLower(h.Name) {
		case "via", "from", "to", "call-id", "cseq", "record-route":
			m.Fields = append(m.Fields, h)
		}
	}
	m.add("Contact", c.dialog.contact)
	return m
}
