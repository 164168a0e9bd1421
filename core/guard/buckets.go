package guard

import (
	"hash/maphash"
	"net/netip"
	"time"
)

// buckets is a token bucket for each source, in a table that never grows.
//
// A bucket is one number, the time at which it will be full again (GCRA, the
// generic cell rate algorithm): each token moves it on by the interval, and
// there is none left when it is more than the burst ahead. A bucket that is full
// knows nothing, so its place can be another's: each source has the places of
// one set, and a new one takes the place that is full first. A flood of forged
// sources makes such a set forget, which only ever lets through more, never less.
type buckets struct {
	interval time.Duration // a token comes back in
	burst    time.Duration // that all tokens take to come back
	seed     maphash.Seed  // sources cannot be chosen to share a set
	sets     [][ways]bucket
	epoch    time.Time
}

const ways = 4

type bucket struct {
	source uint64        // hash; 0: nobody's
	full   time.Duration // since the epoch
}

// newBuckets has tokens come back perSecond, up to burst of them (0: one
// second's), for about so many sources (0: 16,384).
func newBuckets(perSecond float64, burst, sources int) *buckets {
	if sources == 0 {
		sources = 1 << 14
	}
	sets := 1
	for sets*ways < sources {
		sets *= 2
	}
	if burst == 0 {
		burst = max(int(perSecond), 1)
	}
	interval := time.Duration(float64(time.Second) / perSecond)
	return &buckets{interval: interval, burst: time.Duration(burst) * interval, seed: maphash.MakeSeed(), sets: make([][ways]bucket, sets)}
}

// take takes a token from the bucket of a source. It is false when there is none.
func (b *buckets) take(source netip.Prefix, now time.Time) bool {
	if b.epoch.IsZero() {
		b.epoch = now
	}
	at := now.Sub(b.epoch)
	place := b.find(maphash.Comparable(b.seed, source) | 1)
	full := max(place.full, at) + b.interval
	if full-at > b.burst {
		return false
	}
	place.full = full
	return true
}

// find is the bucket of a source, a full one if it has none yet.
func (b *buckets) find(source uint64) *bucket {
	set := &b.sets[source>>8&uint64(len(b.sets)-1)]
	first := &set[0]
	for i := range set {
		if set[i].source == source {
			return &set[i]
		}
		if set[i].full < first.full {
			first = &set[i]
		}
	}
	*first = bucket{source: source}
	return first
}
