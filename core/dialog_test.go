package core_test

import (
	"net/netip"
	"testing"
	"testing/synctest"

	"offhook/core"
	"offhook/core/coretest"
	"offhook/core/transport"
)

// TestPeerComesBack has a peer that lost its connection and goes on over another
// one: what we send in the dialog follows.
func TestPeerComesBack(t *testing.T) {
	for _, network := range []string{"TCP", "UDP"} {
		t.Run(network, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := coretest.NewNetwork()
				defer n.Close()
				s := core.New(core.Options{Media: n.Media(), Handler: answering{}, Log: discard()})
				defer s.Close()
				c := n.Call(s, coretest.CallOptions{Transport: network})
				synctest.Wait()
				var sent []coretest.Message
				back := transport.NewFlow(network, netip.MustParseAddrPort("192.0.2.1:5060"), netip.MustParseAddrPort("192.0.2.7:6000"), func(b []byte) error {
					sent = append(sent, coretest.Parse(b))
					return nil
				})
				s.Deliver([]byte(c.NewRequest("INFO").String()), back)
				before := len(c.Messages())
				s.Close()
				if len(c.Messages()) != before || len(sent) != 2 || sent[1].Method() != "BYE" {
					t.Errorf("%d messages over the old flow, %v over the new one, want the 200 and the BYE", len(c.Messages())-before, sent)
				}
			})
		})
	}
}
