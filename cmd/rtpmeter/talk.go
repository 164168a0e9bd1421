package main

import (
	"encoding/binary"
	"net/netip"
	"runtime"
	"sync"
	"time"
)

const (
	payload = 160 // octets: 20 ms of G.711
	// grain is how often the talker looks what is due.
	grain = 500 * time.Microsecond
)

// crowd is a talker for each processor: one alone has to share its own with the server's threads.
type crowd struct {
	talkers []*talker
	heard   *int
	running *sync.WaitGroup
}

// newCrowd begins to talk, until end.
func newCrowd(s *socket, ptime time.Duration) crowd {
	c := crowd{heard: new(int), running: new(sync.WaitGroup)}
	for range runtime.NumCPU() {
		t := &talker{ptime: ptime}
		c.talkers = append(c.talkers, t)
		c.running.Go(func() { t.run(s) })
	}
	return c
}

// hears gives the crowd one more stream.
func (c crowd) hears(source netip.AddrPort) {
	c.talkers[*c.heard%len(c.talkers)].hears(source)
	*c.heard++
}

// end returns how many packets were sent in all.
func (c crowd) end() (sent int) {
	for _, t := range c.talkers {
		t.end()
	}
	if c.running != nil {
		c.running.Wait()
	}
	for _, t := range c.talkers {
		sent += t.sent
	}
	return sent
}

// talker sends each stream that the meter hears one of its own, a packet each ptime, back to where it comes from.
type talker struct {
	ptime time.Duration
	sent  int

	mu      sync.Mutex
	waiting []netip.AddrPort // heard of, and not sent to yet
	ended   bool
}

// hears gives the talker one more stream.
func (t *talker) hears(source netip.AddrPort) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.waiting = append(t.waiting, source)
}

func (t *talker) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ended = true
}

func (t *talker) news() (waiting []netip.AddrPort, ended bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	waiting, t.waiting = t.waiting, nil
	return waiting, t.ended
}

// said is one stream of the talker's.
type said struct {
	to       netip.AddrPort
	ssrc     uint32
	sequence uint16
}

// run sends until end. Streams are spread over the slots of a ptime in the order of their arrival.
func (t *talker) run(s *socket) {
	slots := make([][]said, max(1, t.ptime/grain))
	out, began, streams := newMessages(), time.Now(), 0
	for i := range out.data { // silence in PCMU; say changes the headers only
		for j := range out.data[i] {
			out.data[i][j] = 0xff
		}
	}
	for tick := 0; ; tick++ {
		time.Sleep(time.Until(began.Add(time.Duration(tick) * t.ptime / time.Duration(len(slots)))))
		waiting, ended := t.news()
		if ended {
			return
		}
		for _, to := range waiting {
			streams++
			at := streams % len(slots)
			slots[at] = append(slots[at], said{to: to, ssrc: uint32(streams)})
		}
		t.say(s, out, slots[tick%len(slots)])
	}
}

// say sends the next packet of each stream of a slot.
func (t *talker) say(s *socket, out *messages, slot []said) {
	n := 0
	for i := range slot {
		p := &slot[i]
		p.sequence++
		b := out.put(n, p.to, 12+payload)
		b[0], b[1] = 0x80, 0
		binary.BigEndian.PutUint16(b[2:], p.sequence)
		binary.BigEndian.PutUint32(b[4:], uint32(p.sequence)*payload)
		binary.BigEndian.PutUint32(b[8:], p.ssrc)
		if n++; n == batch || i == len(slot)-1 {
			t.sent += s.send(out, n)
			n = 0
		}
	}
}
