package sound

import (
	"errors"
	"io"
	"strings"

	"offhook/media/g711"
)

// rawDecoder reads G.711 octets without a header.
type rawDecoder struct {
	r      io.Reader
	decode func(byte) int16
	octets []byte
}

func openRaw(r io.Reader, ending string) *Reader {
	s := &Reader{Format: "raw µ-law", SampleRate: 8000, Channels: 1, Frames: -1, decoder: &rawDecoder{r: r, decode: g711.DecodeULaw}}
	if strings.HasPrefix(ending, ".al") {
		s.Format, s.decoder = "raw A-law", &rawDecoder{r: r, decode: g711.DecodeALaw}
	}
	return s
}

func (d *rawDecoder) read(samples []int16) (int, error) {
	if len(d.octets) < len(samples) {
		d.octets = make([]byte, len(samples))
	}
	n, err := io.ReadFull(d.r, d.octets[:len(samples)])
	for i, b := range d.octets[:n] {
		samples[i] = d.decode(b)
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil // the next read says io.EOF
	}
	return n, err
}
