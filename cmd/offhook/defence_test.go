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
	"offhook/media"
	"offhook/scripting"
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
	r.MustRegister(newServerCollector(serverFigures{
		server: func() core.Stats {
			return core.Stats{
				Dropped: map[guard.Reason]uint64{guard.Denied: 1, guard.Banned: 2, guard.TooMany: 3, guard.Scanner: 4}, Banned: 9,
				Transport:   transport.Stats{Dropped: 5, Malformed: 6, Refused: 13, Overflows: 14, TimedOut: 15},
				Transaction: transaction.Stats{Stray: 7, Malformed: 8},
				Refused:     core.Refused{Full: 10, Draining: 16, Rate: 11, Overload: 12},
			}
		},
		media: func() media.EngineStats { return media.EngineStats{} }, scripts: func() scripting.Changes { return scripting.Changes{} }, ready: func() bool { return true },
	}))
	want := ""
	for _, m := range []struct {
		name, kind, help string
		series           []string
	}{
		{"offhook_calls_refused_total", "counter", "Calls refused with 503 before any script saw them, by reason.",
			[]string{`{reason="draining"} 16`, `{reason="full"} 10`, `{reason="overload"} 12`, `{reason="rate"} 11`}},
		{"offhook_sip_bans", "gauge", "Addresses that are banned.", []string{" 9"}},
		{"offhook_sip_drops_total", "counter", dropsHelp, []string{
			`{reason="banned"} 2`, `{reason="connection_limit"} 13`, `{reason="connection_timeout"} 15`, `{reason="connection_unread"} 14`,
			`{reason="denied"} 1`, `{reason="junk"} 5`, `{reason="malformed"} 14`, `{reason="rate"} 3`, `{reason="scanner"} 4`, `{reason="stray"} 7`,
		}},
	} {
		want += "# HELP " + m.name + " " + m.help + "\n# TYPE " + m.name + " " + m.kind + "\n"
		for _, s := range m.series {
			want += m.name + s + "\n"
		}
	}
	if err := testutil.GatherAndCompare(r, strings.NewReader(want), "offhook_calls_refused_total", "offhook_sip_bans", "offhook_sip_drops_total"); err != nil {
		t.Error(err)
	}
}
