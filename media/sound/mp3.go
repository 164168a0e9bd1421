package sound

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/hajimehoshi/go-mp3"
)

// peekedMP3 is how much of the first frame is looked at: what the longest header and tag take.
const peekedMP3 = 4 + 32 + 8 + 112 + 36

// isMP3 tells whether a file begins with the header of a frame of MPEG audio, layer III (ISO/IEC 11172-3 §2.4.1.3): 11 bits
// set, then a version, a layer, a bit rate and a sample rate that are not the reserved ones.
func isMP3(head string) bool {
	return len(head) >= 4 && head[0] == 0xff && head[1]&0xe0 == 0xe0 &&
		head[1]>>3&3 != 1 && head[1]>>1&3 == 1 && head[2]>>4 != 15 && head[2]>>2&3 != 3
}

// mp3Decoder reads what go-mp3 gives: always two channels of 16 bits, which are the same when the file has one.
type mp3Decoder struct {
	r      io.Reader
	skip   int64 // octets that are left out before the sound
	octets []byte
}

func openMP3(r *bufio.Reader) (*Reader, error) {
	head, _ := r.Peek(peekedMP3) // a short file has no tag
	t := readTag(head)
	d, err := mp3.NewDecoder(r)
	if err != nil {
		return nil, fmt.Errorf("MP3: %w", short(err))
	}
	const size = 4 // octets of a sample of both channels
	s := &Reader{Format: "MP3", SampleRate: d.SampleRate(), Channels: 2, Frames: -1}
	own := &mp3Decoder{r: d, skip: size * t.first}
	if s.decoder = own; t.count > 0 {
		s.Frames = t.count
		own.r = io.LimitReader(d, size*(t.first+t.count))
	}
	return s, nil
}

func (d *mp3Decoder) read(samples []int16) (int, error) {
	if d.skip > 0 {
		skip := d.skip
		d.skip = 0
		if _, err := io.CopyN(io.Discard, d.r, skip); err != nil {
			return 0, err
		}
	}
	if len(d.octets) < 2*len(samples) {
		d.octets = make([]byte, 2*len(samples))
	}
	n, err := io.ReadFull(d.r, d.octets[:2*len(samples)])
	n /= 2
	for i := range n {
		samples[i] = int16(binary.LittleEndian.Uint16(d.octets[2*i:]))
	}
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return n, io.EOF
	case err != nil && err != io.EOF:
		err = fmt.Errorf("MP3: %w", err)
	}
	return n, err
}

// short is the error of a header that is not all there.
func short(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("the file ends too early")
	}
	return err
}
