package core_test

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"offhook/core"
	"offhook/core/coretest"
	"offhook/core/digest"
	"offhook/core/sdp"
	"offhook/media"
)

// Whatever a test of this package does, no goroutine of it is left.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestScenarios plays testdata/*.txt, a call flow each; see coretest.Scenario.
func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		scenario, err := coretest.ParseScenario(file, string(text))
		if err != nil {
			t.Error(err)
			continue
		}
		t.Run(filepath.Base(file), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { playScenario(t, scenario) })
		})
	}
}

func playScenario(t *testing.T, scenario *coretest.Scenario) {
	n, stage := coretest.NewNetwork(), &coretest.Stage{}
	o := core.Options{Media: n.Media(), Handler: stage, DTMF: true, Log: discard(), UserAgent: "Offhook"}
	var call coretest.CallOptions
	for key, value := range scenario.Settings {
		if err := set(&o, &call, key, value); err != nil {
			t.Fatalf("%s: setting %s: %v", scenario.Name, key, err)
		}
	}
	s := core.New(o)
	if err := scenario.Play(coretest.Setup{Network: n, Server: s, Stage: stage, Options: call, Settle: synctest.Wait}); err != nil {
		t.Error(err)
	}
	checkBaseline(t, s, n)
	if err := s.Close(); err != nil && !t.Failed() {
		t.Errorf("close: %v", err)
	}
	n.Close()
}

func set(o *core.Options, call *coretest.CallOptions, key, value string) (err error) {
	switch key {
	case "max_calls":
		o.MaxCalls, err = strconv.Atoi(value)
	case "timeout":
		o.CallTimeout, err = time.ParseDuration(value)
	case "silent":
		o.MediaSilent, err = time.ParseDuration(value)
	case "srtp":
		o.SRTP = map[string]sdp.SRTP{"optional": sdp.SRTPOptional, "required": sdp.SRTPRequired}[value]
	case "reliable":
		o.Reliable = value == "true"
	case "accept_refer":
		o.AcceptRefer = value == "true"
	case "session_expires":
		o.SessionExpires, err = time.ParseDuration(value)
	case "min_se":
		o.MinSession, err = time.ParseDuration(value)
	case "t1":
		o.Timers.T1, err = time.ParseDuration(value)
	case "ports": // all but as many are taken
		left := 0
		if left, err = strconv.Atoi(value); err == nil {
			err = occupy(o.Media, left)
		}
	case "trunks": // name=a;source=192.0.2.7/32;max_calls=1|name=b;…
		for one := range strings.SplitSeq(value, "|") {
			var trunk core.Trunk
			if trunk, err = parseTrunk(one); err == nil {
				o.Trunks = append(o.Trunks, trunk)
			}
		}
	case "require_trunk":
		o.RequireTrunk = value == "true"
	case "domain":
		o.Domain = value
	case "transport":
		call.Transport = value
	case "source":
		call.Source, err = netip.ParseAddrPort(value)
	case "address":
		call.Server, err = netip.ParseAddrPort(value)
	default:
		err = fmt.Errorf("unknown")
	}
	return err
}

// occupy takes all ports but a few, until the engine is closed.
func occupy(e *media.Engine, left int) error {
	var open []*media.Session
	for {
		session, err := e.Open(media.SessionOptions{Local: netip.MustParseAddr("192.0.2.200")})
		if errors.Is(err, media.ErrNoPort) {
			break
		} else if err != nil {
			return err
		}
		open = append(open, session)
	}
	for _, session := range open[:left] {
		session.Close()
	}
	return nil
}

func discard() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// checkBaseline waits until the last timer of RFC 3261 has run and sees to it
// that nothing is left: no call, dialog, transaction or RTP session.
func checkBaseline(t *testing.T, s *core.Server, n *coretest.Network) {
	t.Helper()
	time.Sleep(10 * time.Minute) // of virtual time: more than any 64·T1 in a scenario
	synctest.Wait()
	st := s.Stats()
	if st.Active != 0 || s.Dialogs() != 0 || st.Transaction.Server != 0 || st.Transaction.Client != 0 || st.Transaction.Finished != 0 {
		t.Errorf("left at the end: %d calls, %d dialogs, %d server and %d client transactions, %d tombstones",
			st.Active, s.Dialogs(), st.Transaction.Server, st.Transaction.Client, st.Transaction.Finished)
	}
	if st.Transaction.Panics != 0 {
		t.Errorf("%d panics", st.Transaction.Panics)
	}
	if left := sessions(n); left != 0 {
		t.Errorf("%d RTP sessions left", left)
	}
}

// sessions counts the open RTP sessions of the addresses that callers reach us on.
func sessions(n *coretest.Network) (open int) {
	for _, ip := range []string{"192.0.2.1", "2001:db8::1"} {
		for port := uint16(10000); port < 20000; port += 2 {
			if n.Media().Inject(netip.AddrPortFrom(netip.MustParseAddr(ip), port), netip.MustParseAddrPort("192.0.2.99:9"), nil) {
				open++
			}
		}
	}
	return open
}

// parseTrunk reads a trunk as scenarios write it.
func parseTrunk(text string) (t core.Trunk, err error) {
	user, password, algorithms := "", "", []digest.Algorithm{digest.MD5, digest.SHA256, digest.SHA512256}
	for pair := range strings.SplitSeq(text, ";") {
		key, value, _ := strings.Cut(pair, "=")
		switch key {
		case "name":
			t.Name = value
		case "source":
			var p netip.Prefix
			p, err = netip.ParsePrefix(value)
			t.Sources = append(t.Sources, p)
		case "user":
			user, password, _ = strings.Cut(value, ":")
		case "account":
			t.Account.User, t.Account.Password, _ = strings.Cut(value, ":")
		case "max_calls":
			t.MaxCalls, err = strconv.Atoi(value)
		case "rate":
			t.CallsPerSecond, err = strconv.ParseFloat(value, 64)
		case "maintenance":
			t.Maintenance = value == "true"
		case "codec":
			var codec media.Codec
			codec, err = media.ParseCodec(value)
			t.Codecs = append(t.Codecs, codec)
		case "remove":
			t.Headers.Remove = append(t.Headers.Remove, value)
		case "set", "add":
			name, text, _ := strings.Cut(value, ":")
			if key == "set" {
				t.Headers.Set = append(t.Headers.Set, core.Header{Name: name, Value: text})
			} else {
				t.Headers.Add = append(t.Headers.Add, core.Header{Name: name, Value: text})
			}
		default:
			err = fmt.Errorf("trunk: %q is unknown", key)
		}
		if err != nil {
			return t, err
		}
	}
	if user != "" {
		u := digest.NewUser(user, "offhook", password, algorithms)
		t.User = &u
	}
	return t, nil
}
