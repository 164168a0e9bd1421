package main

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/pion/rtp"
)

// meter counts streams and how far their packets stray from ptime. A stream is what comes from one address with one SSRC.
type meter struct {
	ptime       int64 // nanoseconds
	streams     map[key]*stream
	first, last int64 // arrivals, nanoseconds
	deviations  histogram
	invalid     int
	hears       func(source netip.AddrPort) // learns of each new stream
}

type key struct {
	source netip.AddrPort
	ssrc   uint32
}

type stream struct {
	packets, lost int
	sequence      uint16
	arrival       int64
}

func newMeter(ptime time.Duration) *meter {
	return &meter{ptime: int64(ptime), streams: map[key]*stream{}, hears: func(netip.AddrPort) {}}
}

// take counts one packet that arrived at a time in nanoseconds. Each is compared with the one before it in its stream:
// the time between them should be a ptime, or as many as the sequence number went on.
func (m *meter) take(source netip.AddrPort, packet []byte, arrival int64) {
	var h rtp.Header
	if _, err := h.Unmarshal(packet); err != nil || h.Version != 2 {
		m.invalid++
		return
	}
	if m.first == 0 {
		m.first = arrival
	}
	m.last = max(m.last, arrival)
	s := m.streams[key{source, h.SSRC}]
	if s == nil {
		s = &stream{}
		m.streams[key{source, h.SSRC}] = s
		m.hears(source)
	} else if step := int16(h.SequenceNumber - s.sequence); step > 0 {
		s.lost += int(step) - 1
		m.deviations.add(arrival - s.arrival - int64(step)*m.ptime)
	} else {
		return // late or twice: it was counted as lost, or came already
	}
	s.packets++
	s.sequence, s.arrival = h.SequenceNumber, arrival
}

// result is what was measured.
type result struct {
	streams, full, packets, lost, invalid int

	ptime                   time.Duration
	seconds                 float64
	median, p99, p999, most time.Duration // of the deviations from ptime
}

// result sums up. A stream came at full rate if nothing of it was lost and it has the packets of the whole time, but for
// one at either end.
func (m *meter) result() result {
	r := result{streams: len(m.streams), invalid: m.invalid, ptime: time.Duration(m.ptime), seconds: float64(m.last-m.first) / 1e9}
	whole := int((m.last - m.first) / m.ptime)
	for _, s := range m.streams {
		r.packets += s.packets
		r.lost += s.lost
		if s.lost == 0 && s.packets >= whole-1 {
			r.full++
		}
	}
	r.median, r.p99, r.p999 = m.deviations.quantile(0.5), m.deviations.quantile(0.99), m.deviations.quantile(0.999)
	r.most = m.deviations.most
	return r
}

func (r result) String() string {
	ms := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
	return fmt.Sprintf("%d streams, %d at full rate for %.1f s; %d packets, %d lost, %d invalid; deviation from %v: median %.2f, p99 %.2f, p99.9 %.2f, largest %.2f ms",
		r.streams, r.full, r.seconds, r.packets, r.lost, r.invalid, r.ptime, ms(r.median), ms(r.p99), ms(r.p999), ms(r.most))
}

const (
	bucketWidth = 10 * time.Microsecond
	buckets     = 100_000 // to 1 s
)

// histogram counts absolute values in buckets of 10 µs.
type histogram struct {
	counts [buckets]int
	total  int
	most   time.Duration
}

func (h *histogram) add(nanoseconds int64) {
	d := time.Duration(nanoseconds).Abs()
	h.counts[min(int(d/bucketWidth), buckets-1)]++
	h.total++
	h.most = max(h.most, d)
}

// quantile is the upper end of the bucket that holds a share of all values.
func (h *histogram) quantile(share float64) time.Duration {
	left := int(share * float64(h.total))
	for i, n := range h.counts {
		if left -= n; left < 0 {
			return time.Duration(i+1) * bucketWidth
		}
	}
	return h.most
}
