// Package ogg takes the packets of the first logical stream out of an Ogg file (RFC 3533).
//
// Files may come from anybody: a packet has a bound, what is wrong is an error. It does not seek, and does not look at checksums: what
// is damaged is the decoder's to hear or to leave out.
package ogg

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

const (
	pageHeader = 27
	maxPacket  = 1 << 20

	flagContinued = 1 // the page goes on with a packet of the page before
	flagLast      = 4 // the last page of the stream
)

// Reader reads the packets of a file (§6).
type Reader struct {
	r       io.Reader
	serial  uint32
	begun   bool
	lacing  []byte // of the page, what is left
	last    bool   // the page is the last one
	granule int64  // of the page: samples up to its end; -1 = no packet ends on it
	packet  []byte
}

// NewReader reads the file from its beginning on.
func NewReader(r io.Reader) *Reader { return &Reader{r: r} }

// Next returns the next packet, valid until the following call; io.EOF after the last.
func (p *Reader) Next() ([]byte, error) {
	p.packet = p.packet[:0]
	for {
		for len(p.lacing) > 0 {
			size := int(p.lacing[0])
			p.lacing = p.lacing[1:]
			at := len(p.packet)
			if at+size > maxPacket {
				return nil, fmt.Errorf("packet of more than %d octets", maxPacket)
			}
			p.packet = append(p.packet, make([]byte, size)...)
			if _, err := io.ReadFull(p.r, p.packet[at:]); err != nil {
				return nil, short(err)
			}
			if size < 255 {
				return p.packet, nil
			}
		}
		if p.last {
			return nil, io.EOF
		}
		if err := p.page(); err != nil {
			return nil, err
		}
	}
}

// End is where the sound ends that the latest packet is the last of, in samples since its beginning; ok is false as long as others
// follow, and when the file does not say.
func (p *Reader) End() (granule int64, ok bool) {
	if !p.last || p.granule < 0 {
		return 0, false
	}
	for _, size := range p.lacing {
		if size < 255 {
			return 0, false
		}
	}
	return p.granule, true
}

// page reads the header of the next page of the stream.
func (p *Reader) page() error {
	for {
		var h [pageHeader]byte
		if _, err := io.ReadFull(p.r, h[:]); err != nil {
			if p.begun && errors.Is(err, io.EOF) {
				return io.EOF // some files have no last page
			}
			return short(err)
		}
		if string(h[:4]) != "OggS" || h[4] != 0 {
			return fmt.Errorf("no Ogg page where one should be, but %q", h[:4])
		}
		lacing := make([]byte, h[26])
		if _, err := io.ReadFull(p.r, lacing); err != nil {
			return short(err)
		}
		serial := binary.LittleEndian.Uint32(h[14:])
		if p.begun && serial != p.serial {
			size := int64(0)
			for _, n := range lacing {
				size += int64(n)
			}
			if _, err := io.CopyN(io.Discard, p.r, size); err != nil {
				return short(err)
			}
			continue
		}
		if continued := h[5]&flagContinued != 0; continued != (len(p.packet) > 0) {
			return errors.New("a page is missing")
		}
		p.serial, p.begun = serial, true
		p.lacing, p.last = lacing, h[5]&flagLast != 0
		p.granule = int64(binary.LittleEndian.Uint64(h[6:]))
		return nil
	}
}

// short is the error of a file that ends too early.
func short(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
