package media

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/rtp"
)

// ahead10 is a session that sends to c every 10 ms, which is four packets ahead.
func ahead10(t *testing.T) (s *Session, c *net.UDPConn, params Params) {
	e := testEngine(t, Options{Shards: 1})
	s, c = open(t, e, SessionOptions{}), stampingSocket(t)
	to := c.LocalAddr().(*net.UDPAddr).AddrPort()
	params = Params{Remote: netip.AddrPortFrom(to.Addr(), to.Port()), Send: true, Ptime: 10 * time.Millisecond, DTMFPayloadType: 101}
	s.Configure(params)
	return s, c, params
}

// receive reads packets until n have come or, of less, for so long.
func receive(t *testing.T, c *net.UDPConn, n int, wait time.Duration) (all []rtp.Packet) {
	t.Helper()
	if err := c.SetReadDeadline(time.Now().Add(wait)); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 1500)
	for len(all) < n {
		size, err := c.Read(b)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			break
		}
		var p rtp.Packet
		if err == nil {
			err = p.Unmarshal(append([]byte(nil), b[:size]...))
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	return all
}

// loudness is a sink that counts how much of what was said is not silent.
type loudness struct{ samples atomic.Int64 }

func (l *loudness) take(_, said []int16) bool {
	for _, x := range said {
		if x != 0 {
			l.samples.Add(1)
		}
	}
	return true
}

func (*loudness) hangUp() {}

const soon = 2 * time.Second // for what comes, unless the machine stands still

// What is stopped, paused, held or interrupted is not heard any more, though it was made ahead; and no number is missing.
func TestStoppedIsNotHeard(t *testing.T) {
	for name, c := range map[string]struct {
		stop func(s *Session, p *Playback, params Params)
		held bool // what plays runs on unheard
	}{
		"stop":  {stop: func(_ *Session, p *Playback, _ Params) { p.Stop() }},
		"pause": {stop: func(_ *Session, p *Playback, _ Params) { p.Pause(); p.Pause() }},
		"hold": {held: true, stop: func(s *Session, _ *Playback, params Params) {
			params.Send = false
			s.Configure(params)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s, socket, params := ahead10(t)
			said := &loudness{}
			s.mu.Lock()
			s.listen(said)
			s.mu.Unlock()
			p, err := s.Play(Tone(ToneOptions{Frequencies: []float64{440}}))
			if err != nil {
				t.Fatal(err)
			}
			packets := receive(t, socket, 20, soon)
			c.stop(s, p, params)
			packets = append(packets, receive(t, socket, 100, time.Millisecond)...) // those that were sent before
			if late := receive(t, socket, 100, 100*time.Millisecond); len(late) > 0 {
				t.Errorf("%d packets came later", len(late))
			}
			n := uint64(len(packets))
			if r := p.Result(); r.Packets != n || !c.held && r.Position != time.Duration(n+s.Stats().Sent.Skipped)*10*time.Millisecond {
				t.Errorf("%d packets came: %+v", n, r)
			}
			if sent := s.Stats().Sent; sent.Packets != n || sent.Bytes != n*80 {
				t.Errorf("%d packets came: %+v", n, sent)
			}
			if got := said.samples.Load(); got < int64(n)*80*9/10 || got > int64(n)*80 {
				t.Errorf("%d packets came, sinks have %d samples of them", n, got)
			}
			s.Configure(params)
			if _, err := s.Play(Silence(100 * time.Millisecond)); err != nil {
				t.Fatal(err)
			}
			packets = append(packets, receive(t, socket, 10, soon)...)
			for i, h := range packets[1:] {
				if h.SequenceNumber != packets[i].SequenceNumber+1 {
					t.Errorf("packet %d: sequence number %d after %d", i+1, h.SequenceNumber, packets[i].SequenceNumber)
				}
			}
			if first := packets[n]; !first.Marker || first.Payload[40] != 0xff {
				t.Errorf("after %d packets one of %x, marker %v", n, first.Payload[40], first.Marker)
			}
		})
	}
}

// TestInterruptedIsNotHeard: what takes the place of a stream is heard one ptime later, and not after what was made ahead.
func TestInterruptedIsNotHeard(t *testing.T) {
	s, socket, _ := ahead10(t)
	if _, err := s.Play(Tone(ToneOptions{Frequencies: []float64{440}})); err != nil {
		t.Fatal(err)
	}
	packets := receive(t, socket, 20, soon)
	if _, err := s.Play(Silence(100 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	packets = append(packets, receive(t, socket, 15, soon)...)
	old := 0
	for i, h := range packets {
		if i >= 20 && h.Payload[40] != 0xff {
			old++
		}
		if i > 0 && (h.SequenceNumber != packets[i-1].SequenceNumber+1 || int32(h.Timestamp-packets[i-1].Timestamp) <= 0) {
			t.Errorf("packet %d: %v after %v", i, h.Header, packets[i-1].Header)
		}
	}
	if old > 1 { // one may have left before the other was told
		t.Errorf("%d packets of what was interrupted", old)
	}
}

// TestClockChange: the timestamp goes on with what the packet before lasts, when the next one has another clock rate.
func TestClockChange(t *testing.T) {
	s, socket, params := ahead10(t)
	p, err := s.Play(Silence(600 * time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	packets := receive(t, socket, 30, soon)
	params.Codec, params.PayloadType = L16Wideband, 96
	s.Configure(params)
	packets = append(packets, receive(t, socket, 30, soon)...)
	<-p.Done()
	if skipped := s.Stats().Sent.Skipped; len(packets) != 60-int(skipped) {
		t.Fatalf("%d packets, %d skipped", len(packets), skipped)
	}
	for i, h := range packets[1:] {
		want := uint32(80)
		if packets[i].PayloadType == 96 {
			want = 160
		}
		if got := h.Timestamp - packets[i].Timestamp; got != want && !h.Marker {
			t.Errorf("packet %d, payload type %d: timestamp %d on, want %d", i+1, h.PayloadType, got, want)
		}
	}
}
