package media

import (
	"slices"
	"time"

	"offhook/media/jitter"
)

const (
	// hearPeriod is how often at least a session that somebody listens to is served.
	hearPeriod = 20 * time.Millisecond
	// longestHearing bounds what is caught up on after the pacing thread stood still.
	longestHearing = 2 * time.Second
	// hearStep is what is given to sinks at once, at most.
	hearStep = 60 * time.Millisecond
)

// sink takes what a session hears. Its methods are called with the session's lock held, mostly on the pacing thread.
type sink interface {
	// take gets samples that were heard, concealed where packets are missing, and what was said at the same time. It must
	// neither wait nor keep them. False: it wants no more.
	take(heard, said []int16) bool
	// hangUp says that the session was closed.
	hangUp()
}

// hearing turns what a session receives into samples, as long as there are sinks: packets go into a jitter buffer as they come,
// and with each slot of the session as many samples are pulled as time has passed.
type hearing struct {
	sinks  []sink
	buffer *jitter.Buffer
	rate   int64 // samples per second
	next   instant
	begun  bool
	origin instant // when the first sample was due
	pulled int64   // since then

	timed bool          // somebody wants to know
	ahead time.Duration // how long the latest packet came after the instant that the cursor stood for

	heard    decoding // of what comes in
	sent     decoding // of what goes out
	said     *line    // what was sent, decoded, that belongs to what is yet to be pulled
	heardPCM []int16
	saidPCM  []int16
	sentPCM  []int16
}

// decoding is a decoder of one stream after another: each codec that it meets begins anew.
type decoding struct {
	codec   Codec
	decoder Decoder // nil before the first
}

func (d *decoding) of(c Codec) Decoder {
	if d.decoder == nil || d.codec != c {
		d.codec, d.decoder = c, c.Decoder()
	}
	return d.decoder
}

func newHearing(c Codec, now instant) *hearing {
	samples := c.FrameSamples(hearStep)
	return &hearing{
		buffer: jitter.New(jitter.Options{ClockRate: c.ClockRate(), SampleRate: c.SampleRate()}),
		rate:   int64(c.SampleRate()), next: now,
		said:     newLine(4 * samples),
		heardPCM: make([]int16, samples), saidPCM: make([]int16, samples), sentPCM: make([]int16, 0, samples),
	}
}

// listen gives the session one more sink; s.mu is held.
func (s *Session) listen(k sink) {
	if s.hearing == nil {
		s.hearing = newHearing(s.params.Codec, s.driver.now())
		s.hearing.said.push(make([]int16, s.params.Codec.FrameSamples(s.ahead))) // what is said next is due so much later
	}
	s.hearing.sinks = append(s.hearing.sinks, k)
	if s.playback == nil {
		s.driver.kick(s)
	}
}

// unlisten takes a sink away; s.mu is held.
func (s *Session) unlisten(k sink) {
	h := s.hearing
	h.sinks = slices.DeleteFunc(h.sinks, func(other sink) bool { return other == k })
	if len(h.sinks) == 0 {
		s.unhear()
	}
}

// put gives the jitter buffer a packet. One whose sound cannot be had only takes its number.
func (s *Session) put(h header, payload []byte, sound bool) {
	codec, ok := s.params.codecOf(h.payloadType)
	if !ok || !sound || int64(codec.SampleRate()) != s.hearing.rate {
		payload = nil
	}
	s.hearing.buffer.Put(jitter.Packet{
		Sequence: h.sequence, Timestamp: h.timestamp, SSRC: h.ssrc, Marker: h.marker, Payload: payload, Decoder: s.hearing.heard.of(codec),
	})
}

// time notes when a packet arrived, at a Unix time in nanoseconds that is past now.
func (h *hearing) time(arrival int64, now instant) {
	if h.timed && h.begun {
		cursor := h.origin.add(time.Duration(h.pulled) * time.Second / time.Duration(h.rate))
		h.ahead = now.sub(cursor) - time.Duration(time.Now().UnixNano()-arrival)
	}
}

// waits is how long packets wait in the jitter buffer. Its slack counts from the cursor, not from their arrival.
func (h *hearing) waits() time.Duration { return h.buffer.Stats().Delay - h.ahead }

// say notes what was sent, for the sinks.
func (s *Session) say(payload []byte) {
	if h := s.hearing; h != nil && int64(s.params.Codec.SampleRate()) == h.rate {
		h.sentPCM = h.sent.of(s.params.Codec).Decode(h.sentPCM[:0], payload)
		h.said.push(h.sentPCM)
	}
}

// unsay takes back the latest that was noted: it is not sent after all.
func (s *Session) unsay(d time.Duration) {
	if h := s.hearing; h != nil && int64(s.params.Codec.SampleRate()) == h.rate {
		h.said.n -= min(s.params.Codec.FrameSamples(d), h.said.n)
	}
}

// hear gives the sinks what was heard until due.
func (s *Session) hear(due instant) {
	h := s.hearing
	h.next = due.add(hearPeriod)
	if !h.begun {
		h.begun, h.origin = true, due
		return
	}
	want := due.sub(h.origin)
	n := int64(want/time.Second)*h.rate + int64(want%time.Second)*h.rate/int64(time.Second) - h.pulled
	h.pulled += n
	n = min(n, h.rate*int64(longestHearing/time.Second))
	h.pull(n)
	if len(h.sinks) == 0 {
		s.unhear()
	}
}

// unhear lets go of the jitter buffer.
func (s *Session) unhear() {
	s.late += s.hearing.buffer.Stats().Late
	s.hearing = nil
}

// pull gives the sinks the next n samples.
func (h *hearing) pull(n int64) {
	for n > 0 && len(h.sinks) > 0 {
		part := int(min(n, int64(len(h.heardPCM))))
		n -= int64(part)
		h.buffer.Pull(h.heardPCM[:part])
		h.said.pop(h.saidPCM[:part])
		h.give(h.heardPCM[:part], h.saidPCM[:part])
	}
}

func (h *hearing) give(heard, said []int16) {
	left := h.sinks[:0]
	for _, k := range h.sinks {
		if k.take(heard, said) {
			left = append(left, k)
		}
	}
	clear(h.sinks[len(left):])
	h.sinks = left
}

// deafen ends all sinks: the session is closed. They get what still waits in the jitter buffer before.
func (s *Session) deafen(now instant) {
	h := s.hearing
	if h == nil {
		return
	}
	if h.begun {
		s.hear(now)
		h.pull(int64(h.buffer.Stats().Delay) * h.rate / int64(time.Second))
	}
	for _, k := range h.sinks {
		k.hangUp()
	}
	if s.hearing != nil {
		s.unhear()
	}
}
