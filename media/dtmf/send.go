package dtmf

import (
	"errors"
	"fmt"
	"sort"
	"time"
)

const (
	defaultOn  = 100 * time.Millisecond
	defaultGap = 100 * time.Millisecond
	pause      = 500 * time.Millisecond // of 'w'
	longestOn  = time.Minute
	maxDigits  = 1000

	volume    = 10 // −dBm0
	endCopies = 3  // the end of an event is sent three times (RFC 4733 §2.5.1.4)
)

// Packet is what a Sequence sends in one frame.
type Packet struct {
	Payload Payload
	Marker  bool  // the first packet of an event (RFC 4733 §2.5.1.1)
	Began   int64 // the frame whose RTP timestamp the packet carries: that in which the event, or its segment, began
}

// Sequence is a string of digits laid out in frames, as a pure function of the frame number. It never changes, so any
// goroutine may read it.
//
//	frame        0    1    2    3    4    5    6    7 …   (ptime 20 ms, on 80 ms, gap 80 ms)
//	duration   160  320  480  640  640  640    –    – | next digit
//	marker       M
//	end                         E    E    E
//	timestamp  that of frame 0 throughout; the sequence number rises as ever
type Sequence struct {
	presses []press
	on      int64 // frames
	frames  int64 // in all
	unit    int64 // timestamp units of one frame
	segment int64 // frames that the duration field can say (RFC 4733 §2.5.1.3)
}

type press struct {
	event uint8
	first int64 // frame
}

// Lay lays out digits in frames of ptime, each down for on and followed by gap; zero: 100 ms both. 'w' is a pause of 500 ms.
// clockRate, in Hz, is that of the audio that the events stand in for (RFC 4733 §2.1).
// The gap is at least as long as the copies of the end and one quiet frame take.
func Lay(digits string, on, gap, ptime time.Duration, clockRate int) (*Sequence, error) {
	if on == 0 {
		on = defaultOn
	}
	if gap == 0 {
		gap = defaultGap
	}
	if err := check(digits, on, gap, ptime); err != nil {
		return nil, err
	}
	frames := func(d time.Duration) int64 { return int64((d + ptime - 1) / ptime) }
	unit := int64(ptime * time.Duration(clockRate) / time.Second)
	s := &Sequence{on: frames(on), unit: unit, segment: 0xffff / unit}
	quiet := max(frames(gap), endCopies)
	for i, c := range []byte(digits) {
		if c == 'w' || c == 'W' {
			s.frames += frames(pause)
			continue
		}
		event, ok := Event(c)
		if !ok {
			return nil, fmt.Errorf("digits %q: %q at %d is none of 0-9 * # A-D w", digits, c, i+1)
		}
		s.presses = append(s.presses, press{event: event, first: s.frames})
		s.frames += s.on + quiet
	}
	return s, nil
}

func check(digits string, on, gap, ptime time.Duration) error {
	switch {
	case digits == "":
		return errors.New("no digits")
	case len(digits) > maxDigits:
		return fmt.Errorf("%d digits: want no more than %d", len(digits), maxDigits)
	case on < 0 || on > longestOn || gap < 0 || gap > longestOn:
		return fmt.Errorf("digits %v on and %v off: want 0 to %v", on, gap, longestOn)
	case ptime < time.Millisecond || ptime > time.Second:
		return fmt.Errorf("digits in frames of %v: want 1 ms to 1 s", ptime)
	}
	return nil
}

// Len is the number of frames, with the gap after the last digit.
func (s *Sequence) Len() int64 { return s.frames }

// At returns the packet of a frame; false: it is quiet. It does not allocate.
func (s *Sequence) At(frame int64) (Packet, bool) {
	i := sort.Search(len(s.presses), func(i int) bool { return s.presses[i].first > frame }) - 1
	if i < 0 {
		return Packet{}, false
	}
	p := s.presses[i]
	since := frame - p.first
	if since >= s.on+endCopies-1 {
		return Packet{}, false
	}
	down := min(since, s.on-1) // copies of the end say what it said
	segment := down / s.segment * s.segment
	return Packet{
		Payload: Payload{
			Event: p.event, End: down == s.on-1, Volume: volume,
			Duration: uint16((down - segment + 1) * s.unit),
		},
		Marker: since == 0,
		Began:  p.first + segment,
	}, true
}
