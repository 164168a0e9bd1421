package vorbis

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// setup is what the headers say: how packets are to be read (§4.2).
type setup struct {
	channels, rate int
	sizes          [2]int // of short and long blocks
	books          []*codebook
	floors         []*floor
	residues       []*residue
	mappings       []mapping
	modes          []mode
}

type mapping struct {
	couplings [][2]int // magnitude and angle channel
	mux       []int    // submap by channel
	floors    []int    // by submap
	residues  []int
}

type mode struct {
	long    int // 0 or 1
	mapping int
}

// header checks what each header begins with.
func header(packet []byte, kind byte) ([]byte, error) {
	if len(packet) < 7 || packet[0] != kind || string(packet[1:7]) != "vorbis" {
		return nil, errors.New("it is no Vorbis in it")
	}
	return packet[7:], nil
}

func (s *setup) readIdentification(packet []byte) error {
	b, err := header(packet, 1)
	if err != nil {
		return err
	}
	if len(b) < 23 || binary.LittleEndian.Uint32(b) != 0 {
		return errors.New("a version of Vorbis that is not known")
	}
	s.channels, s.rate = int(b[4]), int(binary.LittleEndian.Uint32(b[5:]))
	s.sizes = [2]int{1 << (b[21] & 15), 1 << (b[21] >> 4)}
	if s.channels < 1 || s.channels > 8 || s.rate < 1 || s.rate > 1<<20 {
		return fmt.Errorf("%d channels of %d Hz", s.channels, s.rate)
	}
	if s.sizes[0] < 64 || s.sizes[1] > 8192 || s.sizes[0] > s.sizes[1] {
		return fmt.Errorf("blocks of %d and %d samples", s.sizes[0], s.sizes[1])
	}
	return nil
}

func (s *setup) readSetup(packet []byte) error {
	b, err := header(packet, 5)
	if err != nil {
		return err
	}
	r := &bitReader{b: b}
	left := &budget{maxEntries, maxValues}
	for range r.read(8) + 1 {
		book, err := readCodebook(r, left)
		if err != nil {
			return err
		}
		s.books = append(s.books, book)
	}
	for range r.read(6) + 1 { // transforms of the time domain: placeholders
		if r.read(16) != 0 {
			return errors.New("a transform that is not known")
		}
	}
	for range r.read(6) + 1 {
		f, err := readFloor(r, len(s.books))
		if err != nil {
			return err
		}
		s.floors = append(s.floors, f)
	}
	for range r.read(6) + 1 {
		res, err := readResidue(r, s.books)
		if err != nil {
			return err
		}
		s.residues = append(s.residues, res)
	}
	for range r.read(6) + 1 {
		m, err := s.readMapping(r)
		if err != nil {
			return err
		}
		s.mappings = append(s.mappings, m)
	}
	return s.readModes(r)
}

func (s *setup) readMapping(r *bitReader) (m mapping, err error) {
	if kind := r.read(16); kind != 0 {
		return m, fmt.Errorf("mapping of type %d", kind)
	}
	submaps := 1
	if r.flag() {
		submaps = int(r.read(4)) + 1
	}
	if r.flag() {
		width := ilog(s.channels - 1)
		for range r.read(8) + 1 {
			c := [2]int{int(r.read(width)), int(r.read(width))}
			if c[0] == c[1] || max(c[0], c[1]) >= s.channels {
				return m, errors.New("channels coupled that there are not")
			}
			m.couplings = append(m.couplings, c)
		}
	}
	r.read(2) // reserved
	m.mux = make([]int, s.channels)
	if submaps > 1 {
		for c := range m.mux {
			if m.mux[c] = int(r.read(4)); m.mux[c] >= submaps {
				return m, errors.New("a submap that there is not")
			}
		}
	}
	for range submaps {
		r.read(8) // of the time domain
		f, res := int(r.read(8)), int(r.read(8))
		if f >= len(s.floors) || res >= len(s.residues) {
			return m, errors.New("a floor or residue that there is not")
		}
		m.floors, m.residues = append(m.floors, f), append(m.residues, res)
	}
	return m, nil
}

func (s *setup) readModes(r *bitReader) error {
	for range r.read(6) + 1 {
		m := mode{long: int(r.read(1))}
		window, transform := r.read(16), r.read(16)
		if m.mapping = int(r.read(8)); m.mapping >= len(s.mappings) || window != 0 || transform != 0 {
			return errors.New("a mode that is not known")
		}
		s.modes = append(s.modes, m)
	}
	if framed := r.flag(); !framed || r.over {
		return errors.New("the setup ends too early")
	}
	return nil
}
