package core_test

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"offhook/core"
	"offhook/core/coretest"
	"offhook/core/digest"
	"offhook/core/journal"
	"offhook/media"
)

// journaled runs a call to a server with a journal and returns what that has of all calls.
func journaled(t *testing.T, o core.Options, serve handlerFunc, call func(*coretest.Caller, *core.Server)) []journal.Record {
	t.Helper()
	var all []journal.Record
	synctest.Test(t, func(t *testing.T) {
		n := coretest.NewNetwork()
		defer n.Close()
		store := journal.NewStore(journal.Options{})
		o.Media, o.Log, o.Handler, o.Journal, o.DTMF = n.Media(), discard(), serve, store, true
		s := core.New(o)
		c := n.NewCaller(s, coretest.CallOptions{To: "100", From: "alice"})
		call(c, s)
		s.Close()
		for _, c := range store.List(journal.Filter{}) {
			r, _ := store.Get(c.ID)
			all = append(all, r)
		}
	})
	return all
}

// story is each entry as "seconds text", messages with an arrow.
func story(r journal.Record) string {
	var b strings.Builder
	for _, e := range r.Entries {
		text := e.Text
		if e.Kind == journal.KindMessage {
			text = map[bool]string{true: "> ", false: "< "}[e.Sent] + text
		}
		if e.Again {
			text += " again"
		}
		fmt.Fprintf(&b, "%.3f %s\n", e.At.Seconds(), text)
	}
	return b.String()
}

func TestJournalOfACall(t *testing.T) {
	all := journaled(t, core.Options{}, func(ctx context.Context, c *core.Call) {
		_ = c.Ring(nil)
		_ = c.Answer(core.AnswerOptions{})
		<-c.Confirmed()
		p, err := c.Play(named{media.Silence(time.Second)})
		if err != nil {
			t.Error(err)
			return
		}
		<-p.Done()
		<-ctx.Done()
	}, func(c *coretest.Caller, _ *core.Server) {
		c.Invite()
		time.Sleep(1500 * time.Millisecond)
		if err := c.Press(context.Background(), "5", 100*time.Millisecond, 100*time.Millisecond); err != nil {
			t.Error(err)
		}
		c.Info("application/dtmf-relay", "Signal=7\r\nDuration=100\r\n")
		time.Sleep(1500 * time.Millisecond)
		c.Bye()
	})
	if len(all) != 1 {
		t.Fatalf("%d calls: %+v", len(all), all)
	}
	r := all[0]
	const want = `0.000 < INVITE, SDP
0.000 > 100 Trying
0.000 early
0.000 > 180 Ringing
0.000 RTP on port N
0.000 PCMU, 20ms, to 192.0.2.7:20000
0.000 answered
0.000 > 200 OK, SDP
0.000 < ACK
0.000 confirmed
0.000 plays silence
0.000 first RTP sent
1.000 silence: done at 1s
1.500 first RTP received from 192.0.2.7:20000
1.580 5
1.700 < INFO
1.700 > 200 OK
1.700 7
3.200 < BYE
3.200 > 200 OK
3.200 ended
`
	if got := regexp.MustCompile("port [0-9]+").ReplaceAllString(story(r), "port N"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if c := r.Call; c.From != "sip:alice@192.0.2.7" || c.DID != "100" || c.By != "caller" || c.Code != 200 || c.Codec != "PCMU" || c.Duration != 3.2 ||
		c.Sent.Packets != 50 || c.Received == nil || c.Digits != "57" || c.Ring.IsZero() || c.State != "ended" {
		t.Errorf("%+v", c)
	}
	for _, e := range r.Entries {
		if e.Kind == journal.KindMessage && (!strings.HasSuffix(strings.SplitN(string(e.Raw), "\r\n", 2)[0], "SIP/2.0") && !strings.HasPrefix(string(e.Raw), "SIP/2.0 ") ||
			!strings.Contains(string(e.Raw), "\r\n\r\n") || e.Peer.Remote.String() != "192.0.2.7:5060" || e.Peer.Network != "UDP") {
			t.Errorf("%+v: %q", e.Peer, e.Raw)
		}
	}
	if len(r.Points) != 2 || r.Points[0].At != 1 || r.Points[0].Sent == 0 {
		t.Errorf("points %+v", r.Points)
	}
}

// named is a source with a name.
type named struct{ media.Source }

func (named) String() string { return "silence" }

// Calls that end before their handler begins are recorded, and say why.
func TestJournalOfRefusedCalls(t *testing.T) {
	for _, tt := range []struct {
		name string
		o    core.Options
		call func(*coretest.Caller)
		want string
	}{
		{"no common codec", core.Options{Codecs: []media.Codec{media.G722}}, (*coretest.Caller).Invite, "refused 488"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			all := journaled(t, tt.o, func(context.Context, *core.Call) { t.Error("served") }, func(c *coretest.Caller, _ *core.Server) { tt.call(c); synctest.Wait() })
			if len(all) != 1 {
				t.Fatalf("%d records", len(all))
			}
			c := all[0].Call
			if got := fmt.Sprint(c.By, " ", c.Code); got != tt.want || c.End.IsZero() || c.State != "ended" || c.ID == "" {
				t.Errorf("%s, %+v", got, c)
			}
			got := story(all[0])
			if !strings.Contains(got, "< INVITE, SDP") || !strings.Contains(got, "> "+strings.TrimPrefix(tt.want, "refused ")) || !strings.Contains(got, "< ACK") {
				t.Errorf("journal:\n%s", got)
			}
		})
	}
}

// The record of a call says which trunk it came in on, and so does that of one that the trunk does not let in. A challenge is
// no refusal yet: it leaves no record.
func TestJournalOfTrunks(t *testing.T) {
	source := []netip.Prefix{netip.MustParsePrefix("192.0.2.7/32")}
	for _, tt := range []struct {
		name  string
		trunk core.Trunk
		want  string // of the record; empty: there is none
	}{
		{"let in", core.Trunk{}, "carrier caller 200"},
		{"in maintenance", core.Trunk{Maintenance: true}, "carrier refused 503"},
		{"challenged", core.Trunk{User: &digest.User{Name: "u", Realm: "r"}}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.trunk.Name, tt.trunk.Sources = "carrier", source
			all := journaled(t, core.Options{Trunks: []core.Trunk{tt.trunk}}, func(ctx context.Context, c *core.Call) {
				_ = c.Answer(core.AnswerOptions{})
				<-ctx.Done()
			}, func(c *coretest.Caller, _ *core.Server) {
				c.Invite()
				synctest.Wait()
				if c.State().Answered {
					c.Bye()
				}
				synctest.Wait()
			})
			got := ""
			for _, r := range all {
				got = fmt.Sprint(r.Call.Trunk, " ", r.Call.By, " ", r.Call.Code)
			}
			if got != tt.want || len(all) > 1 {
				t.Errorf("%d records, %s, want %s", len(all), got, tt.want)
			}
		})
	}
}

// Trace has the RTP of a call in progress kept, and of those to come.
func TestTrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := coretest.NewNetwork()
		defer n.Close()
		store := journal.NewStore(journal.Options{})
		s := core.New(core.Options{Media: n.Media(), Log: discard(), Journal: store, Handler: handlerFunc(func(ctx context.Context, c *core.Call) {
			_ = c.Answer(core.AnswerOptions{})
			<-c.Confirmed()
			if _, err := c.Play(named{media.Silence(time.Hour)}); err != nil {
				t.Error(err)
			}
			<-ctx.Done()
		})})
		defer s.Close()
		size := func(id string) int {
			var file bytes.Buffer
			if _, err := store.WritePcap(&file, id); err != nil {
				t.Error(err)
			}
			return file.Len()
		}
		n.Call(s, coretest.CallOptions{To: "100"})
		time.Sleep(time.Second)
		first := store.List(journal.Filter{})[0].ID
		before := size(first)
		for _, tt := range []struct {
			o    core.TraceOptions
			want int
		}{
			{core.TraceOptions{RTP: journal.CaptureHeaders, ID: "none"}, 0}, {core.TraceOptions{RTP: journal.CaptureHeaders, To: "200"}, 0},
			{core.TraceOptions{RTP: journal.CaptureHeaders, ID: first}, 1},
		} {
			if got := s.Trace(tt.o); got != tt.want {
				t.Errorf("%+v means %d calls, want %d", tt.o, got, tt.want)
			}
		}
		time.Sleep(time.Second)
		const packet = 16 + 20 + 8 + 12 // of pcap, IP, UDP and RTP
		if got := size(first) - before; got < 49*packet || got > 51*packet {
			t.Errorf("%d octets for a second of RTP headers, want 50 × %d", got, packet)
		}
		if s.Trace(core.TraceOptions{ID: first}) != 1 { // off
			t.Error("the call is not found")
		}
		kept := size(first)
		time.Sleep(time.Second)
		if size(first) != kept {
			t.Error("RTP is kept after the trace was switched off")
		}
		n.Call(s, coretest.CallOptions{To: "200"})
		time.Sleep(time.Second)
		if second := store.List(journal.Filter{Text: "200"})[0].ID; size(second) < 49*packet {
			t.Error("RTP of a call that came later is not kept")
		}
	})
}
