package sound

import (
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/mewkiz/flac"
	"github.com/mewkiz/flac/frame"
)

// flacDecoder reads what the flac package decodes: blocks, each channel apart.
type flacDecoder struct {
	stream   *flac.Stream
	channels int
	block    *frame.Frame
	at       int // in the block
}

func openFLAC(r io.Reader) (*Reader, error) {
	stream, err := flac.New(r)
	if err != nil {
		return nil, fmt.Errorf("FLAC: %w", short(err))
	}
	frames := int64(-1)
	if n := stream.Info.NSamples; n > 0 && n < math.MaxInt64 {
		frames = int64(n)
	}
	channels := int(stream.Info.NChannels)
	return &Reader{
		Format: "FLAC", SampleRate: int(stream.Info.SampleRate), Channels: channels, Frames: frames,
		decoder: &flacDecoder{stream: stream, channels: channels},
	}, nil
}

func (d *flacDecoder) read(samples []int16) (int, error) {
	if err := d.next(); err != nil {
		return 0, err
	}
	n := min(int(d.block.BlockSize)-d.at, len(samples)/d.channels)
	shift := int(d.block.BitsPerSample) - 16
	for c, sub := range d.block.Subframes {
		for i, x := range sub.Samples[d.at : d.at+n] {
			samples[i*d.channels+c] = toBits16(x, shift)
		}
	}
	d.at += n
	return n * d.channels, nil
}

// next sees to it that there is something left of the block.
func (d *flacDecoder) next() error {
	for d.block == nil || d.at == int(d.block.BlockSize) {
		block, err := d.stream.ParseNext()
		switch {
		case errors.Is(err, io.EOF):
			return io.EOF
		case err != nil:
			return fmt.Errorf("FLAC: %w", short(err))
		case len(block.Subframes) != d.channels:
			return fmt.Errorf("FLAC: %d channels where the header says %d", len(block.Subframes), d.channels)
		}
		d.block, d.at = block, 0
	}
	return nil
}

// toBits16 makes a sample of 16+shift bits one of 16, rounded.
func toBits16(x int32, shift int) int16 {
	if shift <= 0 {
		return int16(x << -shift)
	}
	return int16(min((int64(x)+1<<(shift-1))>>shift, math.MaxInt16))
}
