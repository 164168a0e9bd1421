package tone

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Spec is a tone as Parse reads it: parts one after the other. Those that are not Once are played again and again.
type Spec struct {
	Parts []Part
	// Milliwatt says that the tone is a reference, of 0 dBm0 unless a level is given.
	Milliwatt bool

	text string
}

// Part is one sound for some time.
type Part struct {
	Sound    Sound
	Duration time.Duration // 0 = without end: the last part
	Once     bool          // not repeated; such parts come first
}

// Sound is what a part sounds like.
type Sound struct {
	Kind        Kind
	Frequencies []float64 // Hz: see the kinds
}

// Kind is a kind of sound.
type Kind uint8

const (
	Silence   Kind = iota
	Sines          // of all frequencies together, each with the level asked for
	Modulated      // the first frequency, amplitude modulated by the second to a depth of 90 %; the level is the carrier's
	Sweep          // from the first frequency to the second, by the same number of octaves a second
	White          // noise of the same power in every hertz, Gaussian; the level is that of all its power
	Pink           // noise of the same power in every octave: 3 dB less per octave
)

// Key is the same for specs that sound the same, and for those only.
func (s Spec) Key() string {
	var room [128]byte
	key := room[:0]
	for _, part := range s.Parts {
		once := byte(0)
		if part.Once {
			once = 1
		}
		key = append(key, byte(part.Sound.Kind), once, byte(len(part.Sound.Frequencies)))
		for _, f := range part.Sound.Frequencies {
			key = binary.BigEndian.AppendUint64(key, math.Float64bits(f))
		}
		key = binary.AppendVarint(key, int64(part.Duration))
	}
	return string(key)
}

// Of is the spec of frequencies in Hz that sound together without end.
func Of(frequencies ...float64) Spec {
	return Spec{Parts: []Part{{Sound: Sound{Sines, frequencies}}}}
}

// String is the text that was parsed.
func (s Spec) String() string { return s.text }

// Length is how long the tone lasts; 0 = without end.
func (s Spec) Length() time.Duration {
	if len(s.Parts) == 0 || s.repeats() < len(s.Parts) || s.Parts[len(s.Parts)-1].Duration == 0 {
		return 0
	}
	return total(s.Parts)
}

// Chord is the frequencies that sound together whenever the tone sounds, of a modulated tone its carrier; false: it has several such
// sets in turn, or is a sweep or noise.
func (s Spec) Chord() (frequencies []float64, ok bool) {
	for _, p := range s.Parts {
		hz := p.Sound.Frequencies
		switch p.Sound.Kind {
		case Silence:
			continue
		case Sines:
		case Modulated:
			hz = hz[:1]
		default:
			return nil, false
		}
		if frequencies != nil && !slices.Equal(hz, frequencies) {
			return nil, false
		}
		frequencies = hz
	}
	return frequencies, frequencies != nil
}

// repeats is the index of the first part that is played again.
func (s Spec) repeats() int {
	if i := slices.IndexFunc(s.Parts, func(p Part) bool { return !p.Once }); i >= 0 {
		return i
	}
	return len(s.Parts)
}

func total(parts []Part) (d time.Duration) {
	for _, p := range parts {
		d += p.Duration
	}
	return d
}

// Peak is by how many dB the sound's peak lies above that of one sine of its level. For noise it is that of four times its
// effective value, which one sample in 16,000 exceeds.
func (s Sound) Peak() float64 {
	switch s.Kind {
	case Sines:
		return decibels(float64(len(s.Frequencies)))
	case Modulated:
		return decibels(1 + depth)
	case White, Pink:
		return decibels(crest)
	}
	return 0
}

// String is "tone of 350+440 Hz".
func (s Sound) String() string {
	var hz []string
	for _, f := range s.Frequencies {
		hz = append(hz, strconv.FormatFloat(f, 'g', -1, 64))
	}
	switch s.Kind {
	case Silence:
		return "silence"
	case Modulated:
		return fmt.Sprintf("tone of %s Hz", strings.Join(hz, "*"))
	case Sweep:
		return fmt.Sprintf("sweep of %s Hz", strings.Join(hz, "-"))
	case White:
		return "white noise"
	case Pink:
		return "pink noise"
	}
	return fmt.Sprintf("tone of %s Hz", strings.Join(hz, "+"))
}
