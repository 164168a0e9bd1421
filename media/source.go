package media

import (
	"io/fs"
	"time"
)

// Source is something to play. It can be had in every codec and ptime; the same source may be asked by many calls at once.
type Source interface {
	// Clip renders the source. It may take as long as reading a file takes, and is not called on a pacing thread.
	Clip(c Codec, ptime time.Duration) (*Clip, error)
}

// ToneOptions describe a tone.
type ToneOptions struct {
	Frequencies []float64     // Hz, each below half the sample rate; several sound together
	Level       float64       // dBm0 of each frequency
	Duration    time.Duration // 0 = endless
	Ramp        time.Duration // how long it takes to swell at the start and to fade at the end; 0 = none
}

// Tone is a tone. What cannot be had, such as a frequency above half the sample rate or a level above the codec's
// overload point, is an error of Clip.
func Tone(o ToneOptions) Source { panic("media: not yet") }

// Silence is digital silence for d; 0 = endless.
func Silence(d time.Duration) Source { panic("media: not yet") }

// File is a WAV file: 8 kHz, one channel, PCM of 8, 16 or 24 bits, µ-law or A-law. The header is read at once, so that a
// file that is missing or has another format is an error here, which names the file and says what to convert it to. The
// sound is read by Clip.
func File(path string) (Source, error) { panic("media: not yet") }

// FileIn is File for a file of a file system, such as a folder that names cannot lead out of (os.Root.FS) or embedded sounds.
func FileIn(fsys fs.FS, name string) (Source, error) { panic("media: not yet") }
