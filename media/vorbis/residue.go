package vorbis

import (
	"errors"
	"fmt"
)

// residue is the fine structure of the spectrum (§8).
type residue struct {
	kind       int
	begin, end int
	size       int // of a partition
	classBook  int
	books      [][8]int // by class and pass; below 0 = none
}

func readResidue(r *bitReader, books []*codebook) (*residue, error) {
	res := &residue{kind: int(r.read(16))}
	if res.kind > 2 {
		return nil, fmt.Errorf("residue of type %d", res.kind)
	}
	res.begin, res.end, res.size = int(r.read(24)), int(r.read(24)), int(r.read(24))+1
	classes := int(r.read(6)) + 1
	res.classBook = int(r.read(8))
	if res.classBook >= len(books) {
		return nil, errors.New("residue of a codebook that there is not")
	}
	passes := make([]uint32, classes)
	for i := range passes {
		passes[i] = r.read(3)
		if r.flag() {
			passes[i] |= r.read(5) << 3
		}
	}
	res.books = make([][8]int, classes)
	for i := range res.books {
		for pass := range 8 {
			res.books[i][pass] = -1
			if passes[i]>>pass&1 == 0 {
				continue
			}
			book := int(r.read(8))
			if book >= len(books) || books[book].vectors == nil {
				return nil, errors.New("residue of a codebook without vectors")
			}
			res.books[i][pass] = book
		}
	}
	return res, nil
}

// decode adds the residue to the spectra of channels, of which those that are nil are silent.
func (res *residue) decode(r *bitReader, books []*codebook, spectra [][]float32) {
	if res.kind == 2 {
		res.interleaved(r, books, spectra)
		return
	}
	res.run(r, books, spectra)
}

// interleaved decodes type 2: the channels are one long vector in which they alternate.
func (res *residue) interleaved(r *bitReader, books []*codebook, spectra [][]float32) {
	half, any := 0, false
	for _, s := range spectra {
		if s != nil {
			half, any = len(s), true
		}
	}
	if !any {
		return
	}
	n := len(spectra)
	all := make([]float32, half*n)
	res.run(r, books, [][]float32{all})
	for c, s := range spectra {
		for i := range s {
			s[i] = all[i*n+c]
		}
	}
}

// run decodes the partitions of all vectors, pass after pass.
func (res *residue) run(r *bitReader, books []*codebook, vectors [][]float32) {
	length := 0
	for _, v := range vectors {
		length = max(length, len(v))
	}
	begin, end := min(res.begin, length), min(res.end, length)
	partitions := max(0, end-begin) / res.size
	classBook := books[res.classBook]
	classes := make([][]int, len(vectors))
	for c := range classes {
		classes[c] = make([]int, partitions+classBook.dimensions)
	}
	for pass := range 8 {
		for p := 0; p < partitions; {
			if pass == 0 {
				for c, v := range vectors {
					if v != nil && !res.classify(r, classBook, classes[c][p:]) {
						return
					}
				}
			}
			for i := 0; i < classBook.dimensions && p < partitions; i++ {
				for c, v := range vectors {
					if v == nil {
						continue
					}
					if book := res.books[classes[c][p]][pass]; book >= 0 {
						at := begin + p*res.size
						if !res.partition(r, books[book], v[at:at+res.size]) {
							return
						}
					}
				}
				p++
			}
		}
	}
}

// classify reads the classes of the partitions that follow.
func (res *residue) classify(r *bitReader, book *codebook, classes []int) bool {
	value := book.decode(r)
	if value < 0 {
		return false
	}
	for i := book.dimensions - 1; i >= 0; i-- {
		classes[i] = value % len(res.books)
		value /= len(res.books)
	}
	return true
}

// partition adds vectors to a part of the spectrum: those of type 0 spread over it, the others one after another.
func (res *residue) partition(r *bitReader, book *codebook, part []float32) bool {
	step := len(part) / book.dimensions
	for i := 0; i < len(part)/book.dimensions; i++ {
		entry := book.decode(r)
		if entry < 0 {
			return false
		}
		for d, x := range book.vectors[entry] {
			if res.kind == 0 {
				part[i+d*step] += x
			} else {
				part[i*book.dimensions+d] += x
			}
		}
	}
	return true
}
