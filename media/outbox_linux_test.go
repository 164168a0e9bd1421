package media

import (
	"bytes"
	"encoding/binary"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// postBox is an outbox and a pair of sockets that send to c.
func postBox(t *testing.T) (o *outbox, pair *socketPair, c *net.UDPConn) {
	t.Helper()
	clock, err := newMonotonic(0)
	if err != nil {
		t.Fatal(err)
	}
	c = stampingSocket(t)
	pair, err = openPair(netip.MustParseAddr("127.0.0.1"), 39990)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pair.close)
	o = newOutbox(clock)
	pair.out = o
	pair.direct(c.LocalAddr().(*net.UDPAddr).AddrPort(), netip.AddrPort{})
	return o, pair, c
}

// delivering runs the postman until the test ends.
func delivering(t *testing.T, o *outbox) {
	var running sync.WaitGroup
	running.Go(func() {
		runtime.LockOSThread() // and never unlocks
		o.deliver()
	})
	t.Cleanup(func() {
		o.close()
		running.Wait()
	})
}

// TestOutboxIsNeverEarly posts packets for later.
func TestOutboxIsNeverEarly(t *testing.T) {
	o, pair, c := postBox(t)
	delivering(t, o)
	began := time.Now()
	start := o.clock.now()
	for i := range 5 {
		if err := pair.sendRTP([]byte{byte(i)}, start.add(time.Duration(i)*10*time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		o.flush()
	}
	var b [8]byte
	for i := range 5 {
		n, err := c.Read(b[:])
		if due := time.Duration(i) * 10 * time.Millisecond; err != nil || n != 1 || b[0] != byte(i) || time.Since(began) < due {
			t.Fatalf("after %v: %v, %v; want packet %d, after %v", time.Since(began), b[:n], err, i, due)
		}
	}
}

// TestOutboxWraps posts more octets than it holds, in packets of all sizes.
func TestOutboxWraps(t *testing.T) {
	o, pair, c := postBox(t)
	delivering(t, o)
	var packet, got [1500]byte
	total := 0
	for i := 0; total < 2*outboxOctets+outboxOctets/2; i++ {
		p := packet[:12+i*37%1400]
		for j := range p {
			p[j] = byte(i + j)
		}
		binary.BigEndian.PutUint32(p, uint32(i))
		if err := pair.sendRTP(p, 1); err != nil {
			t.Fatal(err)
		}
		total += len(p)
		if i%7 != 0 {
			continue // several wait
		}
		o.flush()
		for k := i - min(i, 6); k <= i; k++ {
			n, err := c.Read(got[:])
			if err != nil || binary.BigEndian.Uint32(got[:]) != uint32(k) {
				t.Fatalf("packet %d: %d, %v", k, binary.BigEndian.Uint32(got[:]), err)
			}
			if k == i && !bytes.Equal(got[:n], p) {
				t.Fatalf("packet %d came with other contents", i)
			}
		}
	}
}

// TestOutboxRefusesWhatItCannotHold posts to a postman that never comes.
func TestOutboxRefusesWhatItCannotHold(t *testing.T) {
	for _, size := range []int{12, 1400} {
		o, pair, _ := postBox(t)
		packet, held, crowded := make([]byte, size), 0, 0
		for pair.sendRTP(packet, 1) == nil {
			if held++; !o.crowded() {
				crowded = held
			}
		}
		want := min(outboxParcels, outboxOctets/size)
		if held < want-1 || held > want || crowded < want*3/4 || crowded > want*15/16 {
			t.Errorf("packets of %d octets: held %d of %d, not crowded up to %d", size, held, want, crowded)
		}
		pair.close()
		pair.state.Store(mailing) // closed: nothing for the end of the test to close
	}
}

// TestRecall takes back what is not due.
func TestRecall(t *testing.T) {
	o, pair, c := postBox(t)
	delivering(t, o)
	for i := range 5 {
		due := instant(1)
		if i >= 2 {
			due = o.clock.now().add(time.Second)
		}
		if err := pair.sendRTP([]byte{byte(i)}, due); err != nil {
			t.Fatal(err)
		}
	}
	o.flush()
	var b [8]byte
	for range 2 {
		if _, err := c.Read(b[:]); err != nil {
			t.Fatal(err)
		}
	}
	if n := pair.recall(); n != 3 {
		t.Errorf("%d recalled, want 3", n)
	}
}

// TestRefusedLater sends where the kernel refuses it, which shows after the session has counted the packet.
func TestRefusedLater(t *testing.T) {
	e := testEngine(t, Options{Shards: 1})
	s := open(t, e, SessionOptions{})
	s.Configure(Params{Remote: netip.MustParseAddrPort("255.255.255.255:9"), Send: true}) // no SO_BROADCAST
	p, err := s.Play(Silence(200 * time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	<-p.Done()
	if st := s.Close(); st.Sent.Packets != 0 || st.Sent.Bytes != 0 || st.Sent.Errors+st.Sent.Skipped < 10 {
		t.Errorf("stats %+v", st.Sent)
	}
}

// TestLateness counts each frame of a stream in the histogram, whoever sent it.
func TestLateness(t *testing.T) {
	e := testEngine(t, Options{Shards: 1})
	s := open(t, e, SessionOptions{})
	s.Configure(Params{Remote: dropAll(t), Send: true})
	p, err := s.Play(Silence(200 * time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	<-p.Done()
	frames := 10 - s.Stats().Sent.Skipped
	for {
		counted := uint64(0)
		for _, n := range e.Stats().Lateness.Counts {
			counted += n
		}
		if counted == frames {
			return
		}
		if counted > frames {
			t.Fatalf("%d of %d frames counted", counted, frames)
		}
		runtime.Gosched() // the postman counts after it sent
	}
}

// TestRealtimePriority looks for threads with a real-time priority: they are there, or the log says why not; and never without.
func TestRealtimePriority(t *testing.T) {
	for _, off := range []bool{false, true} {
		var log bytes.Buffer
		found, before := 0, realtimeThreads(t) // of other tests, which end when they like
		e := testEngine(t, Options{Shards: 1, NoRealtime: off, Log: slog.New(slog.NewTextHandler(&log, nil))})
		s := open(t, e, SessionOptions{})
		s.Configure(Params{Remote: dropAll(t), Send: true})
		p, err := s.Play(Silence(100 * time.Millisecond))
		if err != nil {
			t.Fatal(err)
		}
		<-p.Done() // the threads are at work
		for id := range realtimeThreads(t) {
			if !before[id] {
				found++
			}
		}
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		told := strings.Contains(log.String(), "no real-time priority")
		if off && (found > 0 || told) || !off && (found == 0) != told {
			t.Errorf("off %v: %d threads with a real-time priority, log %q", off, found, log.String())
		}
	}
}

// realtimeThreads finds the threads of the process with the policy SCHED_FIFO.
func realtimeThreads(t *testing.T) map[string]bool {
	found := map[string]bool{}
	stats, err := filepath.Glob("/proc/self/task/*/stat")
	if err != nil || len(stats) == 0 {
		t.Fatal("no threads in /proc", err)
	}
	for _, f := range stats {
		b, err := os.ReadFile(f)
		if err != nil {
			continue // ended meanwhile
		}
		fields := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
		if fields[38] == "1" {
			found[f] = true
		}
	}
	return found
}
