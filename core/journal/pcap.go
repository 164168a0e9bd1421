package journal

import (
	"bufio"
	"encoding/binary"
	"io"
	"net/netip"
	"slices"
	"time"
)

// linkRaw is LINKTYPE_RAW: packets begin with their IP header.
const linkRaw = 101

// pcapWriter writes packets as a pcap file with times in nanoseconds. Errors show at the end, in Flush.
type pcapWriter struct {
	*bufio.Writer
	header []byte
}

func newPcapWriter(w io.Writer) *pcapWriter {
	p := &pcapWriter{bufio.NewWriter(w), make([]byte, 0, 64)}
	h := binary.LittleEndian.AppendUint32(p.header, 0xa1b23c4d)
	h = binary.LittleEndian.AppendUint16(h, 2) // version 2.4
	h = binary.LittleEndian.AppendUint16(h, 4)
	h = append(h, make([]byte, 8)...) // UTC
	h = binary.LittleEndian.AppendUint32(h, 1<<16)
	h = binary.LittleEndian.AppendUint32(h, linkRaw)
	_, _ = p.Write(h)
	return p
}

// datagram writes a UDP datagram of which only the beginning of n octets may have been kept.
func (p *pcapWriter) datagram(at time.Time, from, to netip.AddrPort, payload []byte, n int) {
	payload = payload[:min(len(payload), 65_000)]
	n = min(max(n, len(payload)), 65_000)
	src, dst := from.Addr().Unmap(), to.Addr().Unmap()
	if !src.IsValid() || !dst.IsValid() {
		return
	}
	ipLen := 20
	if !src.Is4() || !dst.Is4() {
		ipLen = 40
	}
	h := binary.LittleEndian.AppendUint32(p.header[:0], uint32(at.Unix()))
	h = binary.LittleEndian.AppendUint32(h, uint32(at.Nanosecond()))
	h = binary.LittleEndian.AppendUint32(h, uint32(ipLen+8+len(payload)))
	h = binary.LittleEndian.AppendUint32(h, uint32(ipLen+8+n))
	if ipLen == 20 {
		h = appendIPv4(h, src, dst, 8+n)
	} else {
		h = appendIPv6(h, src, dst, 8+n)
	}
	h = binary.BigEndian.AppendUint16(h, from.Port())
	h = binary.BigEndian.AppendUint16(h, to.Port())
	h = binary.BigEndian.AppendUint16(h, uint16(8+n))
	h = binary.BigEndian.AppendUint16(h, 0) // no checksum
	_, _ = p.Write(h)
	_, _ = p.Write(payload)
	p.header = h[:0]
}

const (
	hops = 64
	udp  = 17
)

func appendIPv4(h []byte, src, dst netip.Addr, n int) []byte {
	at := len(h)
	h = append(h, 0x45, 0)
	h = binary.BigEndian.AppendUint16(h, uint16(20+n))
	h = append(h, 0, 0, 0x40, 0, hops, udp, 0, 0) // do not fragment
	h = append(h, src.AsSlice()...)
	h = append(h, dst.AsSlice()...)
	sum := uint32(0)
	for i := at; i < len(h); i += 2 {
		sum += uint32(binary.BigEndian.Uint16(h[i:]))
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	binary.BigEndian.PutUint16(h[at+10:], ^uint16(sum))
	return h
}

func appendIPv6(h []byte, src, dst netip.Addr, n int) []byte {
	h = append(h, 0x60, 0, 0, 0)
	h = binary.BigEndian.AppendUint16(h, uint16(n))
	h = append(h, udp, hops)
	from, to := src.As16(), dst.As16()
	h = append(h, from[:]...)
	return append(h, to[:]...)
}

// WritePcap writes the messages of a call and what was captured of its RTP as a pcap file; false: the call is not known.
// Messages that came over a stream are written as datagrams, and what was encrypted as it is inside.
func (s *Store) WritePcap(w io.Writer, id string) (known bool, err error) {
	j := s.Journal(id)
	if j == nil {
		return false, nil
	}
	j.mu.Lock()
	entries, capture := slices.Clone(j.entries), j.capture
	j.mu.Unlock()
	packets := capture.packets()
	slices.SortStableFunc(packets, func(a, b captured) int { return a.at.Compare(b.at) }) // what comes is read in batches
	p := newPcapWriter(w)
	began := j.began.Round(0) // the wall clock
	rtp := func(before time.Time) {
		for len(packets) > 0 && packets[0].at.Before(before) {
			r := packets[0]
			p.between(r.sent, r.at, capture.local, r.remote, r.octets, r.size)
			packets = packets[1:]
		}
	}
	for _, e := range entries {
		if e.Kind == KindMessage && !e.Lost {
			at := began.Add(e.At)
			rtp(at)
			raw := s.o.Mask(e.Raw)
			p.between(e.Sent, at, e.Peer.Local, e.Peer.Remote, raw, len(raw))
		}
	}
	rtp(time.Unix(1<<40, 0)) // the rest
	return true, p.Flush()
}

// between is datagram with our address and the peer's.
func (p *pcapWriter) between(sent bool, at time.Time, local, remote netip.AddrPort, b []byte, n int) {
	if sent {
		p.datagram(at, local, remote, b, n)
	} else {
		p.datagram(at, remote, local, b, n)
	}
}
