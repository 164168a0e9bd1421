package transport

import (
	"bytes"
	"time"

	"offhook/core/guard"
)

// framer cuts a byte stream into messages by their Content-Length (RFC 3261
// §18.3). It is pure: bytes in, whole messages out.
//
// Its buffer is small while messages are, grows up to one message of the
// largest size allowed, and shrinks again after it.
type framer struct {
	limits *Limits
	buf    []byte
	start  int // of the bytes not consumed yet
	end    int
	looked int // bytes behind start that hold no end of a header section
	head   head
	inBody bool // head is known, the body is not complete
	breaks int  // CR and LF bytes in a row before a message
}

// smallBuffer is what an idle connection holds, in bytes.
const smallBuffer = 4096

func newFramer(limits *Limits) *framer {
	return &framer{limits: limits, buf: make([]byte, smallBuffer)}
}

// space is where the next bytes are to be read to; never empty as long as
// next has returned neither a message nor a fault since the last add.
func (r *framer) space() []byte {
	if r.start > 0 {
		copy(r.buf, r.buf[r.start:r.end])
		r.start, r.end = 0, r.end-r.start
	}
	need := r.end + 1
	if r.inBody {
		need = r.head.size + r.head.length
	}
	switch {
	case need > len(r.buf):
		grown := make([]byte, max(need, min(2*len(r.buf), r.limits.Header)))
		copy(grown, r.buf[:r.end])
		r.buf = grown
	case r.end == 0 && len(r.buf) > smallBuffer:
		r.buf = make([]byte, smallBuffer)
	}
	return r.buf[r.end:]
}

// add tells that n bytes were read into space.
func (r *framer) add(n int) { r.end += n }

// partial tells whether the beginning of a message waits for its rest.
func (r *framer) partial() bool { return r.end > r.start }

func (r *framer) idle() time.Duration { return r.limits.Idle }

func (r *framer) probe() []byte { return nil }

func (r *framer) farewell() []byte { return nil }

func (r *framer) wrap(queue, message []byte) []byte { return append(queue, message...) }

// deliver hands on the next message and answers the keep-alives before it.
func (r *framer) deliver(s *stream, due *time.Time) (bool, error) {
	msg, h, pings, bad := r.next()
	for range pings {
		s.layer.count.keepAlives.Add(1)
		if err := s.enqueue([]byte("\r\n")); err != nil {
			return false, err
		}
	}
	switch {
	case bad != nil:
		s.layer.refuse(msg, s.flow(), bad)
		return false, bad
	case msg == nil:
		return false, nil
	}
	*due = time.Time{}
	switch s.layer.screen(msg, s.flow()) {
	case guard.Pass:
		s.layer.receive(msg, h, s.flow())
	case guard.TooMany: // this one is lost, as a datagram would be
	default:
		return false, errUnwanted
	}
	return true, nil
}

// next returns the next whole message and its head, or nil when more bytes are
// needed. pings is the number of double CRLFs before it, each of which wants a
// CRLF back (RFC 5626 §4.4.1). A fault ends the stream: there is no telling
// where the next message begins. What was read of the bad one is returned. The
// message is valid until the next call of space.
func (r *framer) next() (msg []byte, h head, pings int, bad *fault) {
	pings = r.skipBreaks()
	if !r.partial() {
		return nil, h, pings, nil
	}
	if !r.inBody {
		if bad = r.findHead(); bad != nil {
			return r.buf[r.start:r.end], h, pings, bad
		}
		if !r.inBody {
			return nil, h, pings, nil
		}
	}
	size := r.head.size + r.head.length
	if r.end-r.start < size {
		return nil, h, pings, nil
	}
	msg, h = r.buf[r.start:r.start+size], r.head
	r.start += size
	r.inBody, r.looked = false, 0
	return msg, h, pings, nil
}

// skipBreaks drops the line breaks before a start line (RFC 3261 §7.5).
func (r *framer) skipBreaks() (pings int) {
	if r.inBody || r.looked > 0 {
		return 0
	}
	for r.start < r.end && (r.buf[r.start] == '\r' || r.buf[r.start] == '\n') {
		r.start++
		if r.breaks++; r.breaks == len(headerEnd) {
			r.breaks = 0
			pings++
		}
	}
	if r.start < r.end {
		r.breaks = 0
	}
	return pings
}

// findHead looks for the end of the header section, and for the length of the
// body in it.
func (r *framer) findHead() *fault {
	b := r.buf[r.start:r.end]
	from := max(0, r.looked-len(headerEnd)+1)
	i := bytes.Index(b[from:], headerEnd)
	size := from + i + len(headerEnd)
	if i < 0 {
		r.looked, size = len(b), len(b)
	}
	switch {
	case !isTokenByte(b[0]):
		return faultSyntax
	case size > r.limits.Header || i < 0 && size == r.limits.Header:
		return faultHeaderSize
	case i < 0:
		return nil
	}
	h, bad := scan(b, size, r.limits)
	switch {
	case bad != nil:
		return bad
	case h.length == noContentLength:
		return faultNoLength
	case h.length > r.limits.Message-h.size:
		return faultTooLarge
	}
	r.head, r.inBody = h, true
	return nil
}
