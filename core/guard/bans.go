package guard

import (
	"cmp"
	"net/netip"
	"slices"
	"time"
)

// Ban is a source that is not listened to for a while.
type Ban struct {
	Source netip.Prefix
	Reason string
	Since  time.Time
	Until  time.Time
}

// bans are those in force, and expired ones that nobody has asked for since.
type bans struct {
	max int
	by  map[netip.Prefix]Ban
}

func newBans(limit int) bans { return bans{max: cmp.Or(limit, 10_000), by: map[netip.Prefix]Ban{}} }

// has tells whether a source is banned, and forgets a ban that is over.
func (b *bans) has(source netip.Prefix, now time.Time) bool {
	ban, ok := b.by[source]
	if ok && !now.Before(ban.Until) {
		delete(b.by, source)
		return false
	}
	return ok
}

// add takes a ban in. When there are too many, those that are over go, or else
// the eighth that ends first: so that a flood of bans does not sort them each time.
func (b *bans) add(ban Ban) {
	if len(b.by) >= b.max {
		b.expire(ban.Since)
	}
	if len(b.by) >= b.max {
		all := b.list()
		for _, old := range all[:max(len(all)/8, 1)] {
			delete(b.by, old.Source)
		}
	}
	b.by[ban.Source] = ban
}

func (b *bans) expire(now time.Time) {
	for source, ban := range b.by {
		if !now.Before(ban.Until) {
			delete(b.by, source)
		}
	}
}

// list is all of them, the one that ends first at the beginning.
func (b *bans) list() []Ban {
	all := make([]Ban, 0, len(b.by))
	for _, ban := range b.by {
		all = append(all, ban)
	}
	slices.SortFunc(all, func(a, b Ban) int {
		return cmp.Or(a.Until.Compare(b.Until), a.Source.Addr().Compare(b.Source.Addr()))
	})
	return all
}

// ban bans a source that is not banned yet, and tells of it.
func (g *Guard) ban(source netip.Addr, reason string, now time.Time) {
	if g.banFor <= 0 {
		return
	}
	ban := Ban{Source: peer(source), Reason: reason, Since: now, Until: now.Add(g.banFor)}
	g.mu.Lock()
	known := g.bans.has(ban.Source, now)
	if !known {
		g.bans.add(ban)
	}
	g.banned.Store(int64(len(g.bans.by)))
	g.mu.Unlock()
	if !known && g.onBan != nil {
		g.onBan(ban)
	}
}

// Banned is how many bans there are, of which some may be over.
func (g *Guard) Banned() int {
	if g == nil {
		return 0
	}
	return int(g.banned.Load())
}

// Bans are those in force, the one that ends first at the beginning.
func (g *Guard) Bans(now time.Time) []Ban {
	if g == nil {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.bans.expire(now)
	g.banned.Store(int64(len(g.bans.by)))
	return g.bans.list()
}

// Lift ends the bans of all sources that a network holds or is within, and
// returns how many there were.
func (g *Guard) Lift(network netip.Prefix) (lifted int) {
	if g == nil {
		return 0
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for source := range g.bans.by {
		if source.Overlaps(network) {
			delete(g.bans.by, source)
			lifted++
		}
	}
	g.banned.Store(int64(len(g.bans.by)))
	return lifted
}
