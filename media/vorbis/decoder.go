package vorbis

import (
	"errors"
	"fmt"
	"io"

	"offhook/media/ogg"
)

// Decoder reads the samples of an Ogg Vorbis file.
type Decoder struct {
	Channels   int
	SampleRate int // Hz

	setup
	packets    *ogg.Reader
	transforms [2]*transform
	before     [][]float32 // by channel: the second half of the block before, windowed; nil = there is none
	out        []float32   // samples that wait to be read, channels in turn
	produced   int64       // samples of each channel so far
	spectra    [][]float32
	block      []float32
}

// New reads the headers. The errors say what is wrong with them.
func New(r io.Reader) (*Decoder, error) {
	d := &Decoder{packets: ogg.NewReader(r)}
	for i, read := range []func([]byte) error{
		d.readIdentification,
		func(b []byte) error { _, err := header(b, 3); return err }, // comments
		d.readSetup,
	} {
		packet, err := d.packets.Next()
		if err == nil {
			err = read(packet)
		}
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return nil, fmt.Errorf("header %d: %w", i+1, err)
		}
	}
	d.Channels, d.SampleRate = d.channels, d.rate
	d.transforms = [2]*transform{newTransform(d.sizes[0]), newTransform(d.sizes[1])}
	d.spectra = make([][]float32, d.channels)
	for c := range d.spectra {
		d.spectra[c] = make([]float32, d.sizes[1]/2)
	}
	d.block = make([]float32, d.sizes[1])
	return d, nil
}

// Read reads up to len(samples) samples; 1 is full scale, and those of several channels alternate. The end is io.EOF.
func (d *Decoder) Read(samples []float32) (int, error) {
	for len(d.out) == 0 {
		packet, err := d.packets.Next()
		if err != nil {
			return 0, err
		}
		d.decode(packet)
		d.trim()
	}
	n := copy(samples, d.out)
	d.out = d.out[n:]
	return n, nil
}

// trim cuts the last block off where the last page says that the sound ends.
func (d *Decoder) trim() {
	d.produced += int64(len(d.out) / d.channels)
	if end, ok := d.packets.End(); ok {
		beyond := min(max(0, d.produced-end), int64(len(d.out)/d.channels))
		d.out = d.out[:len(d.out)-int(beyond)*d.channels]
	}
}

// decode decodes a packet into d.out. One that is no sound, or that is damaged from the beginning, gives none.
func (d *Decoder) decode(packet []byte) {
	d.out = d.out[:0]
	r := &bitReader{b: packet}
	if r.flag() { // not a packet of sound
		return
	}
	number := int(r.read(ilog(len(d.modes) - 1)))
	if number >= len(d.modes) || r.over {
		return
	}
	m := d.modes[number]
	n := d.sizes[m.long]
	left, right := n, n // sizes of the blocks that the slopes of the window are of
	if m.long == 1 {
		if !r.flag() {
			left = d.sizes[0]
		}
		if !r.flag() {
			right = d.sizes[0]
		}
	}
	d.spectrum(r, &d.mappings[m.mapping], n/2)
	d.overlap(m, n, left, right)
}

// spectrum reads the spectra of all channels: what their floors are to be applied to.
func (d *Decoder) spectrum(r *bitReader, m *mapping, half int) {
	curves := make([][]int, d.channels)
	wanted := make([]bool, d.channels)
	for c := range curves {
		curves[c] = d.floors[m.floors[m.mux[c]]].decode(r, d.books)
		wanted[c] = curves[c] != nil
		clear(d.spectra[c])
	}
	for _, pair := range m.couplings {
		if wanted[pair[0]] || wanted[pair[1]] {
			wanted[pair[0]], wanted[pair[1]] = true, true
		}
	}
	for i, res := range m.residues {
		var vectors [][]float32
		for c, submap := range m.mux {
			if submap != i {
				continue
			}
			var v []float32
			if wanted[c] {
				v = d.spectra[c][:half]
			}
			vectors = append(vectors, v)
		}
		d.residues[res].decode(r, d.books, vectors)
	}
	for i := len(m.couplings) - 1; i >= 0; i-- {
		decouple(d.spectra[m.couplings[i][0]][:half], d.spectra[m.couplings[i][1]][:half])
	}
	for c, y := range curves {
		if y == nil {
			clear(d.spectra[c][:half])
		} else {
			d.floors[m.floors[m.mux[c]]].apply(d.spectra[c][:half], y)
		}
	}
}

// decouple makes two channels of magnitude and angle (§4.3.5).
func decouple(magnitude, angle []float32) {
	for i, m := range magnitude {
		a := angle[i]
		switch {
		case m > 0 && a > 0:
			angle[i] = m - a
		case m > 0:
			magnitude[i], angle[i] = m+a, m
		case a > 0:
			angle[i] = m + a
		default:
			magnitude[i], angle[i] = m-a, m
		}
	}
}

// overlap adds the first half of the block to the second half of the one before (§4.3.8).
func (d *Decoder) overlap(m mode, n, left, right int) {
	first := d.before == nil
	if first {
		d.before = make([][]float32, d.channels)
	}
	ready := (len(d.before[0]) + n/2) / 2
	if first {
		ready = 0
	}
	d.out = append(d.out, make([]float32, ready*d.channels)...)
	for c := range d.spectra {
		block := d.block[:n]
		d.transforms[m.long].inverse(block, d.spectra[c][:n/2])
		d.window(block, left, right)
		if !first {
			// The centres of the blocks are ready apart: the later one begins so much after the centre of the earlier.
			shift := ready - n/2
			for i := range ready {
				x := float32(0)
				if i < len(d.before[c]) {
					x = d.before[c][i]
				}
				if at := i - shift; at >= 0 {
					x += block[at]
				}
				d.out[i*d.channels+c] = x
			}
		}
		d.before[c] = append(d.before[c][:0], block[n/2:]...)
	}
}

// window shapes a block; its slopes are those of blocks of sizes left and right.
func (d *Decoder) window(block []float32, left, right int) {
	n := len(block)
	slope := func(size int) []float32 {
		if size == d.sizes[0] {
			return d.transforms[0].rising
		}
		return d.transforms[1].rising
	}
	rise, fall := slope(left), slope(right)
	begin := n/4 - left/4
	clear(block[:begin])
	for i, w := range rise {
		block[begin+i] *= w
	}
	end := 3*n/4 - right/4
	for i := range fall {
		block[end+i] *= fall[len(fall)-1-i]
	}
	clear(block[end+len(fall):])
}
