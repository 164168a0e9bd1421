package guard

import (
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Options configure a Guard. The zero Options let everything pass.
type Options struct {
	Trusted []netip.Prefix // never limited, suspected or banned; they pass Allow
	Allow   []netip.Prefix // only these, and the trusted ones, may send requests; empty: all
	Deny    []netip.Prefix // these may not, trusted or not

	SourceRate  float64 // messages per second from each source; 0: no limit
	SourceBurst int     // that many may come at once; 0: one second's

	Scanners []string      // beginnings of the User-Agent of scanners, in any case
	Suspect  int           // so many suspicious messages a minute are one source's ban; 0: none ever is
	BanFor   time.Duration // how long a ban lasts; 0: nobody is banned
	MaxBans  int           // bans at once, the oldest goes before its time; 0: 10,000
	OnBan    func(Ban)     // is told of each new ban; it must not call the Guard

	Sources int // how many sources rates are kept of; 0: 16,384
}

// Reason says why a message was dropped. Pass says that it was not.
type Reason uint8

// The reasons, in the order they are looked for.
const (
	Pass    Reason = iota
	Denied         // by Deny, or not in Allow
	Banned         //
	TooMany        // of one source, in its time
	Scanner        // by its User-Agent
	reasons
)

// Reasons are all but Pass.
func Reasons() (all []Reason) {
	for r := Denied; r < reasons; r++ {
		all = append(all, r)
	}
	return all
}

func (r Reason) String() string {
	return [...]string{"pass", "denied", "banned", "rate", "scanner"}[r]
}

// Guard judges messages. A nil Guard lets everything pass.
type Guard struct {
	trusted, allow, deny networks
	scanners             map[byte][]string // by their first letter, in lower case
	banFor               time.Duration
	onBan                func(Ban)
	idle                 bool // no message is dropped unless its source is banned

	dropped [reasons]atomic.Uint64

	mu       sync.Mutex
	rates    *buckets // nil: no limit
	suspects *buckets // nil: nobody is suspected
	bans     bans
	banned   atomic.Int64 // how many bans there are: none is the usual case
}

// New makes a Guard.
func New(o Options) *Guard {
	g := &Guard{
		trusted: newNetworks(o.Trusted), allow: newNetworks(o.Allow), deny: newNetworks(o.Deny),
		banFor: o.BanFor, onBan: o.OnBan, scanners: map[byte][]string{}, bans: newBans(o.MaxBans),
	}
	for _, s := range o.Scanners {
		if s = strings.ToLower(s); s != "" {
			g.scanners[s[0]] = append(g.scanners[s[0]], s)
		}
	}
	if o.SourceRate > 0 {
		g.rates = newBuckets(o.SourceRate, o.SourceBurst, o.Sources)
	}
	if o.Suspect > 0 && o.BanFor > 0 {
		g.suspects = newBuckets(float64(o.Suspect)/60, o.Suspect, o.Sources)
	}
	g.idle = g.allow.empty() && g.deny.empty() && g.rates == nil
	return g
}

// Source judges a message by where it comes from, before a byte of it is looked
// at but whether it is a response: those need not come from an allowed network,
// because a request of ours may have gone elsewhere.
func (g *Guard) Source(source netip.Addr, response bool, now time.Time) Reason {
	if g == nil || g.idle && g.banned.Load() == 0 {
		return Pass
	}
	return g.drop(g.source(source, response, now))
}

func (g *Guard) source(source netip.Addr, response bool, now time.Time) Reason {
	switch {
	case g.deny.has(source):
		return Denied
	case g.trusted.has(source):
		return Pass
	case !response && !g.allow.empty() && !g.allow.has(source):
		return Denied
	case g.rates == nil && g.banned.Load() == 0:
		return Pass
	}
	from := peer(source)
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.bans.has(from, now) {
		return Banned
	}
	if g.rates != nil && !g.rates.take(from, now) {
		return TooMany
	}
	return Pass
}

// Agent judges a request by its User-Agent. That of a scanner bans the source at
// once: no other one calls itself so.
func (g *Guard) Agent(source netip.Addr, agent []byte, now time.Time) Reason {
	if g == nil || len(agent) == 0 || !g.scanner(agent) || g.trusted.has(source) {
		return Pass
	}
	g.ban(source, "scanner "+printable(agent), now)
	return g.drop(Scanner)
}

// scanner tells whether a User-Agent begins as that of a scanner.
func (g *Guard) scanner(agent []byte) bool {
	for _, s := range g.scanners[agent[0]|0x20] { // also right for what is no letter: it then equals none
		if len(agent) >= len(s) && strings.EqualFold(string(agent[:len(s)]), s) {
			return true
		}
	}
	return false
}

// printable is the beginning of a User-Agent for logs: it is the attacker's.
func printable(agent []byte) string {
	clean := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, string(agent[:min(len(agent), 40)]))
	return clean
}

// Suspicious tells of a message that a wrong password, a broken phone or a
// scanner may have sent. One source's many are a ban; why is for its log line.
func (g *Guard) Suspicious(source netip.Addr, why string, now time.Time) {
	if g == nil || g.suspects == nil || g.trusted.has(source) {
		return
	}
	g.mu.Lock()
	enough := !g.suspects.take(peer(source), now)
	g.mu.Unlock()
	if enough {
		g.ban(source, why, now)
	}
}

// drop counts what does not pass.
func (g *Guard) drop(r Reason) Reason {
	if r != Pass {
		g.dropped[r].Add(1)
	}
	return r
}

// Dropped is how many messages were dropped for each reason.
func (g *Guard) Dropped() map[Reason]uint64 {
	counts := map[Reason]uint64{}
	for _, r := range Reasons() {
		counts[r] = 0
		if g != nil {
			counts[r] = g.dropped[r].Load()
		}
	}
	return counts
}
