// Package sound reads sound files: WAV, MP3, Ogg Vorbis, Ogg Opus and FLAC, told apart by what is in them, and raw G.711 and G.722,
// which nothing but the ending of their names tells.
//
// What it reads may come from anybody. A file makes it take no more memory than a part of it needs, and what is wrong with
// the file, even what makes a decoder panic, is an error. It does not resample or mix, and has no goroutine of its own.
package sound

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
)

// ErrUnknown says that a file has none of the formats that can be read.
var ErrUnknown = errors.New("not a sound file that can be read (WAV, MP3, Ogg Vorbis, Ogg Opus, FLAC, raw G.711 or G.722)")

const (
	maxChannels = 8
	peeked      = 64 // octets looked at to find out the format
)

// Reader reads the samples of a file.
type Reader struct {
	Format     string // "FLAC", "MP3", "16-bit PCM"
	SampleRate int    // Hz
	Channels   int
	Frames     int64 // samples of each channel, as the file says; below 0: it does not say

	decoder
}

// decoder gives the samples of a file one block after another.
type decoder interface {
	// read reads up to len(samples) samples, those of several channels in turn, in 16 bits; len(samples) is a multiple of
	// the channels. The end is io.EOF, without a sample.
	read(samples []int16) (int, error)
}

// Open reads the header of a file of a name, up to where its samples begin.
func Open(r io.Reader, name string) (s *Reader, err error) {
	defer guard(&err)
	b := bufio.NewReaderSize(r, 32<<10)
	if err := skipTags(b); err != nil {
		return nil, err
	}
	head, err := b.Peek(peeked)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if s, err = open(b, string(head), strings.ToLower(path.Ext(name))); err != nil {
		return nil, err
	}
	if s.Channels < 1 || s.Channels > maxChannels {
		return nil, fmt.Errorf("%s of %d channels: want 1 to %d", s.Format, s.Channels, maxChannels)
	}
	return s, nil
}

// open finds out the format. What is rare in other files goes before the ending of the name, and that before what is not.
func open(b *bufio.Reader, head, ending string) (*Reader, error) {
	switch {
	case strings.HasPrefix(head, "RIFF"):
		return openWAV(b)
	case strings.HasPrefix(head, "fLaC"):
		return openFLAC(b)
	case isOpus(head):
		return openOpus(b)
	case strings.HasPrefix(head, "OggS"):
		return openVorbis(b)
	case ending == ".ulaw", ending == ".ul", ending == ".mulaw", ending == ".alaw", ending == ".al":
		return openRaw(b, ending), nil
	case ending == ".g722":
		return openG722(b), nil
	case isMP3(head):
		return openMP3(b)
	}
	return nil, fmt.Errorf("%w: it begins with %q", ErrUnknown, head[:min(len(head), 4)])
}

// skipTags passes over ID3v2 tags, which may stand before the sound of any format.
func skipTags(b *bufio.Reader) error {
	for {
		head, err := b.Peek(10)
		if err != nil || string(head[:3]) != "ID3" {
			return nil // too short for a tag; what it is comes out later
		}
		size := 10
		for i, c := range head[6:] {
			size += int(c&0x7f) << (7 * (3 - i))
		}
		if _, err := b.Discard(size); err != nil {
			return fmt.Errorf("the file ends within its ID3 tag: %w", err)
		}
	}
}

// Read reads up to len(samples) samples, converted to 16 bits; those of several channels alternate. At the end the error is
// io.EOF. Samples come without an error, and never half of those of an instant.
func (s *Reader) Read(samples []int16) (n int, err error) {
	defer guard(&err)
	whole := len(samples) / s.Channels * s.Channels
	if whole == 0 {
		return 0, nil
	}
	for n < whole && err == nil {
		var got int
		got, err = s.read(samples[n:whole])
		n += got
	}
	if n -= n % s.Channels; n > 0 { // the error comes again with the next read
		return n, nil
	}
	return 0, err
}

// guard makes an error of a decoder's panic: some give up on damaged files in that way.
func guard(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("the file is damaged: %v", p)
	}
}
