package guard_test

import (
	"fmt"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"offhook/core/guard"
)

var start = time.Unix(1_000_000, 0)

func networks(list ...string) (all []netip.Prefix) {
	for _, s := range list {
		all = append(all, netip.MustParsePrefix(s))
	}
	return all
}

func TestSource(t *testing.T) {
	g := guard.New(guard.Options{
		Trusted: networks("10.0.0.0/8", "2001:db8:1::/48"), Allow: networks("192.0.2.0/24"), Deny: networks("192.0.2.66/32", "10.6.0.0/16", "198.51.100.7/32"),
	})
	for _, c := range []struct {
		source   string
		response bool
		want     guard.Reason
	}{
		{"192.0.2.7", false, guard.Pass},
		{"::ffff:192.0.2.7", false, guard.Pass},
		{"192.0.2.66", false, guard.Denied},
		{"10.1.2.3", false, guard.Pass},
		{"10.6.2.3", false, guard.Denied},
		{"2001:db8:1::7", false, guard.Pass},
		{"2001:db8:2::7", false, guard.Denied},
		{"fe80::1%eth0", false, guard.Denied},
		{"203.0.113.7", false, guard.Denied},
		{"203.0.113.7", true, guard.Pass}, // the answer to a request of ours
		{"198.51.100.7", true, guard.Denied},
	} {
		if got := g.Source(netip.MustParseAddr(c.source), c.response, start); got != c.want {
			t.Errorf("%s, response %t: %v, want %v", c.source, c.response, got, c.want)
		}
	}
	if n := g.Dropped()[guard.Denied]; n != 6 {
		t.Errorf("%d were counted as denied, want 6", n)
	}
}

func TestSourceRate(t *testing.T) {
	g := guard.New(guard.Options{Trusted: networks("10.0.0.0/8"), SourceRate: 10, SourceBurst: 3})
	passed := func(source string, at time.Duration) (n int) {
		for range 100 {
			if g.Source(netip.MustParseAddr(source), false, start.Add(at)) == guard.Pass {
				n++
			}
		}
		return n
	}
	for _, c := range []struct {
		source string
		at     time.Duration
		want   int
	}{
		{"192.0.2.7", 0, 3}, {"192.0.2.8", 0, 3}, {"10.0.0.1", 0, 100},
		{"192.0.2.7", 50 * time.Millisecond, 0}, {"192.0.2.7", 100 * time.Millisecond, 1}, {"192.0.2.7", 10 * time.Second, 3},
		{"2001:db8::1", 0, 3}, {"2001:db8::ffff:2", 0, 0}, {"2001:db8:0:1::1", 0, 3}, // a host has its whole /64
	} {
		if n := passed(c.source, c.at); n != c.want {
			t.Errorf("%s at %v: %d passed, want %d", c.source, c.at, n, c.want)
		}
	}
}

func TestScannerIsBanned(t *testing.T) {
	var told []guard.Ban
	g := guard.New(guard.Options{
		Trusted: networks("10.0.0.0/8"), Scanners: []string{"friendly-scanner", "SIPCLI"}, BanFor: time.Minute,
		OnBan: func(b guard.Ban) { told = append(told, b) },
	})
	a, trusted := netip.MustParseAddr("192.0.2.7"), netip.MustParseAddr("10.0.0.1")
	for agent, want := range map[string]guard.Reason{"": guard.Pass, "friendly": guard.Pass, "Grandstream GXP": guard.Pass, "f": guard.Pass, "my sipcli": guard.Pass} {
		if got := g.Agent(a, []byte(agent), start); got != want {
			t.Errorf("%q: %v, want %v", agent, got, want)
		}
	}
	if got := g.Agent(trusted, []byte("friendly-scanner"), start); got != guard.Pass || len(g.Bans(start)) != 0 {
		t.Errorf("trusted: %v, bans %v", got, g.Bans(start))
	}
	for range 3 {
		if got := g.Agent(a, []byte("SipCLI/v1.8\x1b[31m"), start); got != guard.Scanner {
			t.Errorf("got %v", got)
		}
	}
	if len(told) != 1 || told[0].Source.String() != "192.0.2.7/32" || told[0].Reason != "scanner SipCLI/v1.8?[31m" {
		t.Errorf("told of %v", told)
	}
	if got := g.Source(a, true, start.Add(59*time.Second)); got != guard.Banned {
		t.Errorf("before the end: %v", got)
	}
	if got := g.Source(a, false, start.Add(time.Minute)); got != guard.Pass {
		t.Errorf("after the end: %v", got)
	}
	if bans := g.Bans(start.Add(time.Minute)); len(bans) != 0 || g.Banned() != 0 {
		t.Errorf("left: %v", bans)
	}
}

func TestSuspiciousIsBanned(t *testing.T) {
	g := guard.New(guard.Options{Trusted: networks("10.0.0.0/8"), Suspect: 5, BanFor: time.Minute})
	a, slow, trusted := netip.MustParseAddr("192.0.2.7"), netip.MustParseAddr("192.0.2.8"), netip.MustParseAddr("10.0.0.1")
	for i := range 6 {
		if got := g.Source(a, false, start); got != guard.Pass {
			t.Fatalf("%d: %v", i, got)
		}
		g.Suspicious(a, "wrong password", start)
	}
	for i := range 100 {
		g.Suspicious(slow, "wrong password", start.Add(time.Duration(i)*12*time.Second)) // 5 a minute
		g.Suspicious(trusted, "wrong password", start)
	}
	bans := g.Bans(start)
	if len(bans) != 1 || bans[0].Source.Addr() != a || bans[0].Reason != "wrong password" || bans[0].Until != start.Add(time.Minute) {
		t.Errorf("bans: %v", bans)
	}
	if n := g.Lift(netip.MustParsePrefix("192.0.0.0/16")); n != 1 || g.Source(a, false, start) != guard.Pass {
		t.Errorf("%d lifted, then %v", n, g.Source(a, false, start))
	}
}

// TestForgedSources floods a guard from a million addresses: memory stays, the
// cap of the bans holds, and whoever is honest still passes.
func TestForgedSources(t *testing.T) {
	g := guard.New(guard.Options{SourceRate: 5, Suspect: 5, BanFor: time.Hour, MaxBans: 1000, Scanners: []string{"scan"}})
	before := heap()
	for i := range 1_000_000 {
		a := netip.AddrFrom4([4]byte{byte(i >> 16), byte(i >> 8), byte(i), 1})
		now := start.Add(time.Duration(i) * time.Microsecond)
		g.Source(a, false, now)
		g.Suspicious(a, "x", now)
		if i%100 == 0 {
			g.Agent(a, []byte("scanner"), now)
		}
	}
	if after := heap(); after > before+1<<20 {
		t.Errorf("the heap has grown from %d to %d bytes", before, after)
	}
	if n := g.Banned(); n > 1000 || n < 800 {
		t.Errorf("%d bans, want the newest 875 to 1000", n)
	}
	if got := g.Source(netip.MustParseAddr("2001:db8::1"), false, start.Add(2*time.Second)); got != guard.Pass {
		t.Errorf("an honest source: %v", got)
	}
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func TestNilGuard(t *testing.T) {
	var g *guard.Guard
	a := netip.MustParseAddr("192.0.2.7")
	g.Suspicious(a, "x", start)
	if g.Source(a, false, start) != guard.Pass || g.Agent(a, []byte("x"), start) != guard.Pass || g.Bans(start) != nil || g.Banned() != 0 || g.Lift(networks("0.0.0.0/0")[0]) != 0 {
		t.Error("a nil guard does something")
	}
}

func TestRate(t *testing.T) {
	for _, c := range []struct {
		perSecond float64
		burst     int
		want      []int // of 100 at 0, 0.1, 1 and 10 s
	}{
		{0, 0, []int{100, 100, 100, 100}}, {10, 0, []int{10, 1, 9, 10}}, {10, 2, []int{2, 1, 2, 2}}, {0.5, 0, []int{1, 0, 0, 1}},
	} {
		t.Run(fmt.Sprint(c.perSecond, c.burst), func(t *testing.T) {
			r := guard.NewRate(c.perSecond, c.burst)
			for i, at := range []time.Duration{0, 100 * time.Millisecond, time.Second, 10 * time.Second} {
				taken := 0
				for range 100 {
					if r.Take(start.Add(at)) {
						taken++
					}
				}
				if taken != c.want[i] {
					t.Errorf("at %v: %d, want %d", at, taken, c.want[i])
				}
			}
		})
	}
}

// BenchmarkSource is what every message pays.
func BenchmarkSource(b *testing.B) {
	a := netip.MustParseAddr("192.0.2.7")
	for name, o := range map[string]guard.Options{
		"off": {}, "trusted": {Trusted: networks("127.0.0.0/8", "::1/128")}, "rate": {SourceRate: 1e9},
	} {
		g := guard.New(o)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				g.Source(a, false, start)
			}
		})
	}
}
