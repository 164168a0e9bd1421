package main

import (
	"context"
	"log/slog"
	"net/netip"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"offhook/config"
	"offhook/core"
	"offhook/core/console"
	"offhook/core/guard"
	"offhook/core/transaction"
	"offhook/core/transport"
)

func TestBans(t *testing.T) {
	c, err := config.Load(config.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	g := newGuard(c, slog.New(slog.NewTextHandler(&log, nil)))
	socket := filepath.Join(t.TempDir(), "s")
	control, err := console.ListenControl(console.ControlOptions{Path: socket, Bans: bansOf(g)})
	if err != nil {
		t.Fatal(err)
	}
	defer control.Close(context.Background())
	expect := func(wantCode int, wantOut, wantErr string, args ...string) {
		t.Helper()
		code, out, stderr := commandLine(append(args, "--socket", socket)...)
		if code != wantCode || !regexp.MustCompile(wantOut).MatchString(out) || !strings.Contains(stderr, wantErr) {
			t.Errorf("offhook %s: exit code %d, want %d\n%s%s", strings.Join(args, " "), code, wantCode, out, stderr)
		}
	}
	expect(0, `^no address is banned\n$`, "", "bans")
	for _, a := range []string{"192.0.2.7", "198.51.100.7", "2001:db8::1", "127.0.0.1"} {
		for range 2 {
			g.Agent(netip.MustParseAddr(a), []byte("friendly-scanner"), time.Now())
		}
	}
	if text := log.String(); strings.Count(text, "\n") != 3 || !strings.Contains(text, `msg=banned remote=192.0.2.7/32 reason="scanner friendly-scanner" until=`) {
		t.Errorf("log:\n%s", text)
	}
	expect(0, `^ADDRESS +SINCE +UNTIL +REASON\n192.0.2.7 +\d.*friendly-scanner\n198.51.100.7 .*\n2001:db8::/64 .*\n$`, "", "bans")
	expect(0, `^\[\{"source":"192.0.2.7","reason":"scanner friendly-scanner","since":"`, "", "bans", "--json")
	expect(2, `^$`, `"all" is not an address or network`, "bans", "lift", "all")
	expect(0, `^1 lifted\n$`, "", "bans", "lift", "192.0.2.0/24")
	expect(0, `^\{"lifted":1\}\n$`, "", "bans", "lift", "2001:db8::2", "--json")
	expect(0, `^ADDRESS.*\n198.51.100.7 .*\n$`, "", "bans")
}

func TestDroppedMetrics(t *testing.T) {
	r := prometheus.NewRegistry()
	r.MustRegister(newDroppedMetrics(func() core.Stats {
		return core.Stats{
			Dropped: map[guard.Reason]uint64{guard.Denied: 1, guard.Banned: 2, guard.TooMany: 3, guard.Scanner: 4}, Banned: 9,
			Transport: transport.Stats{Dropped: 5, Answered: 6}, Transaction: transaction.Stats{Stray: 7, Malformed: 8},
			Refused: core.Refused{Full: 10, Rate: 11, Overload: 12},
		}
	}))
	want := `# HELP offhook_sip_bans Addresses that are banned.
# TYPE offhook_sip_bans gauge
offhook_sip_bans 9
# HELP offhook_sip_dropped_total SIP messages that were dropped without an answer, by the reason.
# TYPE offhook_sip_dropped_total counter
offhook_sip_dropped_total{reason="banned"} 2
offhook_sip_dropped_total{reason="denied"} 1
offhook_sip_dropped_total{reason="junk"} 5
offhook_sip_dropped_total{reason="rate"} 3
offhook_sip_dropped_total{reason="scanner"} 4
offhook_sip_dropped_total{reason="stray"} 7
# HELP offhook_sip_refused_total SIP requests that were answered 4xx or 503 without a look at what they want, by the reason.
# TYPE offhook_sip_refused_total counter
offhook_sip_refused_total{reason="full"} 10
offhook_sip_refused_total{reason="malformed"} 14
offhook_sip_refused_total{reason="overload"} 12
offhook_sip_refused_total{reason="rate"} 11
`
	if err := testutil.GatherAndCompare(r, strings.NewReader(want)); err != nil {
		t.Error(err)
	}
}
