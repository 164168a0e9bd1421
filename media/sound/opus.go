package sound

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/pion/opus"

	"offhook/media/ogg"
)

const (
	opusRate    = 48000               // Hz, whatever was encoded (RFC 7845 §5.1)
	longestOpus = opusRate * 12 / 100 // samples of a packet (RFC 6716 §3.2.5)
	opusHeader  = 19                  // octets of the identification header
)

// isOpus tells whether a file begins with an Ogg page that holds an Opus identification header (RFC 7845 §3).
func isOpus(head string) bool {
	const page = 28 // octets of the header of a page of one segment
	return strings.HasPrefix(head, "OggS") && len(head) > page && strings.HasPrefix(head[page:], "OpusHead")
}

// opusDecoder reads an Ogg Opus file (RFC 7845). A damaged packet is left out.
type opusDecoder struct {
	packets  *ogg.Reader
	decoder  opus.Decoder
	channels int
	gain     float64
	skip     int64 // samples of each channel that are left out before the sound
	produced int64 // likewise, decoded so far
	decoded  []float32
	waiting  []float32 // of decoded
}

func openOpus(r io.Reader) (*Reader, error) {
	d := &opusDecoder{packets: ogg.NewReader(r)}
	if err := d.readHeaders(); err != nil {
		return nil, fmt.Errorf("Ogg Opus: %w", short(err))
	}
	var err error
	if d.decoder, err = opus.NewDecoderWithOutput(opusRate, d.channels); err != nil {
		return nil, fmt.Errorf("Ogg Opus: %w", err)
	}
	d.decoded = make([]float32, longestOpus*d.channels)
	return &Reader{Format: "Ogg Opus", SampleRate: opusRate, Channels: d.channels, Frames: -1, decoder: d}, nil
}

// readHeaders reads the identification header (RFC 7845 §5.1), and the comments, of which nothing is needed.
func (d *opusDecoder) readHeaders() error {
	h, err := d.packets.Next()
	if err != nil {
		return err
	}
	if len(h) < opusHeader {
		return fmt.Errorf("header of %d octets, want %d", len(h), opusHeader)
	}
	if h[8]&0xf0 != 0 {
		return fmt.Errorf("version %d is not known", h[8])
	}
	if d.channels = int(h[9]); h[18] != 0 || d.channels < 1 || d.channels > 2 {
		return fmt.Errorf("%d channels in channel mapping %d: want mono or stereo in mapping 0", d.channels, h[18])
	}
	d.skip = int64(binary.LittleEndian.Uint16(h[10:]))
	d.gain = math.Pow(10, float64(int16(binary.LittleEndian.Uint16(h[16:])))/256/20)
	comments, err := d.packets.Next()
	if err == nil && !strings.HasPrefix(string(comments), "OpusTags") {
		err = errors.New("no comment header")
	}
	return err
}

func (d *opusDecoder) read(samples []int16) (int, error) {
	for len(d.waiting) == 0 {
		packet, err := d.packets.Next()
		if errors.Is(err, io.EOF) {
			return 0, io.EOF
		}
		if err != nil {
			return 0, fmt.Errorf("Ogg Opus: %w", short(err))
		}
		d.decode(packet)
	}
	n := min(len(samples), len(d.waiting))
	for i, x := range d.waiting[:n] {
		samples[i] = toInt16(float32(float64(x) * d.gain))
	}
	d.waiting = d.waiting[n:]
	return n, nil
}

// decode decodes a packet, and cuts off what is before and beyond the sound (RFC 7845 §4.2, §4.4).
func (d *opusDecoder) decode(packet []byte) {
	n, err := d.decoder.DecodeToFloat32(packet, d.decoded)
	if err != nil {
		return
	}
	begin, end := d.produced, d.produced+int64(n)
	d.produced = end
	if last, ok := d.packets.End(); ok {
		end = max(begin, min(end, last))
	}
	first := min(max(begin, d.skip), end)
	d.waiting = d.decoded[int(first-begin)*d.channels : int(end-begin)*d.channels]
}
