package core_test

import (
	"context"
	"maps"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"

	"offhook/core"
	"offhook/core/coretest"
)

// withCall runs look in the handler of a call with these header fields.
func withCall(t *testing.T, o coretest.CallOptions, look func(*core.Call)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		n := coretest.NewNetwork()
		defer n.Close()
		looked := false
		s := core.New(core.Options{Media: n.Media(), Log: discard(), Handler: handlerFunc(func(_ context.Context, c *core.Call) {
			look(c)
			looked = true
		})})
		c := n.Call(s, o)
		<-c.Done()
		s.Close()
		if !looked {
			t.Errorf("no call came: %+v", c.State())
		}
	})
}

func TestWhatTheInviteSays(t *testing.T) {
	o := coretest.CallOptions{
		To: "100", From: "alice", DisplayName: "Alice, A.", Transport: "TCP", Source: netip.MustParseAddrPort("198.51.100.4:40000"),
		Headers: core.Headers{{Name: "Subject", Value: "one"}, {Name: "X-Many", Value: "a"}, {Name: "x-many", Value: "b"}, {Name: "k", Value: "timer"}},
	}
	withCall(t, o, func(c *core.Call) {
		from := c.From()
		if from.Name != "Alice, A." || from.User != "alice" || from.Host != "198.51.100.4" || from.Port != 0 || from.URI != "sip:alice@198.51.100.4" {
			t.Errorf("From %+v", from)
		}
		if uri := c.RequestURI(); uri.User != "100" || uri.Host != "192.0.2.1" || uri.Port != 5060 {
			t.Errorf("Request-URI %+v", uri)
		}
		if to := c.To(); to.User != "100" || to.URI != "sip:100@192.0.2.1:5060" {
			t.Errorf("To %+v", to)
		}
		if source, network := c.Source(); source != o.Source || network != "TCP" {
			t.Errorf("source %s %s", network, source)
		}
		if c.ID() == "" || c.SIPCallID() != "call-1@198.51.100.4" || c.State() != core.Incoming {
			t.Errorf("call %q, Call-ID %q, %s", c.ID(), c.SIPCallID(), c.State())
		}
		for name, want := range map[string][]string{
			"Subject": {"one"}, "s": {"one"}, "X-MANY": {"a", "b"}, "Call-ID": {"call-1@198.51.100.4"}, "i": {"call-1@198.51.100.4"}, "Supported": {"timer"}, "Nothing": nil,
		} {
			if got := c.Header(name); !slices.Equal(got, want) {
				t.Errorf("%s: %q, want %q", name, got, want)
			}
		}
	})
}

// TestHeadersOfIdentity: who calls and how the call came here is told as it came, also what is hidden from those who are
// called (RFC 3323): the script decides what to make of it.
func TestHeadersOfIdentity(t *testing.T) {
	o := coretest.CallOptions{Headers: core.Headers{
		{Name: "P-Asserted-Identity", Value: `"Alice" <sip:+491@x>`}, {Name: "P-Asserted-Identity", Value: "<tel:+491>"},
		{Name: "Remote-Party-ID", Value: "<sip:2@x>;party=calling;privacy=full;screen=yes"}, {Name: "Privacy", Value: "id;header"},
		{Name: "Diversion", Value: "<sip:3@x>;reason=no-answer;counter=1"}, {Name: "Diversion", Value: "<sip:4@x>;reason=unconditional"},
		{Name: "History-Info", Value: "<sip:5@x>;index=1, <sip:6@x?Reason=SIP%3Bcause%3D302>;index=1.1;mp=1"},
		{Name: "b", Value: "<sip:7@x>"}, {Name: "Reason", Value: `SIP;cause=302;text="Moved"`},
	}}
	withCall(t, o, func(c *core.Call) {
		for name, want := range map[string][]string{
			"P-Asserted-Identity": {`"Alice" <sip:+491@x>`, "<tel:+491>"}, "p-asserted-identity": {`"Alice" <sip:+491@x>`, "<tel:+491>"},
			"Remote-Party-ID": {"<sip:2@x>;party=calling;privacy=full;screen=yes"}, "Privacy": {"id;header"},
			"Diversion":    {"<sip:3@x>;reason=no-answer;counter=1", "<sip:4@x>;reason=unconditional"},
			"History-Info": {"<sip:5@x>;index=1, <sip:6@x?Reason=SIP%3Bcause%3D302>;index=1.1;mp=1"},
			"Referred-By":  {"<sip:7@x>"}, "Reason": {`SIP;cause=302;text="Moved"`},
		} {
			if got := c.Header(name); !slices.Equal(got, want) {
				t.Errorf("%s: %q, want %q", name, got, want)
			}
		}
	})
}

func TestCallerNumber(t *testing.T) {
	for _, c := range []struct {
		name    string
		headers core.Headers
		want    string
	}{
		{"From", nil, "caller"},
		{"P-Asserted-Identity", core.Headers{{Name: "Remote-Party-ID", Value: "<sip:2@x>"}, {Name: "P-Asserted-Identity", Value: `"A" <sip:+491@x;user=phone>`}}, "+491"},
		{"Remote-Party-ID", core.Headers{{Name: "Remote-Party-ID", Value: `"B" <sip:2@x>;party=calling;privacy=off`}}, "2"},
		{"P-Asserted-Identity that is broken", core.Headers{{Name: "P-Asserted-Identity", Value: "<<>"}}, "caller"},
		{"tel in P-Asserted-Identity", core.Headers{{Name: "P-Asserted-Identity", Value: "<tel:+49301;ext=1>"}}, "+49301"},
		{"two in P-Asserted-Identity", core.Headers{{Name: "P-Asserted-Identity", Value: "<sip:+491@x>, <tel:+492>"}}, "+491"},
		{"no user in the first", core.Headers{{Name: "P-Asserted-Identity", Value: "<sip:x>"}, {Name: "P-Asserted-Identity", Value: "<tel:+492>"}}, "+492"},
	} {
		t.Run(c.name, func(t *testing.T) {
			withCall(t, coretest.CallOptions{Headers: c.headers}, func(call *core.Call) {
				if got := call.CallerNumber(); got != c.want {
					t.Errorf("caller %q, want %q", got, c.want)
				}
			})
		})
	}
}

func TestAddressParams(t *testing.T) {
	o := coretest.CallOptions{To: "100;npdi;rn=+1555"}
	withCall(t, o, func(c *core.Call) {
		a := c.RequestURI()
		if a.User != "100;npdi;rn=+1555" {
			t.Errorf("user %q", a.User)
		}
	})
	for uri, want := range map[string]map[string]string{
		"sip:100@192.0.2.1;user=phone;TransPort=udp": {"user": "phone", "transport": "udp"}, "sip:100@192.0.2.1": nil,
	} {
		synctest.Test(t, func(t *testing.T) {
			n := coretest.NewNetwork()
			defer n.Close()
			var got map[string]string
			s := core.New(core.Options{Media: n.Media(), Log: discard(), Handler: handlerFunc(func(_ context.Context, c *core.Call) { got = c.RequestURI().Params })})
			defer s.Close()
			c := n.NewCaller(s, coretest.CallOptions{})
			m := c.NewRequest("INVITE")
			m.Start = "INVITE " + uri + " SIP/2.0"
			c.Send(m)
			synctest.Wait()
			if !maps.Equal(got, want) {
				t.Errorf("%s: parameters %v, want %v", uri, got, want)
			}
		})
	}
}
