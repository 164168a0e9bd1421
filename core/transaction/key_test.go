package transaction

import (
	"testing"

	"github.com/emiago/sipgo/sip"
)

func TestServerKey(t *testing.T) {
	seeds := newKeySeeds()
	const via = "SIP/2.0/UDP 192.0.2.9:5070;branch=z9hG4bK-one"
	message := func(method, uri, via, from, to, callID, cseq string) *sip.Request {
		return parse(method + " " + uri + " SIP/2.0\nVia: " + via + "\nFrom: <sip:a@b>;tag=" + from + "\nTo: <sip:c@d>" + to +
			"\nCall-ID: " + callID + "\nCSeq: " + cseq + " " + method).(*sip.Request)
	}
	base := message("INVITE", "sip:x@y", via, "f", "", "id", "1")
	old := message("INVITE", "sip:x@y", "SIP/2.0/UDP h:5070;branch=1", "f", "", "id", "1")
	for _, c := range []struct {
		name  string
		other *sip.Request
		than  *sip.Request
		same  bool
	}{
		{"itself", base, base, true},
		{"its ACK", message("ACK", "sip:x@y", via, "f", ";tag=t", "id", "1"), base, true},
		{"its CANCEL", message("CANCEL", "sip:x@y", via, "f", "", "id", "1"), base, true},
		{"received and rport filled in", message("INVITE", "sip:x@y", via+";rport=9;received=192.0.2.9", "f", "", "id", "1"), base, true},
		{"parameter name in capitals", message("INVITE", "sip:x@y", "SIP/2.0/UDP 192.0.2.9:5070;BRANCH=z9hG4bK-one", "f", "", "id", "1"), base, true},
		{"another branch", message("INVITE", "sip:x@y", via+"1", "f", "", "id", "1"), base, false},
		{"another port of sent-by", message("INVITE", "sip:x@y", "SIP/2.0/UDP 192.0.2.9:5071;branch=z9hG4bK-one", "f", "", "id", "1"), base, false},
		{"another host of sent-by", message("INVITE", "sip:x@y", "SIP/2.0/UDP 192.0.2.8:5070;branch=z9hG4bK-one", "f", "", "id", "1"), base, false},
		{"another Call-ID", message("INVITE", "sip:x@y", via, "f", "", "id2", "1"), base, false},
		{"another CSeq", message("INVITE", "sip:x@y", via, "f", "", "id", "2"), base, false},
		{"RFC 2543: itself", old, old, true},
		{"RFC 2543: host in capitals", message("INVITE", "sip:x@y", "SIP/2.0/UDP H:5070;branch=1", "f", "", "id", "1"), old, true},
		{"RFC 2543: its ACK", message("ACK", "sip:x@y", "SIP/2.0/UDP h:5070;branch=1", "f", ";tag=t", "id", "1"), old, true},
		{"RFC 2543: received filled in", message("INVITE", "sip:x@y", "SIP/2.0/UDP h:5070;branch=1;received=192.0.2.9", "f", "", "id", "1"), old, true},
		{"RFC 2543: another Request-URI", message("INVITE", "sip:x@z", "SIP/2.0/UDP h:5070;branch=1", "f", "", "id", "1"), old, false},
		{"RFC 2543: another From tag", message("INVITE", "sip:x@y", "SIP/2.0/UDP h:5070;branch=1", "g", "", "id", "1"), old, false},
		{"RFC 2543: another Via", message("INVITE", "sip:x@y", "SIP/2.0/UDP h:5070;branch=2", "f", "", "id", "1"), old, false},
		{"RFC 2543: another transport", message("INVITE", "sip:x@y", "SIP/2.0/TCP h:5070;branch=1", "f", "", "id", "1"), old, false},
	} {
		if same := seeds.serverKey(c.other, sip.INVITE) == seeds.serverKey(c.than, sip.INVITE); same != c.same {
			t.Errorf("%s: same key %v, want %v", c.name, same, c.same)
		}
	}
	if seeds.serverKey(base, sip.INVITE) == seeds.serverKey(base, sip.CANCEL) {
		t.Error("the methods have one key")
	}
	if other := newKeySeeds(); other.serverKey(base, sip.INVITE) == seeds.serverKey(base, sip.INVITE) {
		t.Error("keys can be foretold: two layers have the same")
	}
}

// The fields are set apart from each other: no two of them can be shifted into the same bytes.
func TestKeyFieldsDoNotRunTogether(t *testing.T) {
	seeds := newKeySeeds()
	via := func(branch string) *sip.ViaHeader {
		return &sip.ViaHeader{Params: sip.HeaderParams{{K: "branch", V: branch}}}
	}
	cseq := &sip.CSeqHeader{SeqNo: 1, MethodName: "BYE"}
	if seeds.clientKey(via("b"), "a1", cseq) == seeds.clientKey(via("b"), "a", &sip.CSeqHeader{SeqNo: 11, MethodName: "BYE"}) {
		t.Error("Call-ID and CSeq number run together")
	}
	if seeds.clientKey(via("Xb"), "a", cseq) == seeds.clientKey(via("b"), "a", &sip.CSeqHeader{SeqNo: 1, MethodName: "BYEX"}) {
		t.Error("method and branch run together")
	}
}

func TestKeyAllocatesNothing(t *testing.T) {
	seeds := newKeySeeds()
	req := request(sip.INVITE, branch1, "")
	if n := testing.AllocsPerRun(100, func() {
		seeds.serverKey(req, sip.INVITE)
		seeds.mergedKey(req)
		seeds.clientKey(req.Via(), "call-1", req.CSeq())
	}); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}
