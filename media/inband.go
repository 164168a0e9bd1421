package media

import (
	"time"

	"offhook/media/dtmf"
	"offhook/media/tone"
)

// Inband says when a session looks for digits in the sound that it hears. To look costs some 0.05 % of a CPU while the far end
// speaks, and nothing before its first packet of sound.
type Inband uint8

const (
	InbandOff  Inband = iota // never
	InbandAuto               // while telephone-event is not agreed
	InbandOn                 // also when it is, until the first telephone-event comes
)

// Digits is digits as sound (ITU-T Q.23), each on long and followed by gap; 'w' is a pause of 500 ms. The level in dBm0 is that of
// each of the two frequencies of a digit.
func Digits(digits string, on, gap time.Duration, level float64) (Source, error) {
	spec, err := tone.Digits(digits, on, gap)
	if err != nil {
		return nil, err
	}
	return Tone(ToneOptions{Spec: spec, Level: level}), nil
}

// keypad is the sink that hears digits. It is there from the first packet of sound on, until leaveKeys.
type keypad struct {
	session  *Session
	rate     int
	detector *dtmf.Detector
}

// hearsKeys tells whether digits are to be heard in the sound. A far end that sends telephone-events tells each press by them.
func (s *Session) hearsKeys() bool {
	switch s.options.Inband {
	case InbandAuto:
		return s.params.DTMFPayloadType == 0
	case InbandOn:
		return !s.keyed
	}
	return false
}

// listenForKeys begins to hear digits, if they are to be heard; a packet of sound has come.
func (s *Session) listenForKeys() {
	if s.keypad != nil || !s.configured || !s.hearsKeys() {
		return
	}
	scale := scaleOf(s.params.Codec)
	if s.hearing != nil && s.hearing.rate != int64(scale.Rate) {
		return // its sinks began in another codec; once they are gone
	}
	s.keypad = &keypad{s, scale.Rate, dtmf.NewDetector(dtmf.DetectorOptions{SampleRate: scale.Rate, Milliwatt: scale.Milliwatt})}
	s.listen(s.keypad)
}

// leaveKeys ceases to hear digits where they are not to be heard, or are at another sample rate now.
func (s *Session) leaveKeys() {
	k := s.keypad
	if k == nil || s.hearsKeys() && k.rate == s.params.Codec.SampleRate() {
		return
	}
	s.keypad = nil
	s.unlisten(k)
}

func (k *keypad) take(heard, _ []int16) bool {
	k.session.presses = append(k.session.presses, k.detector.Write(heard)...)
	return true
}

func (k *keypad) hangUp() { k.session.keypad = nil }

// tellPresses tells of the digits that were heard in the sound.
func (s *Session) tellPresses(w *work) {
	for _, p := range s.presses {
		w.events = append(w.events, Event{Kind: EventDigit, Digit: p.Digit, Duration: p.Duration, Inband: true})
	}
	s.presses = s.presses[:0]
}
