package wav

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

// ErrFull says that a WAV file cannot grow further: its sizes have 32 bits.
var ErrFull = errors.New("WAV file is full")

const (
	writtenHeader = headerSize + chunkSize + formatSize + chunkSize
	maxData       = math.MaxUint32 - writtenHeader - 1
)

// Writer writes a WAV file of 16-bit PCM.
type Writer struct {
	w        io.WriteSeeker
	rate     int
	channels int
	size     int64 // octets of samples
	raw      []byte
}

// NewWriter writes the header of a file of one channel, of a sample rate in Hz. Its sizes say "until the end of the file"
// until Update or Close sets them, so that what was recorded can be read even if neither is ever reached.
func NewWriter(w io.WriteSeeker, sampleRate int) (*Writer, error) {
	return newWriter(w, sampleRate, 1)
}

// NewStereoWriter is NewWriter with two channels, left and right: samples come in pairs.
func NewStereoWriter(w io.WriteSeeker, sampleRate int) (*Writer, error) {
	return newWriter(w, sampleRate, 2)
}

func newWriter(w io.WriteSeeker, sampleRate, channels int) (*Writer, error) {
	f := &Writer{w: w, rate: sampleRate, channels: channels}
	if _, err := w.Write(f.header(math.MaxUint32, math.MaxUint32)); err != nil {
		return nil, fmt.Errorf("write WAV header: %w", err)
	}
	return f, nil
}

func (f *Writer) header(riffSize, dataSize uint32) []byte {
	const bits = 16
	channels := f.channels
	b := make([]byte, 0, writtenHeader)
	b = append(b, "RIFF"...)
	b = binary.LittleEndian.AppendUint32(b, riffSize)
	b = append(b, "WAVEfmt "...)
	b = binary.LittleEndian.AppendUint32(b, formatSize)
	b = binary.LittleEndian.AppendUint16(b, uint16(PCM))
	b = binary.LittleEndian.AppendUint16(b, uint16(channels))
	b = binary.LittleEndian.AppendUint32(b, uint32(f.rate))
	b = binary.LittleEndian.AppendUint32(b, uint32(f.rate*channels*bits/8))
	b = binary.LittleEndian.AppendUint16(b, uint16(channels*bits/8))
	b = binary.LittleEndian.AppendUint16(b, bits)
	b = append(b, "data"...)
	return binary.LittleEndian.AppendUint32(b, dataSize)
}

// Write appends samples. Each call is one write to the file: give it enough at a time.
func (f *Writer) Write(samples []int16) error {
	if f.size+2*int64(len(samples)) > maxData {
		return fmt.Errorf("write %d WAV samples: %w", len(samples), ErrFull)
	}
	f.raw = f.raw[:0]
	for _, x := range samples {
		f.raw = binary.LittleEndian.AppendUint16(f.raw, uint16(x))
	}
	n, err := f.w.Write(f.raw)
	f.size += int64(n - n%(2*f.channels)) // a full disk may take a part
	if err != nil {
		return fmt.Errorf("write WAV samples: %w", err)
	}
	return nil
}

// Update sets the sizes in the header to what was written so far; more may follow.
func (f *Writer) Update() error {
	if _, err := f.w.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("write WAV header: %w", err)
	}
	if _, err := f.w.Write(f.header(uint32(writtenHeader-8+f.size), uint32(f.size))); err != nil {
		return fmt.Errorf("write WAV header: %w", err)
	}
	if _, err := f.w.Seek(writtenHeader+f.size, io.SeekStart); err != nil {
		return fmt.Errorf("write WAV header: %w", err)
	}
	return nil
}

// Size is what was written so far, in octets with the header: as long as the file is, unless a write failed in its midst.
func (f *Writer) Size() int64 { return writtenHeader + f.size }

// Keep shortens what was written to its first samples of each channel; the file is to be cut to Size.
func (f *Writer) Keep(samples int64) {
	f.size = min(f.size, max(0, samples)*int64(f.channels)*2)
}

// Samples is how many were written so far, of each channel.
func (f *Writer) Samples() int64 { return f.size / int64(2*f.channels) }

// Skip takes the first samples of each channel away: the rest moves to the front, for which w must be an io.Reader too.
func (f *Writer) Skip(samples int64) error {
	from := min(f.size, samples*int64(f.channels)*2)
	r, ok := f.w.(io.Reader)
	if !ok {
		return errors.New("shorten WAV file: it cannot be read")
	}
	buffer := make([]byte, 64<<10)
	for at := int64(0); from+at < f.size; {
		part := buffer[:min(int64(len(buffer)), f.size-from-at)]
		if _, err := f.w.Seek(writtenHeader+from+at, io.SeekStart); err != nil {
			return fmt.Errorf("shorten WAV file: %w", err)
		}
		if _, err := io.ReadFull(r, part); err != nil {
			return fmt.Errorf("shorten WAV file: %w", err)
		}
		if _, err := f.w.Seek(writtenHeader+at, io.SeekStart); err != nil {
			return fmt.Errorf("shorten WAV file: %w", err)
		}
		if _, err := f.w.Write(part); err != nil {
			return fmt.Errorf("shorten WAV file: %w", err)
		}
		at += int64(len(part))
	}
	f.size -= from
	return nil
}

// Close sets the sizes in the header. It does not close the file that is written to.
func (f *Writer) Close() error { return f.Update() }
