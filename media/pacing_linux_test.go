package media

import (
	"flag"
	"net"
	"net/netip"
	"slices"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// pacing asks for TestPacing, which is a measurement: what it finds depends on the machine and on what else runs there.
//
//	go test ./media -run TestPacing -v -pacing 1500
var pacing = flag.Int("pacing", 0, "measure the pacing of so many sessions for 10 s")

// TestPacing lets sessions play to a receiver on loopback that drops, and measures a sample of them at sockets that stamp
// each packet in the kernel: how far the distance of two packets is from 20 ms, and how far a packet is from the grid of its stream.
func TestPacing(t *testing.T) {
	if *pacing == 0 {
		t.Skip("run with -pacing N")
	}
	const sampled, duration = 20, 10 * time.Second
	e := testEngine(t, Options{PortMin: 20000, PortMax: 40000})
	drop := dropAll(t)
	var sample []*net.UDPConn
	var played []time.Time
	play := func(remote netip.AddrPort) {
		s := open(t, e, SessionOptions{})
		s.Configure(Params{Remote: remote, Send: true, Receive: true})
		if _, err := s.Play(Tone(ToneOptions{Frequencies: []float64{440}, Level: -10})); err != nil {
			t.Fatal(err)
		}
	}
	for i := range *pacing {
		remote := drop
		if i%max(*pacing/sampled, 1) == 0 {
			sample = append(sample, stampingSocket(t))
			remote = sample[len(sample)-1].LocalAddr().(*net.UDPAddr).AddrPort()
			played = append(played, time.Now())
		}
		play(remote)
		time.Sleep(time.Millisecond) // calls come one by one
	}
	before, cpu, began := e.Stats().Lateness, cpuTime(t), time.Now()
	sentBefore := totalSent(e)
	time.Sleep(duration)
	cpu, took, packets := cpuTime(t)-cpu, time.Since(began), totalSent(e)-sentBefore
	t.Logf("%d sessions: %.0f packets/s, %v CPU per packet, %.1f %% of one CPU", *pacing,
		float64(packets)/took.Seconds(), cpu/time.Duration(packets), 100*cpu.Seconds()/took.Seconds())
	after := e.Stats().Lateness
	for i, n := range after.Counts {
		after.Counts[i] = n - before.Counts[i]
	}
	t.Logf("lateness bounds %v", after.Bounds)
	t.Logf("lateness counts %v", after.Counts)

	var first, steps, offsets []time.Duration
	for i, c := range sample {
		at := arrivals(t, c)
		first = append(first, at[0]-time.Duration(played[i].UnixNano()))
		for i := range at[1:] {
			steps = append(steps, (at[i+1] - at[i] - testPtime).Abs())
		}
		offsets = append(offsets, fromGrid(at)...)
	}
	t.Logf("first packet after Open and Play: %s", percentiles(first))
	t.Logf("distance from 20 ms: %s", percentiles(steps))
	t.Logf("distance from the grid: %s", percentiles(offsets))
}

// fromGrid is how far each arrival is from its place in a stream of one packet each 20 ms, taken from the median arrival.
func fromGrid(at []time.Duration) []time.Duration {
	off := make([]time.Duration, len(at))
	for i, t := range at {
		off[i] = (t - at[0] + testPtime/2) % testPtime
	}
	median := slices.Sorted(slices.Values(off))[len(off)/2]
	for i := range off {
		off[i] = (off[i] - median).Abs()
	}
	return off
}

func percentiles(d []time.Duration) string {
	slices.Sort(d)
	s := ""
	for _, p := range []float64{.5, .99, .999, 1} {
		s += " " + d[int(p*float64(len(d)-1))].Round(time.Microsecond).String()
	}
	return "p50 p99 p99.9 max" + s
}

func totalSent(e *Engine) (n uint64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, s := range e.sessions {
		n += s.Stats().Sent.Packets
	}
	return n
}

func cpuTime(t *testing.T) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// dropAll is a bound address whose packets the kernel drops before they queue.
func dropAll(t testing.TB) netip.AddrPort {
	c := stampingSocket(t)
	raw, err := c.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	filter := []unix.SockFilter{{Code: unix.BPF_RET | unix.BPF_K, K: 0}}
	if ctlErr := raw.Control(func(fd uintptr) {
		err = unix.SetsockoptSockFprog(int(fd), unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: 1, Filter: &filter[0]})
	}); ctlErr != nil || err != nil {
		t.Fatal(ctlErr, err)
	}
	return c.LocalAddr().(*net.UDPAddr).AddrPort()
}

// stampingSocket queues what comes until arrivals reads it.
func stampingSocket(t testing.TB) *net.UDPConn {
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	raw, err := c.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	if ctlErr := raw.Control(func(fd uintptr) {
		err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1)
		if err == nil {
			err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 8<<20)
		}
	}); ctlErr != nil || err != nil {
		t.Fatal(ctlErr, err)
	}
	return c
}

// arrivals reads the stamps of all packets that wait.
func arrivals(t *testing.T, c *net.UDPConn) (at []time.Duration) {
	raw, err := c.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	in := newInbox()
	if err := raw.Control(func(fd uintptr) {
		for n := in.fill(int(fd)); n > 0; n = in.fill(int(fd)) {
			for i := range n {
				_, stamp := in.packet(i)
				at = append(at, time.Duration(stamp))
			}
		}
	}); err != nil {
		t.Fatal(err)
	}
	return at
}
