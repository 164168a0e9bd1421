package sound

import (
	"fmt"
	"io"

	"offhook/media/wav"
)

type wavDecoder struct{ *wav.Reader }

func (d wavDecoder) read(samples []int16) (int, error) { return d.Read(samples) }

func openWAV(r io.Reader) (*Reader, error) {
	w, err := wav.NewReader(r)
	if err != nil {
		return nil, err
	}
	frames := int64(-1)
	if n := w.Len(); n >= 0 {
		frames = n / int64(w.Channels)
	}
	format := fmt.Sprintf("%d-bit %v", w.Bits, w.Encoding)
	return &Reader{Format: format, SampleRate: w.SampleRate, Channels: w.Channels, Frames: frames, decoder: wavDecoder{w}}, nil
}
