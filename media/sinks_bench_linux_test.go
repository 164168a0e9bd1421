package media

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// hearingItself returns a session that hears its own sound, taken from its shard, and what serves its next frame.
func hearingItself(b testing.TB) (s *Session, frame func()) {
	s, w := playing(b)
	params := s.params
	params.Remote = s.Addr()
	s.Configure(params)
	return s, func() {
		s.mu.Lock()
		s.serveLocked(s.deadline, w)
		w.deliver(s)
	}
}

// TestSinksAllocateNothing counts what a frame leaves to the garbage collector that is sent, received, decoded, recorded in stereo and
// searched for a tone and for digits; and one that is echoed.
func TestSinksAllocateNothing(t *testing.T) {
	s, frame := hearingItself(t)
	s.options.Inband = InbandAuto
	r := recordTo(t, s, RecordOptions{Dir: t.TempDir(), Name: "a.wav", Stereo: true})
	l := listenFor(t, s, ForTone([]float64{1004}, time.Second, -30))
	for range 500 { // the chunks of the recording are made
		frame()
	}
	if n := testing.AllocsPerRun(1000, frame); n != 0 {
		t.Errorf("%g allocations for a frame that is recorded", n)
	}
	if _, err := s.Echo(EchoOptions{}); err != nil {
		t.Fatal(err)
	}
	s.deadline = s.driver.now().add(2 * time.Hour)
	for range 100 {
		frame()
	}
	if n := testing.AllocsPerRun(1000, frame); n != 0 {
		t.Errorf("%g allocations for a frame that is echoed and recorded", n)
	}
	r.Stop("")
	l.Stop()
	if st := s.Stats(); r.Result().Err != nil || st.Received.Packets < 2500 {
		t.Errorf("%+v, %+v", r.Result(), st.Received)
	}
}

// BenchmarkSinks is BenchmarkFrameBothWays with what is done with the packet received.
func BenchmarkSinks(b *testing.B) {
	for name, begin := range map[string]func(*Session){
		"nothing":     func(*Session) {},
		"echo":        func(s *Session) { _, _ = s.Echo(EchoOptions{}) },
		"record":      func(s *Session) { recordTo(b, s, RecordOptions{Dir: b.TempDir(), Name: "a.wav"}) },
		"stereo":      func(s *Session) { recordTo(b, s, RecordOptions{Dir: b.TempDir(), Name: "a.wav", Stereo: true}) },
		"wait_tone":   func(s *Session) { listenFor(b, s, ForTone([]float64{1004}, time.Second, -10)) },
		"digits":      func(s *Session) { s.options.Inband = InbandAuto },
		"wait_speech": func(s *Session) { listenFor(b, s, ForSpeech(time.Hour, -45)) },
	} {
		b.Run(name, func(b *testing.B) {
			s, frame := hearingItself(b)
			begin(s)
			b.ReportAllocs()
			for b.Loop() {
				frame()
			}
			b.StopTimer()
			if st := s.Stats(); st.Received.Packets+5 < st.Sent.Packets {
				b.Errorf("%d packets received of %d", st.Received.Packets, st.Sent.Packets)
			}
		})
	}
}

// BenchmarkEchoes is so many sessions that play and so many that echo, on real sockets and in real time, for 10 s: what is lost, what
// a packet sent costs with one received, and how late frames are. Both sides are in it.
func BenchmarkEchoes(b *testing.B) {
	for _, calls := range []int{100, 1000, 2000} {
		b.Run(fmt.Sprint(calls), func(b *testing.B) {
			for b.Loop() {
				echoes(b, calls, 10*time.Second)
			}
		})
	}
}

func echoes(b *testing.B, calls int, length time.Duration) {
	e, err := New(Options{PortMin: 33000, PortMax: 33000 + 4*calls + 3, Quarantine: -1})
	if err != nil {
		b.Fatal(err)
	}
	defer e.Close()
	o := SessionOptions{Local: netip.MustParseAddr("127.0.0.1")}
	var callers, echoing []*Session
	for range calls {
		caller, far := open(b, e, o), open(b, e, o)
		join(caller, far)
		if _, err := far.Echo(EchoOptions{}); err != nil {
			b.Fatal(err)
		}
		callers, echoing = append(callers, caller), append(echoing, far)
	}
	before := processorTime(b)
	var playbacks []*Playback
	src := NewCache(0).Source(Tone(ToneOptions{Frequencies: []float64{440}, Level: -10, Duration: length}))
	for _, s := range callers {
		playbacks = append(playbacks, begin(b, s, src))
	}
	for _, p := range playbacks {
		<-p.Done()
	}
	used := processorTime(b) - before
	late := e.Stats().Lateness
	var sent, came, lost, skipped uint64
	for i := range callers {
		back, forth := callers[i].Close(), echoing[i].Close()
		sent, came = sent+back.Sent.Packets, came+back.Received.Packets
		lost += uint64(max(0, back.Received.Lost) + max(0, forth.Received.Lost))
		skipped += back.Sent.Skipped + forth.Sent.Skipped
	}
	b.ReportMetric(float64(sent), "sent")
	b.ReportMetric(float64(came), "echoed")
	b.ReportMetric(float64(lost), "lost")
	b.ReportMetric(float64(used.Microseconds())/float64(sent+came), "cpu-µs/packet")
	b.ReportMetric(float64(skipped), "skipped")
	b.ReportMetric(1000*quantile(late, 0.99).Seconds(), "p99-ms")
}

// processorTime is what the process used so far.
func processorTime(b *testing.B) time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// quantile is the bound of the histogram that a share of the frames kept.
func quantile(l Lateness, share float64) time.Duration {
	var all, sum uint64
	for _, n := range l.Counts {
		all += n
	}
	for i, n := range l.Counts {
		if sum += n; float64(sum) >= share*float64(all) && i < len(l.Bounds) {
			return l.Bounds[i]
		}
	}
	return time.Second // beyond all bounds
}
