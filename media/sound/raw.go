package sound

import (
	"errors"
	"io"
	"strings"

	"offhook/media/g711"
	"offhook/media/g722"
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

// g722Decoder reads G.722 octets of 64 kbit/s without a header, each of two samples.
type g722Decoder struct {
	r       io.Reader
	stream  *g722.Decoder
	octets  [512]byte
	decoded []int16
	waiting []int16 // of decoded
}

func openG722(r io.Reader) *Reader {
	return &Reader{Format: "raw G.722", SampleRate: 16000, Channels: 1, Frames: -1, decoder: &g722Decoder{r: r, stream: g722.NewDecoder()}}
}

func (d *g722Decoder) read(samples []int16) (int, error) {
	if len(d.waiting) == 0 {
		n, err := d.r.Read(d.octets[:])
		if n == 0 {
			return 0, err
		}
		d.decoded = d.stream.Decode(d.decoded[:0], d.octets[:n]) // the next read has the error again
		d.waiting = d.decoded
	}
	n := copy(samples, d.waiting)
	d.waiting = d.waiting[n:]
	return n, nil
}
