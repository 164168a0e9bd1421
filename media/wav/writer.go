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

// Writer writes a WAV file of 16-bit PCM, one channel.
type Writer struct {
	w    io.WriteSeeker
	rate int
	size int64 // octets of samples
	raw  []byte
}

// NewWriter writes the header of a file of a sample rate in Hz. Its sizes say "until the end of the file" until Close
// sets them, so that what was recorded can be read even if Close is never reached.
func NewWriter(w io.WriteSeeker, sampleRate int) (*Writer, error) {
	f := &Writer{w: w, rate: sampleRate}
	if _, err := w.Write(f.header(math.MaxUint32, math.MaxUint32)); err != nil {
		return nil, fmt.Errorf("write WAV header: %w", err)
	}
	return f, nil
}

func (f *Writer) header(riffSize, dataSize uint32) []byte {
	const channels, bits = 1, 16
	b := make([]byte, 0, writtenHeader)
	b = append(b, "RIFF"...)
	b = binary.LittleEndian.AppendUint32(b, riffSize)
	b = append(b, "WAVEfmt "...)
	b = binary.LittleEndian.AppendUint32(b, formatSize)
	b = binary.LittleEndian.AppendUint16(b, uint16(PCM))
	b = binary.LittleEndian.AppendUint16(b, channels)
	b = binary.LittleEndian.AppendUint32(b, uint32(f.rate))
	b = binary.LittleEndian.AppendUint32(b, uint32(f.rate*channels*bits/8))
	b = binary.LittleEndian.AppendUint16(b, channels*bits/8)
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
	f.size += int64(n)
	if err != nil {
		return fmt.Errorf("write WAV samples: %w", err)
	}
	return nil
}

// Close sets the sizes in the header. It does not close the file that is written to.
func (f *Writer) Close() error {
	if _, err := f.w.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("finish WAV header: %w", err)
	}
	if _, err := f.w.Write(f.header(uint32(writtenHeader-8+f.size), uint32(f.size))); err != nil {
		return fmt.Errorf("finish WAV header: %w", err)
	}
	if _, err := f.w.Seek(0, io.SeekEnd); err != nil {
		return fmt.Errorf("finish WAV header: %w", err)
	}
	return nil
}
