package core

import (
	"net/netip"
	"strings"

	"github.com/emiago/sipgo/sip"

	"offhook/core/transport"
)

// dialogID finds a dialog among those of this server. The remote tag is not
// part of it: our own tag is random, so Call-ID and our tag are enough, and a
// peer that changes its tag is caught nowhere but in its own confusion.
type dialogID struct{ callID, localTag string }

// dialog is the state of RFC 3261 §12, the same for both ends of a call.
type dialog struct {
	id        dialogID
	local     sip.FromHeader // our From in requests, with our tag
	remote    sip.ToHeader   // our To in requests, with the peer's tag
	target    sip.Uri        // the peer's Contact, refreshed by re-INVITE and UPDATE
	routes    []sip.Uri      // route set, frozen when the dialog is made
	localSeq  uint32
	remoteSeq uint32
	flow      transport.Flow // that the peer's last request came over
	natted    bool           // the INVITE came through a NAT: its Contact leads nowhere
}

// newDialogAsUAS makes the dialog of an incoming INVITE (RFC 3261 §12.1.1).
func newDialogAsUAS(req *sip.Request, localTag string, f transport.Flow) dialog {
	d := dialog{
		id:        dialogID{req.CallID().Value(), localTag},
		local:     req.To().AsFrom(),
		remote:    req.From().AsTo(),
		target:    target(req),
		remoteSeq: req.CSeq().SeqNo,
		localSeq:  1, // ours starts at 2: some peers take CSeq 1 in both directions for one space
		flow:      f,
		natted:    viaNAT(req, f),
	}
	if req.RecordRoute() != nil {
		for _, h := range req.GetHeaders("Record-Route") {
			d.routes = append(d.routes, routeOf(h)...)
		}
	}
	return d
}

// target is the remote target that a request names. An INVITE of RFC 2543 may be
// without Contact: that leaves From.
func target(req *sip.Request) sip.Uri {
	if c := req.Contact(); c != nil {
		return targetOf(c)
	}
	return targetOf(&sip.ContactHeader{Address: req.From().Address})
}

// targetOf makes a remote target of a Contact, without what a Request-URI must not
// have: header fields and a method (RFC 3261 §19.1.1).
func targetOf(c *sip.ContactHeader) sip.Uri {
	u := *c.Address.Clone()
	params := u.UriParams
	u.Headers, u.UriParams = nil, nil
	for _, p := range params {
		// the parser leaves the header fields on the last parameter, too
		p.K, _, _ = strings.Cut(p.K, "?")
		p.V, _, _ = strings.Cut(p.V, "?")
		if p.K != "method" {
			u.UriParams = append(u.UriParams, p)
		}
	}
	return u
}

// routeOf returns the URI of a Record-Route header field.
func routeOf(h sip.Header) []sip.Uri {
	if rr, ok := h.(*sip.RecordRouteHeader); ok {
		return []sip.Uri{*rr.Address.Clone()}
	}
	var u sip.Uri
	if _, err := sip.ParseAddressValue(h.Value(), &u, nil); err != nil {
		return nil
	}
	return []sip.Uri{u}
}

func setTag(p sip.HeaderParams, tag string) sip.HeaderParams {
	p = p.Clone()
	return p.Add("tag", tag)
}

// viaNAT tells whether the address in the top Via is not the one that the
// message came from.
func viaNAT(req *sip.Request, f transport.Flow) bool {
	ip, err := netip.ParseAddr(trimBrackets(req.Via().Host))
	return err == nil && ip.Unmap() != f.Remote().Addr().Unmap()
}

// advance takes the CSeq number of a request of the peer; a lower or an equal
// one is out of order (RFC 3261 §12.2.2), copies having been absorbed before.
func (d *dialog) advance(seq uint32) bool {
	if seq <= d.remoteSeq {
		return false
	}
	d.remoteSeq = seq
	return true
}

// retarget takes a new remote target, from a request or a 2xx (RFC 3261 §12.2).
func (d *dialog) retarget(c *sip.ContactHeader) {
	if c != nil && !c.Address.Wildcard {
		d.target = targetOf(c)
	}
}

// request makes a request within the dialog (RFC 3261 §12.2.1.1).
func (d *dialog) request(method sip.RequestMethod) *sip.Request {
	d.localSeq++
	return d.requestWith(method, d.localSeq)
}

// requestWith makes a request with a CSeq number of its own: an ACK has the
// one of its INVITE.
func (d *dialog) requestWith(method sip.RequestMethod, seq uint32) *sip.Request {
	target, routes := d.target, d.routes
	if len(routes) > 0 && !routes[0].UriParams.Has("lr") {
		// a strict router takes the Request-URI, the target goes last
		routes = append(append([]sip.Uri(nil), routes[1:]...), target)
		target = d.routes[0]
	}
	req := sip.NewRequest(method, target)
	for _, r := range routes {
		req.AppendHeader(&sip.RouteHeader{Address: r})
	}
	from, to := d.local, d.remote
	callID, maxForwards := sip.CallIDHeader(d.id.callID), sip.MaxForwardsHeader(70)
	req.AppendHeader(&maxForwards)
	req.AppendHeader(&from)
	req.AppendHeader(&to)
	req.AppendHeader(&callID)
	req.AppendHeader(&sip.CSeqHeader{SeqNo: seq, MethodName: method})
	return req
}
