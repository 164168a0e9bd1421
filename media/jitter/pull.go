package jitter

import "time"

const (
	step      = 20 * time.Millisecond // the least that the delay shrinks by
	muchSteps = 3                     // so many steps at once are worth a cut within sound
	quiet     = 100                   // the peak of samples that nobody misses: some -47 dBm0
)

// Pull fills dst with what is to be heard next.
func (b *Buffer) Pull(dst []int16) {
	b.pulled += int64(len(dst))
	b.slack.pass(int64(len(dst)))
	if !b.started {
		clear(dst)
		b.cursor += int64(len(dst))
		b.concealed += int64(len(dst))
		return
	}
	b.shrink()
	for len(dst) > 0 {
		n := b.fill(dst)
		b.cursor += int64(n)
		dst = dst[n:]
	}
}

// fill fills the beginning of dst from one packet, or with what stands for one.
func (b *Buffer) fill(dst []int16) int {
	if b.used == len(b.pcm) {
		gap := b.open(int64(len(dst)))
		if gap > 0 {
			b.conceal.fill(dst[:gap])
			b.concealed += gap
			return int(gap)
		}
	}
	n := copy(dst, b.pcm[b.used:])
	b.used += n
	b.conceal.heard(dst[:n])
	b.real = b.cursor + int64(n)
	return n
}

// open makes the packet at the cursor the one that is heard; when there is none it returns how many samples are missing, up to
// limit.
func (b *Buffer) open(limit int64) (gap int64) {
	for {
		s := b.head()
		if s == nil {
			return limit
		}
		if s.at > b.cursor && len(s.payload) > 0 {
			return min(limit, s.at-b.cursor)
		}
		b.pass(s.sequence)
		s.full = false
		if len(s.payload) == 0 {
			continue
		}
		b.pcm = s.decoder.Decode(b.pcm[:0], s.payload)
		b.packet = int64(len(b.pcm))
		b.used = int(min(b.cursor-s.at, b.packet))
		if b.used < len(b.pcm) {
			return 0
		}
		b.stats.Lost++ // the whole of it is past
	}
}

// head is the first packet that waits; nil: none does.
func (b *Buffer) head() *slot {
	for n := b.next; !newer(n, b.newest); n++ {
		if s := &b.slots[n%slots]; s.full {
			return s
		}
	}
	return nil
}

// shrink lets the delay shrink by what no packet of the last seconds needed.
func (b *Buffer) shrink() {
	spare, known := b.slack.least()
	spare -= b.min
	one := b.samples(step)
	if !known || spare < one {
		return
	}
	if b.used == len(b.pcm) {
		if gap := b.open(spare); gap > 0 {
			if b.head() != nil && b.conceal.silent() {
				b.move(gap)
			}
			return
		}
	}
	left := b.pcm[b.used:]
	cut := min(spare, int64(len(left)))
	if loud(left[:cut]) {
		if spare < muchSteps*one {
			return
		}
		b.conceal.cut()
	}
	b.used += int(cut)
	b.move(cut)
	b.real = b.cursor
}

func loud(samples []int16) bool {
	for _, x := range samples {
		if x > quiet || x < -quiet {
			return true
		}
	}
	return false
}
