package media

import (
	"testing"
	"time"
)

// BenchmarkFrame is the whole cost of a frame of a playing session but for waiting: send a packet on loopback to a receiver
// that drops it, look for received packets, go to the next deadline.
func BenchmarkFrame(b *testing.B) {
	s, w := playing(b)
	b.ReportAllocs()
	for b.Loop() {
		s.mu.Lock()
		s.serveLocked(s.deadline, w)
		w.deliver(s)
	}
	if st := s.Stats(); st.Sent.Errors > 0 {
		b.Errorf("%d packets refused", st.Sent.Errors)
	}
}

// TestFrameAllocatesNothing counts what a frame of a playing session leaves to the garbage collector: sound, with a packet
// received for each sent, and digits.
func TestFrameAllocatesNothing(t *testing.T) {
	s, w := playing(t)
	params := s.params
	params.Remote, params.DTMFPayloadType = s.Addr(), 101
	s.Configure(params)
	s.Capture(func(Received) {})
	frame := func() {
		s.mu.Lock()
		s.serveLocked(s.deadline, w)
		w.deliver(s)
	}
	if n := testing.AllocsPerRun(1000, frame); n != 0 {
		t.Errorf("%g allocations for a frame of sound", n)
	}
	if _, err := s.SendDTMF("0123456789*#ABCD0123456789*#ABCD0123456789*#ABCD", 0, 0); err != nil {
		t.Fatal(err)
	}
	s.deadline = s.driver.now().add(2 * time.Hour)
	if n := testing.AllocsPerRun(400, frame); n != 0 {
		t.Errorf("%g allocations for a frame of digits", n)
	}
	st := s.Stats()
	if st.Sent.Packets < 1100 || st.Received.Packets+1 < st.Sent.Packets || st.Sent.Skipped != 0 {
		t.Errorf("stats %+v", st)
	}
}

// BenchmarkFrameBothWays is BenchmarkFrame with a packet received for each sent.
func BenchmarkFrameBothWays(b *testing.B) {
	s, w := playing(b)
	params := s.params
	params.Remote = s.Addr()
	s.Configure(params)
	s.Capture(func(Received) {})
	b.ReportAllocs()
	for b.Loop() {
		s.mu.Lock()
		s.serveLocked(s.deadline, w)
		w.deliver(s)
	}
	if st := s.Stats(); st.Received.Packets+1 < st.Sent.Packets {
		b.Errorf("%d packets received of %d", st.Received.Packets, st.Sent.Packets)
	}
}

// BenchmarkOpenClose is the cost of a call's ports: two sockets opened, bound, closed.
func BenchmarkOpenClose(b *testing.B) {
	e := testEngine(b, Options{Quarantine: -1})
	b.ReportAllocs()
	for b.Loop() {
		open(b, e, SessionOptions{}).Close()
	}
}

// playing is a session that plays an endless tone, taken from its shard.
func playing(b testing.TB) (*Session, *work) {
	e := testEngine(b, Options{Shards: 1})
	e.shards[0].stop()
	e.running.Wait()
	s := open(b, e, SessionOptions{})
	s.Configure(Params{Remote: dropAll(b), Send: true, Receive: true})
	if _, err := s.Play(Tone(ToneOptions{Frequencies: []float64{440}, Level: -10})); err != nil {
		b.Fatal(err)
	}
	s.lead = 0                                 // nobody empties the outbox
	s.deadline = s.driver.now().add(time.Hour) // never late
	return s, newWork()
}

// TestSecureFrameAllocatesNothing is TestFrameAllocatesNothing with SRTP: packets go to the session itself, so that each is
// encrypted and decrypted.
func TestSecureFrameAllocatesNothing(t *testing.T) {
	for _, suite := range Suites() {
		t.Run(suite.String(), func(t *testing.T) {
			s, w := playing(t)
			params := s.params
			key := MasterKey(make([]byte, suite.KeyLen()))
			params.Remote, params.Crypto = s.Addr(), Crypto{suite, key, key}
			s.Configure(params)
			n := testing.AllocsPerRun(1000, func() {
				s.mu.Lock()
				s.serveLocked(s.deadline, w)
				w.deliver(s)
			})
			if n != 0 && !raceEnabled { // with the race detector, sync.Pool drops some of what it is given
				t.Errorf("%g allocations for a frame", n)
			}
			if st := s.Stats(); st.Received.Packets+50 < st.Sent.Packets || st.Sent.Packets < 1000 || st.Received.Unauthentic > 50 {
				t.Errorf("stats %+v", st)
			}
		})
	}
}

// BenchmarkSecureFrame is BenchmarkFrame with SRTP.
func BenchmarkSecureFrame(b *testing.B) {
	for _, suite := range Suites() {
		b.Run(suite.String(), func(b *testing.B) {
			s, w := playing(b)
			params := s.params
			key := MasterKey(make([]byte, suite.KeyLen()))
			params.Crypto = Crypto{suite, key, key}
			s.Configure(params)
			b.ReportAllocs()
			for b.Loop() {
				s.mu.Lock()
				s.serveLocked(s.deadline, w)
				w.deliver(s)
			}
		})
	}
}

// TestImpairedFrameAllocatesNothing is TestFrameAllocatesNothing over a bad network, once its buffers are there.
func TestImpairedFrameAllocatesNothing(t *testing.T) {
	s, w := playing(t)
	o := Impairment{Loss: 0.1, Burst: 3, Duplicate: 0.1, Reorder: 0.1, Jitter: 20 * time.Millisecond, Delay: 200 * time.Millisecond}
	if err := s.Impair(o); err != nil {
		t.Fatal(err)
	}
	s.impaired.held = make([]held, 40)
	for i := range s.impaired.held {
		s.impaired.held[i] = held{packet: make([]byte, 0, 256)}
	}
	s.impaired.held = s.impaired.held[:0]
	s.driver = clocked{s.driver, s}
	n := testing.AllocsPerRun(2000, func() {
		s.mu.Lock()
		s.serveLocked(s.deadline, w)
		w.deliver(s)
	})
	if n != 0 {
		t.Errorf("%g allocations for a frame", n)
	}
	if st := s.Stats(); st.Sent.Packets < 900 || st.Sent.Dropped == 0 || len(s.impaired.held) == 0 {
		t.Errorf("stats %+v, %d held", st.Sent, len(s.impaired.held))
	}
}

// clocked is a driver whose time is that of the session it serves.
type clocked struct {
	driver
	session *Session
}

func (c clocked) now() instant { return c.session.deadline }
