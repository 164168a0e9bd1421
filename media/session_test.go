package media

import (
	"errors"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
)

// peer is the far end of a virtual session: it keeps what the engine delivers.
type peer struct {
	t       *testing.T
	engine  *Engine
	session *Session
	begun   time.Time

	mu      sync.Mutex
	rtp     []heardPacket
	reports []heardReport
	events  []Event
}

type heardPacket struct {
	rtp.Packet
	at time.Duration // since the peer began
}

type heardReport struct {
	packets []rtcp.Packet
	at      time.Duration
}

var (
	peerRTP  = netip.MustParseAddrPort("192.0.2.7:4000")
	peerRTCP = netip.MustParseAddrPort("192.0.2.7:4001")
)

// newPeer opens a session in a synctest bubble and configures it for PCMU at 20 ms towards the peer.
func newPeer(t *testing.T, o SessionOptions) *peer {
	t.Helper()
	p := &peer{t: t, begun: time.Now()}
	p.engine = NewVirtual(p.deliver)
	o.Local = netip.MustParseAddr("192.0.2.1")
	o.Event = func(e Event) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.events = append(p.events, e)
	}
	s, err := p.engine.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	p.session = s
	t.Cleanup(func() { p.engine.Close() })
	s.Configure(testParams())
	return p
}

func testParams() Params {
	return Params{Remote: peerRTP, Codec: PCMU, PayloadType: 0, DTMFPayloadType: 101, Send: true, Receive: true}
}

func (p *peer) deliver(from, to netip.AddrPort, packet []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch to {
	case peerRTP:
		var h heardPacket
		if err := h.Unmarshal(append([]byte(nil), packet...)); err != nil {
			p.t.Error(err)
		}
		h.at = time.Since(p.begun)
		if from != p.session.Addr() {
			p.t.Errorf("RTP from %v", from)
		}
		p.rtp = append(p.rtp, h)
	case peerRTCP:
		r, err := rtcp.Unmarshal(packet)
		if err != nil {
			p.t.Error(err)
		}
		p.reports = append(p.reports, heardReport{r, time.Since(p.begun)})
		if from.Port() != p.session.Addr().Port()+1 {
			p.t.Errorf("RTCP from %v", from)
		}
	default:
		p.t.Errorf("packet to %v", to)
	}
}

// play begins a 440 Hz tone.
func (p *peer) play(d time.Duration) *Playback {
	p.t.Helper()
	playback, err := p.session.Play(Tone(ToneOptions{Frequencies: []float64{440}, Level: -10, Duration: d}))
	if err != nil {
		p.t.Fatal(err)
	}
	return playback
}

func (p *peer) heardEvents() []Event {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.events)
}

// sleep lets the call go on for a while.
func (p *peer) sleep(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// await lets the call go on until a playback has ended.
func (p *peer) await(playback *Playback) {
	<-playback.Done()
	synctest.Wait()
}

// wantStream checks that packets follow each other without a gap, with the marker on the first only.
func (p *peer) wantStream(packets []heardPacket, ptime time.Duration) {
	p.t.Helper()
	for i, h := range packets {
		if h.Marker != (i == 0) {
			p.t.Fatalf("packet %d: marker %v", i, h.Marker)
		}
		if i == 0 {
			continue
		}
		before := packets[i-1]
		if h.SequenceNumber != before.SequenceNumber+1 || h.at != before.at+ptime ||
			h.Timestamp != before.Timestamp+uint32(ptime/(time.Second/8000)) || h.SSRC != before.SSRC {
			p.t.Fatalf("packet %d: sequence %d, timestamp %d at %v after %d, %d at %v", i,
				h.SequenceNumber, h.Timestamp, h.at, before.SequenceNumber, before.Timestamp, before.at)
		}
	}
}

func TestToneOf30Seconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPeer(t, SessionOptions{CNAME: "call"})
		p.sleep(1234567 * time.Microsecond) // a call does not begin on a slot
		playback := p.play(30 * time.Second)
		p.await(playback)
		if got := time.Since(p.begun) - 1234567*time.Microsecond; got != 30*time.Second {
			t.Errorf("done after %v", got)
		}
		if len(p.rtp) != 1500 {
			t.Fatalf("%d packets, want 1500", len(p.rtp))
		}
		p.wantStream(p.rtp, testPtime)
		if late := p.rtp[0].at - 1234567*time.Microsecond; late < 0 || late > 20*time.Millisecond {
			t.Errorf("first packet after %v", late)
		}
		if want := (PlayResult{PlayDone, 30 * time.Second, 1500}); playback.Result() != want {
			t.Errorf("result %+v, want %+v", playback.Result(), want)
		}
		st := p.session.Close()
		if st.Sent.Packets != 1500 || st.Sent.Bytes != 1500*160 || st.Sent.Errors != 0 || st.Sent.Skipped != 0 {
			t.Errorf("stats %+v", st.Sent)
		}
		p.wantReports()
	})
}

// wantReports checks the reports of the 30 s call: one each 2.5 to 7.5 s whose counts are those of the packets sent before it,
// then BYE.
func (p *peer) wantReports() {
	p.t.Helper()
	var before time.Duration
	for i, r := range p.reports {
		sr, ok := r.packets[0].(*rtcp.SenderReport)
		if !ok || len(r.packets) < 2 {
			p.t.Fatalf("report %d: %v", i, r)
		}
		if text := r.packets[1].(*rtcp.SourceDescription).Chunks[0].Items[0].Text; text != "call" {
			p.t.Errorf("report %d: CNAME %q", i, text)
		}
		sent := uint32(0)
		for _, h := range p.rtp {
			if h.at <= r.at {
				sent++
			}
		}
		if sr.PacketCount != sent || sr.OctetCount != 160*sent || sr.SSRC != p.rtp[0].SSRC {
			p.t.Errorf("report %d: %d packets, %d octets; want %d packets", i, sr.PacketCount, sr.OctetCount, sent)
		}
		_, bye := r.packets[len(r.packets)-1].(*rtcp.Goodbye)
		if bye != (i == len(p.reports)-1) {
			p.t.Errorf("report %d: BYE %v", i, bye)
		}
		wait := r.at - before
		if i == 0 {
			wait = 2 * r.at
		}
		if !bye && wait < reportInterval/2 || wait > reportInterval*3/2+testPtime {
			p.t.Errorf("report %d at %v, after %v", i, r.at, wait)
		}
		before = r.at
	}
	if len(p.reports) < 5 { // 3.75 + 3 · 7.5 s, and the BYE
		p.t.Errorf("%d reports", len(p.reports))
	}
}

func TestPtimes(t *testing.T) {
	for _, ptime := range []time.Duration{10, 20, 30, 40, 50, 60} {
		ptime *= time.Millisecond
		t.Run(ptime.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPeer(t, SessionOptions{})
				params := testParams()
				params.Ptime, params.PayloadType = ptime, 8
				p.session.Configure(params)
				p.await(p.play(30 * time.Second))
				if want := int(30 * time.Second / ptime); len(p.rtp) != want {
					t.Fatalf("%d packets, want %d", len(p.rtp), want)
				}
				p.wantStream(p.rtp, ptime)
				if h := p.rtp[0]; h.PayloadType != 8 || len(h.Payload) != int(ptime/(time.Second/8000)) {
					t.Errorf("payload type %d, %d octets", h.PayloadType, len(h.Payload))
				}
			})
		})
	}
}

// TestTimestampRunsOn checks that the timestamp counts the silence between two playbacks, and the sequence number does not.
func TestTimestampRunsOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPeer(t, SessionOptions{})
		p.await(p.play(100 * time.Millisecond))
		p.sleep(2 * time.Second)
		p.await(p.play(100 * time.Millisecond))
		p.wantStream(p.rtp[:5], testPtime)
		p.wantStream(p.rtp[5:], testPtime)
		gap := p.rtp[5].at - p.rtp[4].at
		if got := p.rtp[5].Timestamp - p.rtp[4].Timestamp; got != uint32(gap/(time.Second/8000)) {
			t.Errorf("timestamp went on by %d in %v", got, gap)
		}
		if p.rtp[5].SequenceNumber != p.rtp[4].SequenceNumber+1 {
			t.Errorf("sequence number %d after %d", p.rtp[5].SequenceNumber, p.rtp[4].SequenceNumber)
		}
	})
}

func TestHowPlaybacksEnd(t *testing.T) {
	for _, c := range []struct {
		name string
		end  func(p *peer, playback *Playback)
		want PlayStatus
	}{
		{"stopped", func(_ *peer, b *Playback) { b.Stop(); b.Stop() }, PlayStopped},
		{"interrupted", func(p *peer, _ *Playback) { p.play(time.Second) }, PlayInterrupted},
		{"interrupted by digits", func(p *peer, _ *Playback) { p.session.SendDTMF("1", 0, 0) }, PlayInterrupted},
		{"closed", func(p *peer, _ *Playback) { p.session.Close() }, PlayClosed},
		{"engine closed", func(p *peer, _ *Playback) { p.engine.Close() }, PlayClosed},
		{"source fails in the new codec", func(p *peer, b *Playback) {
			params := testParams()
			params.Codec, params.PayloadType = PCMA, 8
			p.session.Configure(params)
		}, PlayFailed},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPeer(t, SessionOptions{})
				playback, err := p.session.Play(onlyPCMU{Tone(ToneOptions{Frequencies: []float64{440}, Duration: 0})})
				if err != nil {
					t.Fatal(err)
				}
				p.sleep(1010 * time.Millisecond)
				if r := playback.Result(); r.Status != "" {
					t.Fatalf("status %q while it plays", r.Status)
				}
				c.end(p, playback)
				p.await(playback)
				want := PlayResult{c.want, 51 * testPtime, 51}
				if got := playback.Result(); got != want {
					t.Errorf("result %+v, want %+v", got, want)
				}
				p.sleep(time.Second)
				if got := playback.Result(); got != want {
					t.Errorf("result changed to %+v", got)
				}
			})
		})
	}
}

// onlyPCMU is a source that cannot be had in another codec.
type onlyPCMU struct{ Source }

func (s onlyPCMU) Clip(c Codec, ptime time.Duration) (*Clip, error) {
	if c != PCMU {
		return nil, errors.New("only PCMU")
	}
	return s.Source.Clip(c, ptime)
}

func TestInterruptedStreamGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPeer(t, SessionOptions{})
		p.play(time.Second)
		p.sleep(110 * time.Millisecond)
		p.await(p.play(200 * time.Millisecond))
		if len(p.rtp) != 16 || !p.rtp[6].Marker {
			t.Fatalf("%d packets, marker %v", len(p.rtp), p.rtp[6].Marker)
		}
		p.rtp[6].Marker = false
		p.wantStream(p.rtp, testPtime)
	})
}

// TestReInvite changes codec, ptime and address while a tone plays: it goes on from where it is.
func TestReInvite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPeer(t, SessionOptions{})
		playback := p.play(2 * time.Second)
		p.sleep(990 * time.Millisecond) // 50 packets: one second
		params := testParams()
		params.Codec, params.PayloadType, params.Ptime = PCMA, 8, 40*time.Millisecond
		p.session.Configure(params)
		p.await(playback)
		p.wantStream(p.rtp[:51], testPtime)
		if len(p.rtp) != 50+25 {
			t.Fatalf("%d packets, want 75", len(p.rtp))
		}
		for _, h := range p.rtp[50:] {
			if h.PayloadType != 8 || len(h.Payload) != 320 {
				t.Fatalf("payload type %d, %d octets", h.PayloadType, len(h.Payload))
			}
		}
		if r := playback.Result(); r.Status != PlayDone || r.Position != 2*time.Second || r.Packets != 75 {
			t.Errorf("result %+v", r)
		}
		if d := p.rtp[74].at - p.rtp[0].at; d != 2*time.Second-40*time.Millisecond {
			t.Errorf("the last packet left %v after the first", d)
		}
	})
}

func TestHold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPeer(t, SessionOptions{})
		playback := p.play(3 * time.Second)
		p.sleep(990 * time.Millisecond)
		held := testParams()
		held.Send = false
		p.session.Configure(held)
		p.sleep(time.Second)
		p.session.Configure(testParams())
		p.await(playback)
		if len(p.rtp) != 100 {
			t.Fatalf("%d packets, want 100", len(p.rtp))
		}
		p.wantStream(p.rtp[:50], testPtime)
		p.wantStream(p.rtp[50:], testPtime)
		if got := p.rtp[50].Timestamp - p.rtp[49].Timestamp; got != 8000+160 {
			t.Errorf("timestamp went on by %d, want 8160", got)
		}
		if r := playback.Result(); r.Status != PlayDone || r.Position != 3*time.Second || r.Packets != 100 {
			t.Errorf("result %+v", r)
		}
	})
}

// TestUnspecifiedDestination is hold as in RFC 2543, c=0.0.0.0: neither RTP nor RTCP leaves, and what plays runs on.
func TestUnspecifiedDestination(t *testing.T) {
	for _, c := range []struct{ name, rtp, rtcp string }{
		{"IPv4", "0.0.0.0:4000", ""},
		{"with a=rtcp", "0.0.0.0:4000", "0.0.0.0:4001"},
		{"IPv6", "[::]:4000", ""},
		{"IPv4 in IPv6", "[::ffff:0.0.0.0]:4000", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPeer(t, SessionOptions{})
				params := testParams()
				params.Remote = netip.MustParseAddrPort(c.rtp)
				if c.rtcp != "" {
					params.RemoteRTCP = netip.MustParseAddrPort(c.rtcp)
				}
				p.session.Configure(params)
				playback := p.play(12 * time.Second)
				p.await(playback)
				p.session.Close()
				if len(p.rtp)+len(p.reports) != 0 {
					t.Errorf("%d packets and %d reports", len(p.rtp), len(p.reports))
				}
				if want := (PlayResult{PlayDone, 12 * time.Second, 0}); playback.Result() != want {
					t.Errorf("result %+v, want %+v", playback.Result(), want)
				}
			})
		})
	}
}

func TestErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := NewVirtual(func(_, _ netip.AddrPort, _ []byte) {})
		s, err := e.Open(SessionOptions{})
		if err != nil {
			t.Fatal(err)
		}
		tone := Tone(ToneOptions{Frequencies: []float64{440}, Duration: time.Second})
		if _, err := s.Play(tone); !errors.Is(err, ErrNotConfigured) {
			t.Errorf("play before Configure: %v", err)
		}
		params := testParams()
		params.DTMFPayloadType = 0
		s.Configure(params)
		if _, err := s.SendDTMF("1", 0, 0); !errors.Is(err, ErrNoDTMF) {
			t.Errorf("digits without telephone-event: %v", err)
		}
		s.Configure(testParams())
		for _, digits := range []string{"", "1x", "12 3"} {
			if _, err := s.SendDTMF(digits, 0, 0); err == nil {
				t.Errorf("digits %q are accepted", digits)
			}
		}
		first := s.Close()
		if again := s.Close(); again != first {
			t.Errorf("second Close: %+v, first %+v", again, first)
		}
		if _, err := s.Play(tone); !errors.Is(err, ErrClosed) {
			t.Errorf("play after Close: %v", err)
		}
		s.Configure(testParams())
		e.Close()
		if _, err := e.Open(SessionOptions{}); !errors.Is(err, ErrClosed) {
			t.Errorf("open after Close: %v", err)
		}
	})
}

// TestLateFrames serves a session by hand, late.
func TestLateFrames(t *testing.T) {
	for _, c := range []struct {
		name    string
		late    time.Duration
		skipped uint64
		frame   int64 // sent at the late service
	}{
		{"in time", 0, 0, 10},
		{"a little", 15 * time.Millisecond, 0, 10},
		{"three frames", 60 * time.Millisecond, 0, 10},
		{"more", 61 * time.Millisecond, 3, 13},
		{"a second", time.Second, 50, 60},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPeer(t, SessionOptions{})
				playback := p.play(3 * time.Second)
				p.sleep(190 * time.Millisecond)
				s, w := p.session, newWork()
				s.timer.Stop()
				due := s.deadline
				s.mu.Lock()
				s.serveLocked(due.add(c.late), w)
				w.deliver(s)
				last := p.rtp[len(p.rtp)-1]
				if got := s.Stats().Sent.Skipped; got != c.skipped {
					t.Errorf("%d frames skipped, want %d", got, c.skipped)
				}
				if got := int64(last.Timestamp-p.rtp[0].Timestamp) / 160; got != c.frame {
					t.Errorf("timestamp of frame %d, want %d", got, c.frame)
				}
				if last.Marker != (c.skipped > 0) {
					t.Errorf("marker %v", last.Marker)
				}
				if last.SequenceNumber != p.rtp[0].SequenceNumber+10 {
					t.Errorf("sequence number went on by %d, want 10", last.SequenceNumber-p.rtp[0].SequenceNumber)
				}
				// No burst: at most three frames are still due; and no drift: deadlines stay on the frame grid.
				if behind := due.add(c.late).sub(s.deadline); behind >= maxBehind*testPtime || s.deadline.sub(due)%testPtime != 0 {
					t.Errorf("next deadline is %v behind, %v after the one served", behind, s.deadline.sub(due))
				}
				if r := playback.Result(); r.Packets != 11 || r.Position != time.Duration(c.frame+1)*testPtime {
					t.Errorf("result %+v", r)
				}
			})
		})
	}
}

func TestSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPeer(t, SessionOptions{Timeout: 3 * time.Second})
		speak := func(seq uint16) {
			b, _ := (&rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: seq}, Payload: make([]byte, 160)}).Marshal()
			if !p.engine.Inject(p.session.Addr(), peerRTP, b) {
				t.Error("no session there")
			}
		}
		p.sleep(2 * time.Second)
		speak(1)
		p.sleep(2900 * time.Millisecond)
		if len(p.heardEvents()) != 0 {
			t.Fatalf("events %v before the timeout", p.heardEvents())
		}
		p.sleep(20 * time.Second)
		if len(p.heardEvents()) != 1 || p.heardEvents()[0].Kind != EventTimeout || p.heardEvents()[0].Duration < 3*time.Second {
			t.Fatalf("events %v, want one timeout", p.heardEvents())
		}
		speak(2)
		if len(p.heardEvents()) != 2 || p.heardEvents()[1].Kind != EventResumed {
			t.Fatalf("events %v, want timeout and resumption", p.heardEvents())
		}
		held := testParams()
		held.Receive = false
		p.session.Configure(held)
		p.sleep(time.Minute)
		if len(p.heardEvents()) != 2 {
			t.Errorf("events %v while on hold", p.heardEvents())
		}
		p.session.Configure(testParams())
		p.sleep(3100 * time.Millisecond)
		if len(p.heardEvents()) != 3 || p.heardEvents()[2].Kind != EventTimeout {
			t.Errorf("events %v after the hold", p.heardEvents())
		}
	})
}

func TestCapture(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPeer(t, SessionOptions{})
		var got []Received
		p.session.Capture(func(r Received) {
			r.Payload = append([]byte(nil), r.Payload...)
			got = append(got, r)
			p.session.Stats() // may be called from here
		})
		for i := range 5 {
			b, _ := (&rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: 8, SequenceNumber: uint16(i), Timestamp: uint32(i) * 160, SSRC: 5},
				Payload: []byte{byte(i)}}).Marshal()
			p.engine.Inject(p.session.Addr(), peerRTP, b)
			p.engine.Inject(p.session.Addr(), peerRTP, []byte("junk"))
			p.sleep(testPtime)
		}
		if len(got) != 5 {
			t.Fatalf("%d packets captured", len(got))
		}
		for i, r := range got {
			if r.Sequence != uint16(i) || r.PayloadType != 8 || r.Payload[0] != byte(i) || r.SSRC != 5 || r.Timestamp != uint32(i)*160 ||
				r.Arrival.Sub(got[0].Arrival) != time.Duration(i)*testPtime {
				t.Errorf("packet %d: %+v", i, r)
			}
		}
		p.session.Capture(nil)
		p.engine.Inject(p.session.Addr(), peerRTP, []byte{0x80, 8, 0, 5, 0, 0, 800 >> 8, 800 & 255, 0, 0, 0, 5})
		st := p.session.Close().Received
		if len(got) != 5 || st.Packets != 6 || st.Bytes != 5 || st.Lost != 0 || st.Jitter != 0 || st.Invalid != 5 {
			t.Errorf("%d captured; stats %+v", len(got), st)
		}
	})
}

// TestTwoSessions lets two engines' sessions talk to each other through their deliver functions.
func TestTwoSessions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var e *Engine
		e = NewVirtual(func(from, to netip.AddrPort, packet []byte) { e.Inject(to, from, packet) })
		defer e.Close()
		var s [2]*Session
		for i := range s {
			var err error
			if s[i], err = e.Open(SessionOptions{Local: netip.MustParseAddr("::1")}); err != nil {
				t.Fatal(err)
			}
		}
		for i := range s {
			params := testParams()
			params.Remote = s[1-i].Addr()
			s[i].Configure(params)
			if _, err := s[i].Play(Silence(12 * time.Second)); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(13 * time.Second)
		synctest.Wait()
		for i := range s {
			st := s[i].Stats()
			if st.Sent.Packets != 600 || st.Received.Packets != 600 || st.Received.Lost != 0 || st.Received.Reports < 1 {
				t.Errorf("session %d: %+v", i, st)
			}
			if st.RemoteLost != 0 || st.RemoteJitter != 0 {
				t.Errorf("session %d: far end reports %d lost, jitter %v", i, st.RemoteLost, st.RemoteJitter)
			}
		}
	})
}
