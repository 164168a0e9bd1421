package media

import (
	"errors"
	"fmt"
	"time"
)

const (
	keyOn     = 100 * time.Millisecond // how long a key is down, and
	keyGap    = 100 * time.Millisecond // how long it is quiet after, unless asked otherwise
	keyPause  = 500 * time.Millisecond // of 'w'
	keyLevel  = 10                     // -dBm0 (RFC 4733 §2.3.3)
	endCopies = 3                      // the end of an event is sent three times (RFC 4733 §2.5.1.4)
	longestOn = 8 * time.Second        // the duration field ends at 65535 timestamp units
)

// keying is a string of digits as telephone-events (RFC 4733), as a pure function of the frame number:
//
//	frame        0    1    2    3    4    5    6    7 …   (ptime 20 ms, on 80 ms, gap 80 ms)
//	duration   160  320  480  640  640  640    –    – | next digit
//	marker       M
//	end                         E    E    E
//	timestamp  that of frame 0 throughout; the sequence number rises as ever
type keying struct {
	presses []press
	on      int64 // frames
	frames  int64 // in all
	current int   // index of the latest press that began
}

type press struct {
	event uint8
	first int64 // frame
}

// newKeying lays out digits in frames of ptime.
func newKeying(digits string, on, gap, ptime time.Duration) (keying, error) {
	if on <= 0 {
		on = keyOn
	}
	if gap <= 0 {
		gap = keyGap
	}
	if on > longestOn {
		return keying{}, fmt.Errorf("digit of %v: longer than %v", on, longestOn)
	}
	if digits == "" {
		return keying{}, errors.New("no digits")
	}
	frames := func(d time.Duration) int64 { return int64((d + ptime - 1) / ptime) }
	k := keying{on: frames(on)}
	quiet := max(frames(gap), endCopies) // room for the copies of the end and for a frame of silence
	for i, c := range []byte(digits) {
		if c == 'w' || c == 'W' {
			k.frames += frames(keyPause)
			continue
		}
		event, ok := eventOf(c)
		if !ok {
			return keying{}, fmt.Errorf("digits %q: %q at %d is not a digit", digits, c, i+1)
		}
		k.presses = append(k.presses, press{event: event, first: k.frames})
		k.frames += k.on + quiet
	}
	return k, nil
}

// ended reports whether frame is after the last one.
func (k *keying) ended(frame int64) bool { return frame >= k.frames }

// at returns what is due in a frame: the event, since how many frames it lasts (the first counts), and whether it is over;
// ok is false in a pause.
func (k *keying) at(frame int64) (event uint8, lasted int64, end, ok bool) {
	for k.current+1 < len(k.presses) && k.presses[k.current+1].first <= frame {
		k.current++
	}
	if len(k.presses) == 0 || frame < k.presses[k.current].first {
		return 0, 0, false, false
	}
	p := k.presses[k.current]
	lasted = frame - p.first + 1
	return p.event, lasted, lasted >= k.on, lasted < k.on+endCopies
}
