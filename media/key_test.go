package media

import (
	"net/netip"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/rtp"

	"offhook/media/dtmf"
)

// TestSendDTMF checks the packets of "1#" against RFC 4733 §2.5.1.
func TestSendDTMF(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPeer(t, SessionOptions{})
		playback, err := p.session.SendDTMF("1#", 80*time.Millisecond, 80*time.Millisecond)
		if err != nil {
			t.Fatal(err)
		}
		p.await(playback)
		if len(p.rtp) != 12 {
			t.Fatalf("%d packets, want 2 times 4 and 2 copies of the end", len(p.rtp))
		}
		for i, h := range p.rtp {
			event, err := dtmf.Parse(h.Payload)
			if err != nil || h.PayloadType != 101 {
				t.Fatalf("packet %d: %v, payload type %d", i, err, h.PayloadType)
			}
			k := i % 6
			want := dtmf.Payload{Event: []uint8{1, 11}[i/6], End: k >= 3, Volume: event.Volume, Duration: uint16(min(k+1, 4) * 160)}
			if event != want {
				t.Errorf("packet %d: %+v, want %+v", i, event, want)
			}
			first := p.rtp[i-k]
			if h.Timestamp != first.Timestamp || h.Marker != (k == 0) || h.SequenceNumber != p.rtp[0].SequenceNumber+uint16(i) ||
				h.at != first.at+time.Duration(k)*testPtime {
				t.Errorf("packet %d: timestamp %d, marker %v, sequence %d at %v", i, h.Timestamp, h.Marker, h.SequenceNumber, h.at)
			}
		}
		if d := p.rtp[6].Timestamp - p.rtp[0].Timestamp; d != 1280 {
			t.Errorf("the digits are %d timestamp units apart, want 1280", d)
		}
		if r := playback.Result(); r.Status != PlayDone || r.Packets != 12 || r.Position != 320*time.Millisecond {
			t.Errorf("result %+v", r)
		}
	})
}

// TestDigitsThereAndBack sends digits from one session to another, over a network that loses every third packet.
func TestDigitsThereAndBack(t *testing.T) {
	for _, c := range []struct {
		name string
		lose int64 // every so many packets
	}{{"all arrive", 0}, {"every third is lost", 3}} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var e *Engine
				var sent atomic.Int64
				e = NewVirtual(func(from, to netip.AddrPort, packet []byte) {
					if n := sent.Add(1); c.lose == 0 || n%c.lose != 0 {
						e.Inject(to, from, packet)
					}
				})
				defer e.Close()
				digits := make(chan Event, 100)
				here := netip.MustParseAddr("192.0.2.1")
				receive, err := e.Open(SessionOptions{Local: here, Event: func(e Event) { digits <- e }})
				if err != nil {
					t.Fatal(err)
				}
				send, err := e.Open(SessionOptions{Local: here})
				if err != nil {
					t.Fatal(err)
				}
				join(send, receive)
				playback, err := send.SendDTMF("0123456789*#ABCD11", 100*time.Millisecond, 60*time.Millisecond)
				if err != nil {
					t.Fatal(err)
				}
				<-playback.Done()
				time.Sleep(time.Second)
				synctest.Wait()
				close(digits)
				var got []byte
				for d := range digits {
					if d.Kind != EventDigit {
						t.Errorf("event %v", d.Kind)
					}
					if c.lose == 0 && d.Duration != 100*time.Millisecond {
						t.Errorf("digit %c lasted %v", d.Digit, d.Duration)
					}
					got = append(got, d.Digit)
				}
				if string(got) != "0123456789*#ABCD11" {
					t.Errorf("digits %q", got)
				}
			})
		})
	}
}

// TestLostEndOfDigit checks that a press without an end is reported all the same, without any other packet.
func TestLostEndOfDigit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPeer(t, SessionOptions{})
		for i := range 5 {
			b, _ := (&rtp.Packet{
				Header:  rtp.Header{Version: 2, PayloadType: 101, SequenceNumber: uint16(i), Timestamp: 1000},
				Payload: dtmf.Payload{Event: 5, Duration: uint16(i+1) * 160}.Append(nil),
			}).Marshal()
			p.engine.Inject(p.session.Addr(), peerRTP, b)
			p.sleep(testPtime)
		}
		if events := p.heardEvents(); len(events) != 0 {
			t.Fatalf("events %v while the key is down", events)
		}
		p.sleep(2 * time.Second)
		want := Event{Kind: EventDigit, Digit: '5', Duration: 100 * time.Millisecond}
		if events := p.heardEvents(); len(events) != 1 || events[0] != want {
			t.Errorf("events %v, want %v", events, want)
		}
	})
}
