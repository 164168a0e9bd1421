package sound

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/hajimehoshi/go-mp3"
)

// isMP3 tells whether a file begins with the header of a frame of MPEG audio, layer III (ISO/IEC 11172-3 §2.4.1.3): 11 bits
// set, then a version, a layer, a bit rate and a sample rate that are not the reserved ones.
func isMP3(head string) bool {
	return len(head) >= 4 && head[0] == 0xff && head[1]&0xe0 == 0xe0 &&
		head[1]>>3&3 != 1 && head[1]>>1&3 == 1 && head[2]>>4 != 15 && head[2]>>2&3 != 3
}

// mp3Decoder reads what go-mp3 gives: always two channels of 16 bits, which are the same when the file has one.
type mp3Decoder struct {
	r      io.Reader
	octets []byte
}

func openMP3(r io.Reader) (*Reader, error) {
	d, err := mp3.NewDecoder(r)
	if err != nil {
		return nil, fmt.Errorf("MP3: %w", short(err))
	}
	return &Reader{Format: "MP3", SampleRate: d.SampleRate(), Channels: 2, Frames: -1, decoder: &mp3Decoder{r: d}}, nil
}

func (d *mp3Decoder) read(samples []int16) (int, error) {
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
