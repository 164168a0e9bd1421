package media

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
)

// testEngine is an engine with real sockets on a range of its own.
func testEngine(t testing.TB, o Options) *Engine {
	t.Helper()
	if o.PortMin == 0 {
		o.PortMin, o.PortMax = 31000, 31999
	}
	e, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}

func open(t testing.TB, e *Engine, o SessionOptions) *Session {
	t.Helper()
	if !o.Local.IsValid() {
		o.Local = netip.MustParseAddr("127.0.0.1")
	}
	s, err := e.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// join configures two sessions to send to each other.
func join(a, b *Session) {
	for _, s := range [][2]*Session{{a, b}, {b, a}} {
		s[0].Configure(Params{Remote: s[1].Addr(), Codec: PCMU, DTMFPayloadType: 101, Send: true, Receive: true})
	}
}

// TestLoopback lets two sessions play to each other over real sockets, on IPv4 and IPv6.
func TestLoopback(t *testing.T) {
	for _, local := range []string{"127.0.0.1", "::1"} {
		t.Run(local, func(t *testing.T) {
			e := testEngine(t, Options{Shards: 2})
			o := SessionOptions{Local: netip.MustParseAddr(local)}
			a, b := open(t, e, o), open(t, e, o)
			join(a, b)
			var playbacks []*Playback
			began := time.Now()
			for _, s := range []*Session{a, b} {
				p, err := s.Play(Tone(ToneOptions{Frequencies: []float64{440}, Level: -10, Duration: time.Second}))
				if err != nil {
					t.Fatal(err)
				}
				playbacks = append(playbacks, p)
			}
			for _, p := range playbacks {
				<-p.Done()
				if r := p.Result(); r.Status != PlayDone || r.Packets+a.Stats().Sent.Skipped != 50 {
					t.Errorf("result %+v", r)
				}
			}
			if d := time.Since(began); d < 980*time.Millisecond {
				t.Errorf("one second of sound took %v", d)
			}
			sa, sb := a.Close(), b.Close()
			if sa.Sent.Packets != sb.Received.Packets || sb.Sent.Packets != sa.Received.Packets || sb.Received.Lost != 0 || sa.Received.Invalid != 0 {
				t.Errorf("a: %+v\nb: %+v", sa, sb)
			}
			if sb.Received.Bytes != 160*sb.Received.Packets || sb.Received.Reports == 0 || sb.Received.Last.Before(began) {
				t.Errorf("b received %+v", sb.Received)
			}
		})
	}
}

// TestSocketsComeBack opens sessions one after the other on one pair of ports: they have the same sockets, and none hears what
// came for the one before. One at another address has its own.
func TestSocketsComeBack(t *testing.T) {
	e := testEngine(t, Options{PortMin: 31990, PortMax: 31991, Quarantine: -1})
	far, err := net.Dial("udp4", "127.0.0.1:31990")
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()
	packet := rtp.Packet{Header: rtp.Header{Version: 2, SSRC: 1}, Payload: make([]byte, 160)}
	send := func(count int) {
		for range count {
			b, _ := packet.Marshal()
			packet.SequenceNumber++
			far.Write(b) // on loopback it waits in the socket when Write returns
		}
	}
	before := -1
	for i := range 3 {
		s := open(t, e, SessionOptions{})
		if fd := s.wire.(*socketPair).rtp; before >= 0 && fd != before {
			t.Errorf("session %d has other sockets", i)
		} else {
			before = fd
		}
		s.Configure(Params{Remote: netip.MustParseAddrPort(far.LocalAddr().String()), Codec: PCMU, Receive: true})
		send(i)
		if r := s.Close().Received; r.Packets != uint64(i) {
			t.Errorf("session %d received %d packets, want %d", i, r.Packets, i)
		}
		send(40)
	}
	if s := open(t, e, SessionOptions{Local: netip.MustParseAddr("::1")}); s.wire.(*socketPair).ip != s.local.Addr() {
		t.Error("a session at ::1 has the sockets of 127.0.0.1")
	}
}

// TestFarEndOfAnotherMake receives by the standard library and reads by another RTP implementation.
func TestFarEndOfAnotherMake(t *testing.T) {
	far, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()
	farRTCP, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer farRTCP.Close()
	e := testEngine(t, Options{Shards: 1})
	s := open(t, e, SessionOptions{})
	s.Configure(Params{Remote: far.LocalAddr().(*net.UDPAddr).AddrPort(), RemoteRTCP: farRTCP.LocalAddr().(*net.UDPAddr).AddrPort(),
		Codec: PCMA, PayloadType: 8, Send: true, Receive: true})
	began := time.Now()
	if _, err := s.Play(Tone(ToneOptions{Frequencies: []float64{440}, Level: -10})); err != nil {
		t.Fatal(err)
	}
	buffer := make([]byte, 1500)
	var before rtp.Packet
	for i := range 10 {
		n, from, err := far.ReadFromUDPAddrPort(buffer)
		if err != nil {
			t.Fatal(err)
		}
		var p rtp.Packet
		if err := p.Unmarshal(buffer[:n]); err != nil {
			t.Fatal(err)
		}
		if from != s.Addr() || p.PayloadType != 8 || len(p.Payload) != 160 || p.Marker != (i == 0) {
			t.Errorf("packet %d from %v: %v", i, from, p)
		}
		if i == 0 {
			// The bound is wide for a busy machine; a quiet one stays under 15 ms.
			if late := time.Since(began); late > 200*time.Millisecond {
				t.Errorf("first packet after %v", late)
			}
		} else if p.SequenceNumber != before.SequenceNumber+1 || (p.Timestamp-before.Timestamp)%160 != 0 {
			t.Errorf("packet %d: %v after %v", i, p, before)
		}
		before = p
	}
	if n := s.Close().Sent.Packets; n < 10 {
		t.Errorf("%d packets sent", n)
	}
	n, _, err := farRTCP.ReadFromUDPAddrPort(buffer)
	if err != nil {
		t.Fatal(err)
	}
	packets, err := rtcp.Unmarshal(buffer[:n])
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := packets[len(packets)-1].(*rtcp.Goodbye); !ok {
		t.Errorf("the last report is %v", packets)
	}
}

func TestPortsAreBound(t *testing.T) {
	e := testEngine(t, Options{PortMin: 32000, PortMax: 32003, Quarantine: -1})
	a, b := open(t, e, SessionOptions{}), open(t, e, SessionOptions{})
	for _, s := range []*Session{a, b} {
		for _, port := range []uint16{s.Addr().Port(), s.Addr().Port() + 1} {
			if c, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(s.Addr().Addr(), port))); err == nil {
				c.Close()
				t.Errorf("port %d is not bound", port)
			}
		}
	}
	if _, err := e.Open(SessionOptions{Local: netip.MustParseAddr("127.0.0.1")}); !errors.Is(err, ErrNoPort) {
		t.Errorf("third session: %v, want ErrNoPort", err)
	}
	a.Close()
	if c := open(t, e, SessionOptions{}); c.Addr() != a.Addr() {
		t.Errorf("session at %v, want the freed %v", c.Addr(), a.Addr())
	}
}

func TestPortsOfOthersArePassedOver(t *testing.T) {
	other, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 32011}) // where RTCP would be
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	e := testEngine(t, Options{PortMin: 32010, PortMax: 32013})
	if s := open(t, e, SessionOptions{}); s.Addr().Port() != 32012 {
		t.Errorf("session at %v", s.Addr())
	}
	if _, err := e.Open(SessionOptions{Local: netip.MustParseAddr("127.0.0.1")}); !errors.Is(err, ErrNoPort) {
		t.Errorf("second session: %v, want ErrNoPort", err)
	}
}

func TestOpenAtAForeignAddress(t *testing.T) {
	e := testEngine(t, Options{})
	if _, err := e.Open(SessionOptions{Local: netip.MustParseAddr("192.0.2.1")}); err == nil || errors.Is(err, ErrNoPort) {
		t.Errorf("error %v, want the system's refusal", err)
	}
	if st := e.Stats(); st.PortsInUse != 0 || st.Sessions != 0 {
		t.Errorf("stats %+v", st)
	}
}

// TestUnreachableFamily checks that a destination of the other address family costs packets, not the session.
func TestUnreachableFamily(t *testing.T) {
	e := testEngine(t, Options{Shards: 1})
	s := open(t, e, SessionOptions{})
	s.Configure(Params{Remote: netip.MustParseAddrPort("[::1]:9"), Send: true})
	p, err := s.Play(Silence(60 * time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	<-p.Done()
	if st := s.Close(); st.Sent.Packets != 0 || st.Sent.Errors == 0 {
		t.Errorf("stats %+v", st.Sent)
	}
}

// TestNothingLeaks opens and closes engines and sessions, and counts file descriptors, goroutines and the Ps of the scheduler.
func TestNothingLeaks(t *testing.T) {
	descriptors := func() int {
		entries, err := os.ReadDir("/dev/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(entries)
	}
	fds, goroutines, procs := descriptors(), runtime.NumGoroutine(), runtime.GOMAXPROCS(0)
	for range 3 {
		e, err := New(Options{PortMin: 31000, PortMax: 31999, Shards: 2})
		if err != nil {
			t.Fatal(err)
		}
		for i := range 40 {
			s := open(t, e, SessionOptions{})
			s.Configure(Params{Remote: s.Addr(), Send: true, Receive: true})
			if _, err := s.Play(Silence(0)); err != nil {
				t.Fatal(err)
			}
			if i%2 == 0 {
				s.Close() // the rest is closed by the engine
			}
		}
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		if st := e.Stats(); st.Sessions != 0 || st.PortsInUse != 0 {
			t.Errorf("stats after Close: %+v", st)
		}
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	}
	if n := descriptors(); n != fds {
		t.Errorf("%d file descriptors, %d before", n, fds)
	}
	if n := runtime.NumGoroutine(); n > goroutines {
		t.Errorf("%d goroutines, %d before", n, goroutines)
	}
	if n := runtime.GOMAXPROCS(0); n != procs {
		t.Errorf("GOMAXPROCS %d, %d before", n, procs)
	}
}

// TestBusySession holds the lock of one session over three deadlines: its shard waits for it no longer than for others.
func TestBusySession(t *testing.T) {
	e := testEngine(t, Options{Shards: 1})
	busy, other := open(t, e, SessionOptions{}), open(t, e, SessionOptions{})
	join(busy, other)
	var playbacks [2]*Playback
	for i, s := range []*Session{busy, other} {
		var err error
		if playbacks[i], err = s.Play(Silence(600 * time.Millisecond)); err != nil {
			t.Fatal(err)
		}
	}
	time.Sleep(100 * time.Millisecond) // both play
	busy.mu.Lock()
	before := other.Stats().Sent.Packets
	for other.Stats().Sent.Packets < before+3 {
		runtime.Gosched() // the test times out if the shard waits for the lock
	}
	busy.mu.Unlock()
	for i, p := range playbacks {
		<-p.Done()
		if r := p.Result(); r.Status != PlayDone || r.Packets+p.session.Stats().Sent.Skipped != 30 {
			t.Errorf("playback %d: %+v", i, r)
		}
	}
}

// TestPanicOfOneSession checks that a panic in a function that a session calls ends its playback and nothing else.
func TestPanicOfOneSession(t *testing.T) {
	e := testEngine(t, Options{Shards: 1})
	bad, good := open(t, e, SessionOptions{Timeout: 50 * time.Millisecond, Event: func(Event) { panic("in Event") }}), open(t, e, SessionOptions{})
	for _, s := range []*Session{bad, good} {
		s.Configure(Params{Remote: netip.MustParseAddrPort("127.0.0.1:9"), Send: true, Receive: true})
	}
	endless, err := bad.Play(Silence(0))
	if err != nil {
		t.Fatal(err)
	}
	<-endless.Done()
	if r := endless.Result(); r.Status != PlayFailed {
		t.Errorf("result %+v", r)
	}
	p, err := good.Play(Silence(100 * time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	<-p.Done()
	if r := p.Result(); r.Status != PlayDone {
		t.Errorf("result of the other session %+v", r)
	}
	bad.Close()
}

// TestManyAtOnce opens, changes and closes sessions from several goroutines while they play.
func TestManyAtOnce(t *testing.T) {
	e := testEngine(t, Options{Shards: 2, PortMin: 31000, PortMax: 31999, Quarantine: -1})
	done := make(chan error)
	const workers = 8
	for range workers {
		go func() { // ends after its rounds, and tells done
			for range 20 {
				s, err := e.Open(SessionOptions{Local: netip.MustParseAddr("127.0.0.1")})
				if err != nil {
					done <- err
					return
				}
				s.Configure(Params{Remote: s.Addr(), DTMFPayloadType: 101, Send: true, Receive: true})
				p, err := s.Play(Silence(40 * time.Millisecond))
				if err != nil {
					done <- err
					return
				}
				s.Configure(Params{Remote: s.Addr(), Codec: PCMA, PayloadType: 8, Ptime: 10 * time.Millisecond, Send: true})
				s.Stats()
				<-p.Done()
				s.Close()
			}
			done <- nil
		}()
	}
	for range workers {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// TestImpairOnShards sends a second of sound over a slow network: all of it arrives, in order and late.
func TestImpairOnShards(t *testing.T) {
	e := testEngine(t, Options{Shards: 1})
	a, b := open(t, e, SessionOptions{}), open(t, e, SessionOptions{})
	join(a, b)
	if err := a.Impair(Impairment{Delay: 70 * time.Millisecond, Jitter: 2 * time.Millisecond}); err != nil {
		t.Fatal(err)
	}
	heard := make(chan Received, 100)
	b.Capture(func(r Received) { heard <- r })
	began := time.Now()
	p, err := a.Play(Silence(time.Second))
	if err != nil {
		t.Fatal(err)
	}
	first := <-heard
	if late := first.Arrival.Sub(began); late < 70*time.Millisecond {
		t.Errorf("the first packet after %v", late)
	}
	<-p.Done()
	for i := uint64(1); i < p.Result().Packets; i++ {
		if r := <-heard; r.Sequence != first.Sequence+uint16(i) {
			t.Errorf("packet %d: sequence number %d after %d", i, r.Sequence, first.Sequence)
		}
	}
}

// TestLearnsOverSockets announces an address that nobody sends from, on IPv4 and IPv6.
func TestLearnsOverSockets(t *testing.T) {
	for _, local := range []string{"127.0.0.1", "::1"} {
		t.Run(local, func(t *testing.T) {
			e := testEngine(t, Options{Shards: 1})
			o := SessionOptions{Local: netip.MustParseAddr(local)}
			a, b := open(t, e, o), open(t, e, o)
			join(a, b)
			a.Configure(Params{Remote: netip.AddrPortFrom(o.Local, 9), Send: true, Receive: true})
			heard := make(chan Received, 200)
			a.Capture(func(r Received) { heard <- r })
			if _, err := b.Play(Silence(0)); err != nil {
				t.Fatal(err)
			}
			for range latchPackets + 1 {
				<-heard
			}
			if got := a.Stats().Remote; got != b.Addr() {
				t.Errorf("RTP goes to %v, want %v", got, b.Addr())
			}
			back := make(chan Received, 200)
			b.Capture(func(r Received) { back <- r })
			if _, err := a.Play(Silence(0)); err != nil {
				t.Fatal(err)
			}
			<-back
		})
	}
}
