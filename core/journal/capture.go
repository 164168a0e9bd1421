package journal

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"sync"
	"time"
)

// Capturing says what is kept of RTP.
type Capturing uint8

// What can be kept of RTP.
const (
	CaptureOff     Capturing = iota
	CaptureHeaders           // of each packet, without what it carries
	CaptureFull
)

var capturings = map[string]Capturing{"off": CaptureOff, "headers": CaptureHeaders, "full": CaptureFull}

// ParseCapturing reads "off", "headers" or "full".
func ParseCapturing(text string) (Capturing, error) {
	c, ok := capturings[text]
	if !ok {
		return 0, fmt.Errorf("%q is not a choice: write off, headers or full", text)
	}
	return c, nil
}

const (
	rtpHeader  = 12       // octets
	chunkSize  = 64 << 10 // of a Capture
	eventSize  = 4        // octets of a telephone-event (RFC 4733)
	packetHead = 8 + 1 + 2 + 2 + 18
)

// Capture keeps the last packets of one RTP session, in memory of a bounded size.
type Capture struct {
	local netip.AddrPort
	most  int // chunks

	mu     sync.Mutex
	what   Capturing
	secret bool     // digits are: nothing but headers is kept
	chunks [][]byte // the oldest first; each holds whole packets
}

// Capture returns what keeps the RTP packets of the call; local is where they come to. nil: the journal is.
func (j *Journal) Capture(local netip.AddrPort) *Capture {
	if j == nil {
		return nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.capture == nil {
		j.capture = &Capture{local: local, most: max(1, j.store.o.Capture/chunkSize), secret: j.masked}
	}
	return j.capture
}

// SetCapturing says what is kept of the RTP of calls that open their session from now on: of those to the called user to,
// or of all if that is empty.
func (s *Store) SetCapturing(what Capturing, to string) { s.capturing.Store(&capturing{what, to}) }

// Capturing tells that for a called user.
func (s *Store) Capturing(user string) Capturing {
	if c := s.capturing.Load(); c != nil && (c.to == "" || c.to == user) {
		return c.what
	}
	return CaptureOff
}

// capturing is what is kept of which calls.
type capturing struct {
	what Capturing
	to   string
}

// Keep says what is kept from now on.
func (c *Capture) Keep(what Capturing) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.what = what
}

// Packet keeps an RTP packet, which is copied. It is fit for the pacing thread: it waits for readers only as long as
// they copy.
func (c *Capture) Packet(at time.Time, sent bool, remote netip.AddrPort, b []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	kept := min(len(b), 1<<16-1)
	if !remote.IsValid() {
		return
	}
	if c.what == CaptureHeaders || c.secret {
		kept = min(kept, rtpHeader)
	}
	n := packetHead + kept
	if c.what == CaptureOff || n > chunkSize {
		return
	}
	last := len(c.chunks) - 1
	if last < 0 || len(c.chunks[last])+n > chunkSize {
		c.chunks = append(c.chunks, c.room())
		last = len(c.chunks) - 1
	}
	chunk := binary.LittleEndian.AppendUint64(c.chunks[last], uint64(at.UnixNano()))
	flags := byte(0)
	if sent {
		flags = 1
	}
	chunk = append(chunk, flags)
	chunk = binary.LittleEndian.AppendUint16(chunk, uint16(kept))
	chunk = binary.LittleEndian.AppendUint16(chunk, uint16(min(len(b), 1<<16-1)))
	ip := remote.Addr().As16()
	chunk = append(chunk, ip[:]...)
	chunk = binary.LittleEndian.AppendUint16(chunk, remote.Port())
	c.chunks[last] = append(chunk, b[:kept]...)
}

// room is an empty chunk: the oldest one when there are enough.
func (c *Capture) room() []byte {
	if len(c.chunks) < c.most {
		return make([]byte, 0, chunkSize)
	}
	oldest := c.chunks[0]
	c.chunks = append(c.chunks[:0], c.chunks[1:]...)
	return oldest[:0]
}

// hide keeps digits out from now on, if on, and those that are there if earlier is set.
func (c *Capture) hide(on, earlier bool) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.secret = on
	if !on || !earlier {
		return
	}
	for _, chunk := range c.chunks {
		for len(chunk) > 0 {
			kept := int(binary.LittleEndian.Uint16(chunk[9:]))
			if kept == rtpHeader+eventSize {
				clear(chunk[packetHead+rtpHeader : packetHead+kept])
			}
			chunk = chunk[packetHead+kept:]
		}
	}
}

// captured is a packet that was kept.
type captured struct {
	at     time.Time
	sent   bool
	remote netip.AddrPort
	octets []byte // the beginning of size
	size   int
}

// packets is a copy of what is kept, in the order in which it came.
func (c *Capture) packets() (all []captured) {
	if c == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, chunk := range c.chunks {
		chunk = append([]byte(nil), chunk...)
		for len(chunk) > 0 {
			kept := int(binary.LittleEndian.Uint16(chunk[9:]))
			all = append(all, captured{
				at: time.Unix(0, int64(binary.LittleEndian.Uint64(chunk))), sent: chunk[8] == 1, size: int(binary.LittleEndian.Uint16(chunk[11:])),
				remote: netip.AddrPortFrom(netip.AddrFrom16([16]byte(chunk[13:29])).Unmap(), binary.LittleEndian.Uint16(chunk[29:])),
				octets: chunk[packetHead : packetHead+kept],
			})
			chunk = chunk[packetHead+kept:]
		}
	}
	return all
}

// size is the octets that the capture takes.
func (c *Capture) size() int64 {
	if c == nil {
		return 0
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return int64(len(c.chunks)) * chunkSize
}
