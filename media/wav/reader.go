package wav

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"offhook/media/g711"
)

// ErrNotWAV says that what was read is no RIFF/WAVE file at all.
var ErrNotWAV = errors.New("not a WAV file")

const (
	headerSize   = 12 // "RIFF", size, "WAVE"
	chunkSize    = 8  // identifier, size
	formatSize   = 16 // of the fmt chunk without extension, and
	extendedSize = 40 // with that of WAVE_FORMAT_EXTENSIBLE
	maxChunks    = 1000

	// endless is the size from which on a data chunk counts as unknown: programs that write to a pipe put the largest
	// number there, with or without the sign bit and the room for a header.
	endless = math.MaxInt32 - 1024
)

// Reader reads the samples of a WAV file.
type Reader struct {
	Format
	r    io.Reader
	left int64 // octets in the data chunk; below 0: until the end of the file
	raw  []byte
}

// NewReader reads the header of a WAV file, up to where the samples begin. The errors are ErrNotWAV, what is wrong with
// the header, or the error of r.
func NewReader(r io.Reader) (*Reader, error) {
	var b [headerSize]byte
	if _, err := io.ReadFull(r, b[:]); err != nil {
		return nil, fmt.Errorf("read WAV header: %w", shortAs(err, ErrNotWAV))
	}
	if string(b[:4]) != "RIFF" || string(b[8:]) != "WAVE" {
		return nil, fmt.Errorf("read WAV header: %w: it begins with %q", ErrNotWAV, b[:4])
	}
	w := &Reader{r: r}
	for range maxChunks {
		id, size, err := w.nextChunk()
		if err != nil {
			return nil, fmt.Errorf("read WAV header: %w", err)
		}
		switch id {
		case "fmt ":
			err = w.readFormat(size)
		case "data":
			if w.Format == (Format{}) {
				return nil, errors.New("read WAV header: the data chunk comes before the fmt chunk")
			}
			if w.left = size; size >= endless {
				w.left = -1
			}
			return w, nil
		default:
			err = w.skip(size)
		}
		if err != nil {
			return nil, fmt.Errorf("read WAV header: chunk %q: %w", id, err)
		}
	}
	return nil, fmt.Errorf("read WAV header: no data among the first %d chunks", maxChunks)
}

func (w *Reader) nextChunk() (id string, size int64, err error) {
	var b [chunkSize]byte
	if _, err := io.ReadFull(w.r, b[:]); err != nil {
		return "", 0, shortAs(err, errors.New("the file ends before a data chunk"))
	}
	return string(b[:4]), int64(binary.LittleEndian.Uint32(b[4:])), nil
}

// skip passes over the rest of a chunk; chunks are padded to an even size.
func (w *Reader) skip(size int64) error {
	size += size & 1
	if s, ok := w.r.(io.Seeker); ok {
		_, err := s.Seek(size, io.SeekCurrent) // beyond the end is found out by the next read
		return err
	}
	_, err := io.CopyN(io.Discard, w.r, size)
	return err
}

func (w *Reader) readFormat(size int64) error {
	if size < formatSize {
		return fmt.Errorf("%d octets, want at least %d", size, formatSize)
	}
	var b [extendedSize]byte
	n := min(size, extendedSize)
	if _, err := io.ReadFull(w.r, b[:n]); err != nil {
		return err
	}
	w.Format = Format{
		Encoding:   Encoding(binary.LittleEndian.Uint16(b[0:])),
		Channels:   int(binary.LittleEndian.Uint16(b[2:])),
		SampleRate: int(binary.LittleEndian.Uint32(b[4:])),
		Bits:       int(binary.LittleEndian.Uint16(b[14:])),
	}
	if w.Encoding == extensible && n == extendedSize {
		w.Encoding = Encoding(binary.LittleEndian.Uint16(b[24:])) // the first two octets of the SubFormat GUID
	}
	if err := w.Format.check(); err != nil {
		return err
	}
	// The block size is what the samples take, or the file means something else.
	if block := int(binary.LittleEndian.Uint16(b[12:])); block != w.Channels*w.Bits/8 {
		return fmt.Errorf("%v in blocks of %d octets, want %d", w.Format, block, w.Channels*w.Bits/8)
	}
	return w.skip(size - n)
}

// Len is the number of samples that are left by the header, of all channels; below 0: it does not say.
func (w *Reader) Len() int64 {
	if w.left < 0 {
		return -1
	}
	return w.left / int64(w.Bits/8)
}

// Read reads up to len(samples) samples, converted to 16 bits; those of several channels alternate. At the end the error
// is io.EOF; if the file ends before its header says, it wraps io.ErrUnexpectedEOF. Samples come without an error.
func (w *Reader) Read(samples []int16) (int, error) {
	width := int64(w.Bits / 8)
	want := int64(len(samples)) * width
	if w.left >= 0 {
		want = min(want, w.left/width*width)
	}
	if len(samples) == 0 {
		return 0, nil
	}
	if want == 0 {
		return 0, io.EOF
	}
	if int64(len(w.raw)) < want {
		w.raw = make([]byte, want)
	}
	n, err := io.ReadFull(w.r, w.raw[:want])
	whole := n / int(width)
	if whole > 0 {
		if w.left >= 0 {
			w.left -= int64(n)
		}
		w.convert(samples, w.raw[:whole*int(width)])
		return whole, nil
	}
	if w.left < 0 && errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.EOF // a part of a sample is no sample
	}
	if w.left > 0 {
		err = fmt.Errorf("read WAV samples: %d octets are missing: %w", w.left, shortAs(err, io.ErrUnexpectedEOF))
	}
	return 0, err
}

// convert makes 16-bit samples of octets as they stand in the file.
func (w *Reader) convert(samples []int16, b []byte) {
	switch {
	case w.Encoding == ALaw:
		for i, c := range b {
			samples[i] = g711.DecodeALaw(c)
		}
	case w.Encoding == ULaw:
		for i, c := range b {
			samples[i] = g711.DecodeULaw(c)
		}
	case w.Bits == 8: // unsigned, unlike the wider ones
		for i, c := range b {
			samples[i] = int16(int(c)-128) << 8
		}
	case w.Bits == 16:
		for i := range len(b) / 2 {
			samples[i] = int16(binary.LittleEndian.Uint16(b[2*i:]))
		}
	case w.Bits == 24:
		for i := range len(b) / 3 {
			upper := int32(int16(binary.LittleEndian.Uint16(b[3*i+1:])))
			samples[i] = int16(min(upper+int32(b[3*i]>>7), math.MaxInt16)) // rounded
		}
	case w.Encoding == Float && w.Bits == 32:
		for i := range len(b) / 4 {
			samples[i] = ofFloat(float64(math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))))
		}
	case w.Encoding == Float:
		for i := range len(b) / 8 {
			samples[i] = ofFloat(math.Float64frombits(binary.LittleEndian.Uint64(b[8*i:])))
		}
	case w.Bits == 32:
		for i := range len(b) / 4 {
			x := int64(int32(binary.LittleEndian.Uint32(b[4*i:])))
			samples[i] = int16(min((x+1<<15)>>16, math.MaxInt16))
		}
	}
}

// ofFloat is the sample of a number of which 1 is full scale. What is louder is clipped, and what is no number is silent.
func ofFloat(x float64) int16 {
	if math.IsNaN(x) {
		return 0
	}
	return int16(max(math.MinInt16, min(math.Round(x*(1<<15)), math.MaxInt16)))
}

// shortAs replaces the errors of a file that ends too early by what that means here.
func shortAs(err, meaning error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return meaning
	}
	return err
}
