package media

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// testKeys are those of two ends that talk to each other.
func testKeys(suite Suite) (a, b Crypto) {
	key := func(octet string) MasterKey { return MasterKey(strings.Repeat(octet, suite.KeyLen())) }
	return Crypto{suite, key("a"), key("b")}, Crypto{suite, key("b"), key("a")}
}

// linked makes two sessions that talk to each other; pass may change or drop packets on the way.
func linked(t *testing.T, a, b Params, pass func(packet []byte) []byte) [2]*Session {
	t.Helper()
	var e *Engine
	e = NewVirtual(func(from, to netip.AddrPort, packet []byte) {
		if packet = pass(packet); packet != nil {
			e.Inject(to, from, packet)
		}
	})
	t.Cleanup(func() { e.Close() })
	var s [2]*Session
	for i := range s {
		var err error
		if s[i], err = e.Open(SessionOptions{Local: netip.MustParseAddr("192.0.2.1")}); err != nil {
			t.Fatal(err)
		}
	}
	for i, p := range []Params{a, b} {
		p.Remote = s[1-i].Addr()
		s[i].Configure(p)
	}
	return s
}

func TestSRTP(t *testing.T) {
	for _, suite := range Suites() {
		for _, mux := range []bool{false, true} {
			t.Run(fmt.Sprintf("%v mux %v", suite, mux), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					a, b := testParams(), testParams()
					a.Mux, b.Mux = mux, mux
					a.Crypto, b.Crypto = testKeys(suite)
					silence := PCMU.Encode(nil, make([]int16, 160))
					s := linked(t, a, b, func(packet []byte) []byte {
						if bytes.Contains(packet, silence[:16]) || bytes.Contains(packet, []byte("secret name")) {
							t.Error("a packet in the clear")
						}
						return packet
					})
					s[0].reporter.cname = "secret name"
					var heard atomic.Int64
					s[1].Capture(func(r Received) {
						if !bytes.Equal(r.Payload, silence) {
							t.Errorf("payload %x", r.Payload)
						}
						heard.Add(1)
					})
					for i := range s {
						if _, err := s[i].Play(Silence(12 * time.Second)); err != nil {
							t.Fatal(err)
						}
					}
					time.Sleep(13 * time.Second)
					synctest.Wait()
					for i := range s {
						st := s[i].Stats()
						if st.Received.Packets != 600 || st.Received.Unauthentic != 0 || st.Received.Reports < 1 || st.Sent.Errors != 0 || st.Suite != suite {
							t.Errorf("session %d: %+v", i, st)
						}
					}
					if heard.Load() != 600 {
						t.Errorf("%d payloads, want 600", heard.Load())
					}
				})
			})
		}
	}
}

// TestSRTPRefuses sends what must not be taken for the far end's.
func TestSRTPRefuses(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(a *Params)
		pass   func(packet []byte, again func([]byte)) []byte
		heard  uint64
	}{
		{"another key", func(a *Params) { a.Crypto.Send = MasterKey(strings.Repeat("x", 30)) }, nil, 0},
		{"in the clear", func(a *Params) { a.Crypto = Crypto{} }, nil, 0},
		{"altered", nil, func(b []byte, _ func([]byte)) []byte { b[20] ^= 1; return b }, 0},
		{"cut", nil, func(b []byte, _ func([]byte)) []byte { return b[:14] }, 0},
		{"repeated", nil, func(b []byte, again func([]byte)) []byte { again(b); return b }, 50},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, b := testParams(), testParams()
				a.Crypto, b.Crypto = testKeys(AESCM128HMACSHA180)
				if c.change != nil {
					c.change(&a)
				}
				var s [2]*Session
				s = linked(t, a, b, func(packet []byte) []byte {
					if c.pass == nil {
						return packet
					}
					return c.pass(packet, func(p []byte) { s[0].engine.Inject(s[1].Addr(), s[0].Addr(), p) })
				})
				if _, err := s[0].Play(Silence(time.Second)); err != nil {
					t.Fatal(err)
				}
				time.Sleep(1100 * time.Millisecond)
				synctest.Wait()
				st := s[1].Stats()
				if st.Received.Packets != c.heard || st.Received.Unauthentic != 50 {
					t.Errorf("received %+v, want %d packets and 50 refused", st.Received, c.heard)
				}
			})
		})
	}
}

// TestSRTPKeyChange changes keys and SSRC in mid-stream, as re-INVITEs and collisions do; the sequence number wraps.
func TestSRTPKeyChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := testParams(), testParams()
		a.Crypto, b.Crypto = testKeys(AESCM128HMACSHA180)
		s := linked(t, a, b, func(packet []byte) []byte { return packet })
		s[0].sender.sequence = 65500
		if _, err := s[0].Play(Silence(0)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if got := s[1].Stats().Received; got.Packets < 49 || got.Unauthentic != 0 || got.Lost != 0 {
			t.Fatalf("over the wrap: %+v", got)
		}
		out := s[0].secure.out
		a.Remote, b.Remote = s[1].Addr(), s[0].Addr()
		a.Crypto.Receive, b.Crypto.Send = "new key of the far end's.12345", "new key of the far end's.12345"
		s[0].Configure(a)
		s[1].Configure(b)
		if s[0].secure.out != out {
			t.Error("the context of the key that stays begins anew")
		}
		s[0].mu.Lock()
		s[0].sender.setSSRC(77)
		s[0].mu.Unlock()
		time.Sleep(time.Second)
		synctest.Wait()
		if got := s[1].Stats().Received; got.Packets < 98 || got.Unauthentic != 0 {
			t.Errorf("after the change: %+v", got)
		}
	})
}

// TestSRTPWithoutKey checks that a key that cannot be used silences the session instead of opening it.
func TestSRTPWithoutKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		params := testParams()
		params.Crypto = Crypto{Suite: AEADAES128GCM, Send: "short", Receive: "short"}
		f := newFarEnd(t, SessionOptions{}, params)
		f.play()
		f.speak(peerRTP, 1, 1, 5)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if st := f.session.Stats(); len(f.sent) != 0 || st.Received.Packets != 0 || st.Received.Unauthentic != 5 || st.Sent.Errors == 0 {
			t.Errorf("%d packets sent: %+v", len(f.sent), st)
		}
	})
}

// TestKeysAreNotPrinted tries the ways in which a value gets into a log.
func TestKeysAreNotPrinted(t *testing.T) {
	const key = "0123456789abcdef0123456789ab"
	params := Params{Crypto: Crypto{AEADAES128GCM, key, key}}
	var b bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&b, verb, params)
		fmt.Fprintf(&b, verb, &params.Crypto)
		fmt.Fprintf(&b, verb, params.Crypto.Send)
	}
	slog.New(slog.NewTextHandler(&b, nil)).Info("x", "crypto", params.Crypto, "key", params.Crypto.Send)
	slog.New(slog.NewJSONHandler(&b, nil)).Info("x", "crypto", params.Crypto, "key", params.Crypto.Send)
	if err := json.NewEncoder(&b).Encode(params); err != nil {
		t.Fatal(err)
	}
	for _, shown := range []string{key[:8], fmt.Sprintf("%x", key[:8]), "MDEyMzQ1"} {
		if strings.Contains(b.String(), shown) {
			t.Errorf("the key shows in\n%s", b.String())
		}
	}
}
