package media

import (
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
)

// TestLatch sends runs of packets, 20 ms apart, from several addresses.
func TestLatch(t *testing.T) {
	announced, nat, thief := peerRTP, netip.MustParseAddrPort("198.51.100.1:9000"), netip.MustParseAddrPort("203.0.113.66:6666")
	type run struct {
		from   netip.AddrPort
		ssrc   uint32
		n      int
		pause  time.Duration // before it
		bye    bool          // of the source, before it
		listen int           // packets that are listened to
		source netip.AddrPort
	}
	none := netip.AddrPort{}
	for _, c := range []struct {
		name string
		runs []run
	}{
		{"the announced address at once", []run{{announced, 1, 1, 0, false, 1, announced}}},
		{"behind a NAT", []run{{nat, 1, 3, 0, false, 3, none}, {nat, 1, 1, 0, false, 1, none}}}, // its order begins anew
		{"behind a NAT, in a row", []run{{nat, 1, 5, 0, false, 5, nat}}},
		{"the announced address comes first", []run{{thief, 2, 3, 0, false, 3, none}, {announced, 1, 1, 0, false, 1, announced}, {thief, 2, 9, 0, false, 0, announced}}},
		{"the announced address takes it back", []run{{thief, 2, 9, 0, false, 9, thief}, {announced, 1, 5, 0, false, 2, announced}, {thief, 2, 9, 0, false, 0, announced}}},
		{"a thief while the source sends", []run{{nat, 1, 5, 0, false, 5, nat}, {thief, 2, 50, 0, false, 0, nat}, {nat, 1, 1, 0, false, 1, nat}}},
		{"another stream after a short silence", []run{{nat, 1, 5, 0, false, 5, nat}, {thief, 2, 9, time.Second, false, 0, nat}}},
		{"another stream after a long silence", []run{{nat, 1, 5, 0, false, 5, nat}, {thief, 2, 9, 2 * time.Second, false, 6, thief}}},
		{"the same stream from another port", []run{{nat, 1, 5, 0, false, 5, nat}, {thief, 1, 9, 200 * time.Millisecond, false, 6, thief}}},
		{"the same stream too soon", []run{{nat, 1, 5, 0, false, 5, nat}, {thief, 1, 5, 60 * time.Millisecond, false, 0, nat}}},
		{"another stream after a BYE", []run{{nat, 1, 5, 0, false, 5, nat}, {thief, 2, 9, 0, true, 6, thief}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var l latch
			l.announce(announced)
			now, total := instant(1e9), 0
			for i, r := range c.runs {
				now = now.add(r.pause)
				l.left = l.left || r.bye
				listened := 0
				for n := range r.n {
					if listen, _ := l.admit(r.from, header{ssrc: r.ssrc, sequence: uint16(100*i + n)}, now); listen {
						listened++
					}
					now = now.add(testPtime)
				}
				total += r.n - listened
				if listened != r.listen || l.source != r.source {
					t.Errorf("run %d: listened to %d, source %v; want %d, %v", i, listened, l.source, r.listen, r.source)
				}
			}
			if l.strangers != uint64(total) {
				t.Errorf("%d strangers, want %d", l.strangers, total)
			}
		})
	}
}

func TestLatchNewAnnouncement(t *testing.T) {
	var l latch
	l.announce(peerRTP)
	l.admit(peerRTP, header{}, 1)
	l.announce(peerRTP)
	if l.source != peerRTP {
		t.Error("the same announcement again unlocks")
	}
	l.announce(netip.MustParseAddrPort("192.0.2.8:4000"))
	if l.source.IsValid() {
		t.Error("a new announcement keeps the old source")
	}
}

// farEnd is where packets of a session in a bubble come from and go to.
type farEnd struct {
	t       *testing.T
	engine  *Engine
	session *Session

	mu   sync.Mutex // of those that deliver at once; a test reads after synctest.Wait
	sent []datagram // what the session sent
}

func newFarEnd(t *testing.T, o SessionOptions, p Params) *farEnd {
	t.Helper()
	f := &farEnd{t: t}
	f.engine = NewVirtual(func(from, to netip.AddrPort, packet []byte) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.sent = append(f.sent, datagram{from, to, append([]byte(nil), packet...)})
	})
	t.Cleanup(func() { f.engine.Close() })
	o.Local = netip.MustParseAddr("192.0.2.1")
	var err error
	if f.session, err = f.engine.Open(o); err != nil {
		t.Fatal(err)
	}
	f.session.Configure(p)
	return f
}

func (f *farEnd) inject(from netip.AddrPort, port uint16, packet []byte) {
	f.t.Helper()
	if !f.engine.Inject(netip.AddrPortFrom(f.session.Addr().Addr(), port), from, packet) {
		f.t.Fatal("no session there")
	}
}

// speak injects n packets, 20 ms apart.
func (f *farEnd) speak(from netip.AddrPort, ssrc uint32, first uint16, n int) {
	f.t.Helper()
	for i := range n {
		f.inject(from, f.session.Addr().Port(), rtpPacket(ssrc, first+uint16(i)))
		time.Sleep(testPtime)
		synctest.Wait()
	}
}

func rtpPacket(ssrc uint32, seq uint16) []byte {
	b, err := (&rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: seq, Timestamp: uint32(seq) * 160, SSRC: ssrc}, Payload: make([]byte, 160)}).Marshal()
	if err != nil {
		panic(err)
	}
	return b
}

func (f *farEnd) play() {
	f.t.Helper()
	if _, err := f.session.Play(Silence(0)); err != nil {
		f.t.Fatal(err)
	}
}

// lastTo is where the latest RTP or RTCP packet went.
func (f *farEnd) lastTo(control bool) netip.AddrPort {
	for i := len(f.sent) - 1; i >= 0; i-- {
		if isControl(f.sent[i].packet) == control {
			return f.sent[i].to
		}
	}
	return netip.AddrPort{}
}

// TestSymmetricRTP has the far end send from another address than it told, as behind a NAT.
func TestSymmetricRTP(t *testing.T) {
	nat := netip.MustParseAddrPort("198.51.100.1:9000")
	for _, c := range []struct {
		name             string
		noLatch, control bool
		rtp, rtcp        string
		strangers        uint64
	}{
		{"learned", false, false, "198.51.100.1:9000", "198.51.100.1:9001", 5},
		{"RTCP too", false, true, "198.51.100.1:9000", "198.51.100.1:9777", 5},
		{"as announced", true, true, "192.0.2.7:4000", "192.0.2.7:4001", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFarEnd(t, SessionOptions{NoLatch: c.noLatch}, testParams())
				f.play()
				f.speak(nat, 7, 1, 20)
				if c.control {
					b, _ := (&rtcp.ReceiverReport{SSRC: 7}).Marshal()
					f.inject(netip.MustParseAddrPort("198.51.100.1:9777"), f.session.Addr().Port()+1, b)
				}
				f.speak(netip.MustParseAddrPort("203.0.113.66:6666"), 8, 500, 5)
				time.Sleep(10 * time.Second)
				synctest.Wait()
				st := f.session.Stats()
				if got := f.lastTo(false); got.String() != c.rtp || st.Remote != got {
					t.Errorf("RTP goes to %v, Remote is %v; want %s", got, st.Remote, c.rtp)
				}
				if got := f.lastTo(true); got.String() != c.rtcp {
					t.Errorf("RTCP goes to %v, want %s", got, c.rtcp)
				}
				if st.Received.Strangers != c.strangers {
					t.Errorf("%d strangers, want %d", st.Received.Strangers, c.strangers)
				}
				held := testParams()
				held.Remote = netip.AddrPort{}
				f.session.Configure(held)
				before := len(f.sent)
				time.Sleep(10 * time.Second)
				synctest.Wait()
				if len(f.sent) != before || f.session.Stats().Remote.IsValid() {
					t.Errorf("%d packets while on hold", len(f.sent)-before)
				}
			})
		})
	}
}

// TestMux has RTCP on the RTP port, both ways (RFC 5761).
func TestMux(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		params := testParams()
		params.Mux = true
		f := newFarEnd(t, SessionOptions{}, params)
		f.play()
		f.speak(peerRTP, 7, 1, 5)
		b, _ := rtcp.Marshal([]rtcp.Packet{&rtcp.SenderReport{SSRC: 7, NTPTime: 1 << 40}, &rtcp.SourceDescription{}})
		f.inject(peerRTP, f.session.Addr().Port(), b)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		st := f.session.Stats()
		if st.Received.Reports != 1 || st.Received.Packets != 5 || st.Received.Invalid != 0 {
			t.Errorf("received %+v", st.Received)
		}
		if st.Sent.Reports < 1 || f.lastTo(true) != peerRTP {
			t.Errorf("%d reports, the last to %v", st.Sent.Reports, f.lastTo(true))
		}
		for _, d := range f.sent {
			if d.from != f.session.Addr() {
				t.Fatalf("a packet from %v", d.from)
			}
		}
	})
}

// TestCollision has the far end choose our SSRC (RFC 3550 §8.2).
func TestCollision(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFarEnd(t, SessionOptions{}, testParams())
		f.play()
		time.Sleep(200 * time.Millisecond)
		synctest.Wait()
		first := f.session.sender.ssrc
		f.speak(peerRTP, first, f.session.sender.sequence-5, 3)
		if f.session.sender.ssrc != first || f.session.Stats().Received.Packets != 3 {
			t.Fatal("an echo of ours is taken for a collision")
		}
		f.speak(peerRTP, first, f.session.sender.sequence+20000, 10)
		second := f.session.sender.ssrc
		if second == first {
			t.Fatal("the SSRC stays")
		}
		var bye *rtcp.Goodbye
		for _, d := range f.sent {
			if isControl(d.packet) {
				packets, err := rtcp.Unmarshal(d.packet)
				if err != nil {
					t.Fatal(err)
				}
				bye, _ = packets[len(packets)-1].(*rtcp.Goodbye)
			}
		}
		if bye == nil || bye.Sources[0] != first {
			t.Errorf("BYE %v, want one of %d", bye, first)
		}
		var p rtp.Packet
		if err := p.Unmarshal(f.sent[len(f.sent)-1].packet); err != nil || p.SSRC != second {
			t.Errorf("SSRC %d is sent, want %d (%v)", p.SSRC, second, err)
		}
		f.speak(peerRTP, second, f.session.sender.sequence+20000, 50)
		if f.session.sender.ssrc != second {
			t.Error("the far end can change the SSRC at will")
		}
	})
}

// TestSilenceOnHold checks that no silence is reported while there is nothing to hear.
func TestSilenceOnHold(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(p *Params)
		events int
	}{
		{"both ways", func(*Params) {}, 1},
		{"held by the far end", func(p *Params) { p.Send = false }, 0},
		{"inactive", func(p *Params) { p.Send, p.Receive = false, false }, 0},
		{"held as in RFC 2543", func(p *Params) { p.Remote = netip.MustParseAddrPort("0.0.0.0:4000") }, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPeer(t, SessionOptions{Timeout: 3 * time.Second})
				params := testParams()
				c.change(&params)
				p.session.Configure(params)
				p.sleep(10 * time.Second)
				if got := len(p.heardEvents()); got != c.events {
					t.Fatalf("%d events, want %d", got, c.events)
				}
				p.session.Configure(testParams())
				p.sleep(2900 * time.Millisecond)
				if got := len(p.heardEvents()); got != c.events {
					t.Errorf("%d events before the timeout", got)
				}
				p.sleep(200 * time.Millisecond)
				if got := len(p.heardEvents()); got != 1 {
					t.Errorf("%d events in all, want 1", got)
				}
			})
		})
	}
}
