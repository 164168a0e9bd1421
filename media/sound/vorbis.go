package sound

import (
	"errors"
	"fmt"
	"io"
	"math"

	"offhook/media/vorbis"
)

type vorbisDecoder struct {
	*vorbis.Decoder
	block []float32
}

func openVorbis(r io.Reader) (*Reader, error) {
	d, err := vorbis.New(r)
	if err != nil {
		return nil, fmt.Errorf("Ogg Vorbis: %w", short(err))
	}
	return &Reader{Format: "Ogg Vorbis", SampleRate: d.SampleRate, Channels: d.Channels, Frames: -1, decoder: &vorbisDecoder{Decoder: d}}, nil
}

func (d *vorbisDecoder) read(samples []int16) (int, error) {
	if len(d.block) < len(samples) {
		d.block = make([]float32, len(samples))
	}
	n, err := d.Read(d.block[:len(samples)])
	for i, x := range d.block[:n] {
		samples[i] = toInt16(x)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		err = fmt.Errorf("Ogg Vorbis: %w", short(err))
	}
	return n, err
}

// toInt16 is a sample of which 1 is full scale, clipped.
func toInt16(x float32) int16 {
	return int16(max(math.MinInt16, min(math.Round(float64(x)*(1<<15)), math.MaxInt16)))
}
