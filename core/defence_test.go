package core_test

import (
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"offhook/core"
	"offhook/core/coretest"
	"offhook/core/guard"
	"offhook/core/transport"
)

// stranger sends single requests and counts what comes back.
type stranger struct {
	server *core.Server
	flow   transport.Flow
	sent   int
	mu     sync.Mutex
	got    map[string]int // status lines
}

func newStranger(s *core.Server, source string) *stranger {
	x := &stranger{server: s, got: map[string]int{}}
	x.flow = transport.NewFlow("UDP", netip.MustParseAddrPort("192.0.2.1:5060"), netip.MustParseAddrPort(source), func(b []byte) error {
		line, _, _ := strings.Cut(string(b), "\r\n")
		x.mu.Lock()
		defer x.mu.Unlock()
		x.got[line]++
		return nil
	})
	return x
}

func (x *stranger) send(method string, fields ...string) {
	x.sent++
	m := fmt.Sprintf("%[1]s sip:100@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP %[2]s;branch=z9hG4bK-%[3]d\r\nFrom: <sip:x@%[2]s>;tag=x\r\n"+
		"To: <sip:100@192.0.2.1>\r\nCall-ID: %[3]d@%[2]s\r\nCSeq: 1 %[1]s\r\nContact: <sip:x@%[2]s>\r\n%[4]sContent-Length: 0\r\n\r\n",
		method, x.flow.Remote(), x.sent, strings.Join(append(fields, ""), "\r\n"))
	x.server.Deliver([]byte(m), x.flow)
}

func (x *stranger) want(t *testing.T, what string, want map[string]int) {
	t.Helper()
	synctest.Wait()
	x.mu.Lock()
	defer x.mu.Unlock()
	if fmt.Sprint(x.got) != fmt.Sprint(want) {
		t.Errorf("%s: got %v, want %v", what, x.got, want)
	}
	clear(x.got)
}

// TestFloodsLeaveNothing sends what is refused or changes nothing, 5000 of each
// kind: each gets one answer, whoever sent it, and nothing is kept.
func TestFloodsLeaveNothing(t *testing.T) {
	for name, flood := range map[string]struct {
		method, field, answer string
	}{
		"full":        {"INVITE", "X: y", "503 Service Unavailable"},
		"refused":     {"INVITE", "Require: nonsense", "420 Bad Extension"},
		"options":     {"OPTIONS", "X: y", "503 Service Unavailable"},
		"register":    {"REGISTER", "X: y", "405 Method Not Allowed"},
		"stray bye":   {"BYE", "X: y", "481 Call/Transaction Does Not Exist"},
		"stray other": {"INFO", "X: y", "481 Call/Transaction Does Not Exist"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := coretest.NewNetwork()
				defer n.Close()
				o := core.Options{Media: n.Media(), Handler: answering{}, Log: discard()}
				if strings.HasPrefix(flood.answer, "503") {
					o.MaxCalls = 1
				}
				s := core.New(o)
				defer s.Close()
				c := n.Call(s, coretest.CallOptions{})
				synctest.Wait()
				x := newStranger(s, "198.51.100.7:5060")
				for range 5000 {
					x.send(flood.method, flood.field)
				}
				if tables := s.Stats().Transaction; tables.Server != 0 || tables.Finished != 1 { // that of the call
					t.Errorf("%d transactions and %d tombstones are left, want only that of the call", tables.Server, tables.Finished)
				}
				time.Sleep(time.Minute)
				x.want(t, name, map[string]int{"SIP/2.0 " + flood.answer: 5000})
				if state := c.State(); state.Ended {
					t.Errorf("the call in progress: %+v", state)
				}
				c.Bye()
				st := s.Stats()
				if st.Total != st.Answered+st.Failed {
					t.Errorf("%d calls, but %d answered and %d failed", st.Total, st.Answered, st.Failed)
				}
			})
		})
	}
}

// TestCallRate takes three calls a second.
func TestCallRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := coretest.NewNetwork()
		defer n.Close()
		s := core.New(core.Options{Media: n.Media(), Handler: answering{}, Log: discard(), CallRate: 3})
		defer s.Close()
		for range 2 {
			busy := 0
			for range 5 {
				c := n.Call(s, coretest.CallOptions{})
				synctest.Wait()
				if c.State().Status == 503 {
					busy++
				}
				c.Bye()
			}
			if busy != 2 {
				t.Errorf("%d of 5 calls were refused, want 2", busy)
			}
			time.Sleep(time.Second)
		}
		if st := s.Stats(); st.Refused.Rate != 4 || st.Total != 10 || st.Failed != 4 || st.Answered != 6 {
			t.Errorf("%+v", st)
		}
	})
}

// TestOverload has handlers that wait for a processor, as it were, too long.
func TestOverload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := coretest.NewNetwork()
		defer n.Close()
		s := core.New(core.Options{Media: n.Media(), Handler: answering{}, Log: discard()})
		defer s.Close()
		s.Stall()
		time.Sleep(200 * time.Millisecond)
		x := newStranger(s, "198.51.100.7:5060")
		x.send("INVITE")
		time.Sleep(90 * time.Millisecond)
		x.send("INVITE")
		time.Sleep(90 * time.Millisecond)
		x.send("INVITE")
		x.send("OPTIONS")
		x.want(t, "while calls wait", map[string]int{"SIP/2.0 100 Trying": 2, "SIP/2.0 180 Ringing": 2, "SIP/2.0 200 OK": 3, "SIP/2.0 503 Service Unavailable": 1})
		if n := s.Stats().Refused.Overload; n != 1 {
			t.Errorf("%d were counted as refused, want 1", n)
		}
	})
}

// TestScannersAreNotAnswered shows a scanner nothing, and its address is banned,
// but a trusted one is not whatever comes in its name.
func TestScannersAreNotAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := coretest.NewNetwork()
		defer n.Close()
		g := guard.New(guard.Options{
			Scanners: []string{"friendly-scanner"}, Suspect: 10, BanFor: time.Minute, Trusted: []netip.Prefix{netip.MustParsePrefix("192.0.2.7/32")},
		})
		s := core.New(core.Options{Media: n.Media(), Handler: answering{}, Log: discard(), Guard: g})
		defer s.Close()
		scanner, guesser, trusted := newStranger(s, "198.51.100.7:5060"), newStranger(s, "198.51.100.8:5060"), newStranger(s, "192.0.2.7:5060")
		for _, x := range []*stranger{scanner, trusted} {
			x.send("OPTIONS", "USER-AGENT:friendly-scanner")
			x.send("OPTIONS")
		}
		for range 20 {
			guesser.send("REGISTER")
		}
		scanner.want(t, "scanner", nil)
		trusted.want(t, "trusted", map[string]int{"SIP/2.0 200 OK": 2})
		guesser.want(t, "guesser", map[string]int{"SIP/2.0 405 Method Not Allowed": 11})
		time.Sleep(time.Minute)
		for _, x := range []*stranger{scanner, guesser} {
			x.send("OPTIONS")
			x.want(t, "after the ban", map[string]int{"SIP/2.0 200 OK": 1})
		}
		if d := s.Stats().Dropped; d[guard.Scanner] != 1 || d[guard.Banned] != 10 {
			t.Errorf("dropped %v", d)
		}
	})
}

// TestMalformedFloodIsBanned: what cannot be parsed is answered for a while.
func TestMalformedFloodIsBanned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := coretest.NewNetwork()
		defer n.Close()
		var bans []guard.Ban
		g := guard.New(guard.Options{Suspect: 10, BanFor: time.Minute, OnBan: func(b guard.Ban) { bans = append(bans, b) }})
		s := core.New(core.Options{Media: n.Media(), Handler: answering{}, Log: discard(), Guard: g})
		defer s.Close()
		x := newStranger(s, "198.51.100.7:5060")
		for range 1000 {
			x.send("OPTIONS", "CSeq: 2 OPTIONS") // twice
		}
		x.want(t, "malformed", map[string]int{"SIP/2.0 400 Header Field Repeated": 11})
		if len(bans) != 1 || bans[0].Reason != "malformed messages" {
			t.Errorf("bans: %v", bans)
		}
	})
}
