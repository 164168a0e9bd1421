package media

import (
	"fmt"
	"time"
)

const longestEcho = 10 * time.Second

// EchoOptions tell Session.Echo what to do.
type EchoOptions struct {
	Delay time.Duration // how long what is heard is held back, on top of the jitter buffer; up to 10 s
	Max   time.Duration // when it ends; 0 = never
}

// echo is what a session heard and sends back.
type echo struct {
	playback *Playback
	line     *line
	fed      bool // something was heard: the delay began
	limit    time.Duration
	pcm      []int16
	payload  []byte
}

// Echo sends back what is heard, in place of what was playing. What did not arrive is concealed. Errors are those of Play, or
// that the delay is out of range.
func (s *Session) Echo(o EchoOptions) (*Playback, error) {
	s.control.Lock()
	defer s.control.Unlock()
	p, err := s.parameters()
	if err != nil {
		return nil, fmt.Errorf("echo: %w", err)
	}
	if o.Delay < 0 || o.Delay > longestEcho || o.Max < 0 {
		return nil, fmt.Errorf("echo: a delay of %v, at most for %v: want up to %v, and nothing below 0", o.Delay, o.Max, longestEcho)
	}
	delay, spare := p.Codec.FrameSamples(o.Delay), p.Codec.FrameSamples(8*longestPtime)
	e := &echo{
		line: newLine(delay + spare), limit: o.Max,
		pcm: make([]int16, p.Codec.FrameSamples(p.Ptime)), payload: make([]byte, 0, p.Codec.FrameSize(p.Ptime)),
	}
	e.line.push(make([]int16, delay))
	e.playback = &Playback{session: s, echo: e, ptime: p.Ptime, done: make(chan struct{})}
	return s.begin(e.playback)
}

func (e *echo) take(heard, _ []int16) bool {
	if e.playback.status != "" {
		return false
	}
	e.fed = true
	e.line.push(heard)
	return true
}

func (e *echo) hangUp() {}

// frames is how many are sent; 0 = endless.
func (e *echo) frames(ptime time.Duration) int64 {
	if e.limit == 0 {
		return 0
	}
	return max(1, int64((e.limit+ptime-1)/ptime))
}

// frame encodes what is to be sent next.
func (e *echo) frame(c Codec) []byte {
	if e.fed {
		e.line.pop(e.pcm)
	}
	e.payload = c.Encode(e.payload[:0], e.pcm)
	return e.payload
}
