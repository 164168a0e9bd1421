package scripttest

import (
	"time"

	"offhook/media"
	"offhook/media/dtmf"
	"offhook/media/measure"
)

const (
	longestGap   = 10 * time.Second // of nothing that is filled with silence, by the timestamps
	usuallyHeard = 256 << 10        // samples that there is room for at first: half a minute
	mostHeard    = 64 << 20         // samples that are kept of a call: more than an hour
	silentAfter  = 100 * time.Millisecond
)

// ear keeps what a caller hears, and measures it when the test asks. Its trial's mu guards it.
type ear struct {
	keys    dtmf.Receiver
	codec   media.Codec
	decoder media.Decoder
	samples []int16 // gaps filled with silence; of the codec that came last
	began   time.Time
	last    time.Time // when a packet came last
	next    uint32    // timestamp that should come next
}

// press takes in a packet of telephone-event, and returns the keys that are now up again.
func (e *ear) press(timestamp uint32, payload []byte) (keys string) {
	event, err := dtmf.Parse(payload)
	if err != nil {
		return ""
	}
	ended, n := e.keys.Receive(event, timestamp, e.codec.ClockRate(), 0) // nothing is lost here, so none ends by time
	for _, press := range ended[:n] {
		keys += string(press.Digit)
	}
	return keys
}

// hear takes in a packet of sound. After a change of codec it begins anew.
func (e *ear) hear(payloadType uint8, timestamp uint32, payload []byte) {
	codec, ok := codecOf(payloadType)
	if !ok || len(e.samples) > mostHeard {
		return
	}
	clock, rate := codec.ClockRate(), codec.SampleRate()
	gap := int(int32(timestamp - e.next))
	if e.began.IsZero() || codec != e.codec || gap > int(longestGap.Seconds())*clock {
		*e = ear{keys: e.keys, codec: codec, decoder: codec.Decoder(), samples: make([]int16, 0, usuallyHeard), began: time.Now(), next: timestamp}
		gap = 0
	}
	if gap < 0 {
		return // late, or sent twice
	}
	e.samples = append(e.samples, make([]int16, gap*rate/clock)...)
	before := len(e.samples)
	e.samples = e.decoder.Decode(e.samples, payload)
	e.next, e.last = timestamp+uint32((len(e.samples)-before)*clock/rate), time.Now()
}

func codecOf(payloadType uint8) (media.Codec, bool) {
	for _, c := range media.Codecs() {
		if c.PayloadType() == payloadType {
			return c, true
		}
	}
	return 0, false
}

// present is what is heard now: whether anything is, and the last samples.
func (e *ear) present() (samples []int16, ok bool) {
	if e.last.IsZero() || time.Since(e.last) > silentAfter {
		return nil, false
	}
	return e.samples[max(0, len(e.samples)-measure.ChordLength(e.options())):], true
}

// options measure levels against the codec's own full scale.
func (e *ear) options() measure.Options {
	return measure.Options{SampleRate: e.codec.SampleRate(), Milliwatt: e.codec.Amplitude(0)}
}

// measured is all that was heard so far.
func (e *ear) measured() measure.Result {
	m := measure.New(e.options())
	m.Write(e.samples)
	return m.Result()
}
