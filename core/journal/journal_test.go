package journal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

var peer = Peer{"UDP", netip.MustParseAddrPort("192.0.2.1:5060"), netip.MustParseAddrPort("192.0.2.7:5060")}

const (
	inviteText = "INVITE sip:1@192.0.2.1 SIP/2.0\r\nContent-Type: Application/SDP\r\n\r\nv=0\r\n"
	relayText  = "INFO sip:1@192.0.2.1 SIP/2.0\r\nContent-Type: application/dtmf-relay\r\nContent-Length: 24\r\n\r\nSignal=5\r\nDuration=160\r\n"
)

// texts is each entry as "kind text".
func texts(r Record) (all []string) {
	for _, e := range r.Entries {
		all = append(all, e.Kind.String()+" "+e.Text)
	}
	return all
}

func get(t *testing.T, s *Store, id string) Record {
	t.Helper()
	r, ok := s.Get(id)
	if !ok {
		t.Fatalf("call %s is not known", id)
	}
	return r
}

func TestJournalKeepsTheOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ended []Call
		s := NewStore(Options{Ended: func(c Call) <-chan struct{} { ended = append(ended, c); return nil }})
		j := s.Begin(Call{ID: "a", SIPCallID: "a@x"})
		s.Message("a@x", false, false, peer, []byte(inviteText), false)
		s.Message("b@x", false, false, peer, []byte(inviteText), false) // of no call
		time.Sleep(time.Second)
		j.State("early")
		j.Note(KindVerb, "default.lua:3", "call:answer()")
		time.Sleep(time.Second)
		j.State("answered")
		j.Return("default.lua:3", "call:answer() → true", time.Second)
		j.Digit('5')
		j.Mark("default.lua:4", "menu", "n=1")
		j.State("confirmed")
		time.Sleep(3 * time.Second)
		j.State("ended")
		j.End(func(c *Call) { c.By, c.Code = "caller", 200 })
		j.End(func(c *Call) { c.By = "nobody" })
		s.Message("a@x", true, true, peer, []byte("SIP/2.0 200 OK\r\n\r\n"), true)

		r := get(t, s, "a")
		want := []string{"message INVITE, SDP", "state early", "verb call:answer()", "state answered", "return call:answer() → true",
			"digit 5", "mark menu n=1", "state confirmed", "state ended", "message 200 OK"}
		if got := texts(r); !reflect.DeepEqual(got, want) {
			t.Errorf("entries\n%q, want\n%q", got, want)
		}
		if e := r.Entries[3]; e.At != 2*time.Second || r.Entries[4].Took != time.Second || r.Entries[2].Place != "default.lua:3" {
			t.Errorf("entries %+v", r.Entries)
		}
		if c := r.Call; c.Duration != 3 || c.By != "caller" || c.State != "ended" || c.Digits != "5" || c.Marks[0] != (Mark{2, "menu", "n=1"}) ||
			c.Ring.Sub(c.Start) != time.Second || c.Answer.Sub(c.Start) != 2*time.Second || c.End.Sub(c.Start) != 5*time.Second {
			t.Errorf("call %+v", c)
		}
		if len(ended) != 1 || !reflect.DeepEqual(ended[0], r.Call) {
			t.Errorf("recorded %+v, want once %+v", ended, r.Call)
		}
	})
}

func TestNilKeepsNothing(t *testing.T) {
	var s *Store
	j := s.Begin(Call{ID: "a"})
	s.Message("a", false, false, peer, nil, false)
	j.Message(false, false, peer, nil, false)
	j.Note(KindLog, "", "")
	j.Return("", "", 0)
	j.State("early")
	j.Digit('1')
	j.Mask(true, 1)
	j.Mark("", "", "")
	j.Sample(Point{})
	j.Update(func(*Call) { t.Error("called") })
	j.End(func(*Call) { t.Error("called") })
	if _, ok := s.Get("a"); ok || j.ID() != "" || s.List(Filter{}) != nil {
		t.Error("nil knows a call")
	}
}

func TestBoundsOfOneCall(t *testing.T) {
	s := NewStore(Options{Entries: 8, Bytes: 2000})
	j := s.Begin(Call{ID: "a", SIPCallID: "a"})
	for range 10 {
		j.Note(KindLog, "", "again")
	}
	j.State("ended")
	s.Message("a", false, false, peer, []byte("BYE sip:1 SIP/2.0\r\n\r\n"), false)
	r := get(t, s, "a")
	if len(r.Entries) != 8 || r.Entries[7].Text != "BYE" || r.Call.LeftOut != 4 {
		t.Errorf("%d entries, left out %d: %q", len(r.Entries), r.Call.LeftOut, texts(r))
	}
	k := s.Begin(Call{ID: "b", SIPCallID: "b"})
	k.Message(false, false, peer, make([]byte, 2001), false)
	if r := get(t, s, "b"); len(r.Entries) != 0 || r.Call.LeftOut != 1 {
		t.Errorf("a message larger than the journal was kept: %+v", r)
	}
}

func TestRecentCallsAreBounded(t *testing.T) {
	s := NewStore(Options{Recent: 8})
	end := func(id string, script string) {
		s.Begin(Call{ID: id, SIPCallID: id, Script: script}).End(func(*Call) {})
	}
	end("good", "default")
	for i := range 50 { // a flood that no script sees
		end(fmt.Sprint("bad", i), "")
	}
	if all := s.List(Filter{}); len(all) != 3 {
		t.Errorf("%d calls kept, want the good one and two refused", len(all))
	}
	get(t, s, "good")
	for i := range 50 {
		end(fmt.Sprint("more", i), "default")
	}
	if all := s.List(Filter{}); len(all) != 8 {
		t.Errorf("%d calls kept, want 8", len(all))
	}
	if _, ok := s.Get("good"); ok {
		t.Error("the oldest call was kept")
	}
	get(t, s, "more49")
	if n := len(s.byCallID); n != 8 {
		t.Errorf("%d Call-IDs known, want 8", n)
	}
}

func TestRecentCallsAreBoundedInBytes(t *testing.T) {
	s := NewStore(Options{MaxBytes: 10_000})
	live := s.Begin(Call{ID: "live", SIPCallID: "live"})
	for i := range 20 {
		j := s.Begin(Call{ID: fmt.Sprint(i), SIPCallID: fmt.Sprint(i), Script: "default"})
		j.Message(false, false, peer, make([]byte, 2000), false)
		j.End(func(*Call) {})
		j.Message(false, true, peer, make([]byte, 100), false) // late, and counted
	}
	if n := len(s.List(Filter{State: "ended"})); n < 2 || n > 4 {
		t.Errorf("%d ended calls in 10,000 bytes", n)
	}
	live.End(func(*Call) {})
	for len(s.ended)+len(s.refused) > 0 {
		s.dropOldest()
	}
	if n := s.bytes.Load(); n != 0 {
		t.Errorf("%d bytes are counted for no call", n)
	}
}

func TestSensitiveDigits(t *testing.T) {
	s := NewStore(Options{})
	j := s.Begin(Call{ID: "a", SIPCallID: "a"})
	press := func() {
		j.Message(false, false, peer, []byte(relayText), false)
		j.Digit('5')
	}
	press() // read by a menu
	press() // typed ahead: the PIN's first
	early := get(t, s, "a")
	j.Mask(true, 1)
	press()
	j.Mask(false, 0)
	j.Message(false, true, peer, []byte(relayText), false) // a late copy
	press()
	r := get(t, s, "a")
	if r.Call.Digits != "5••5" {
		t.Errorf("digits %q", r.Call.Digits)
	}
	var shown []string
	for _, e := range r.Entries {
		switch {
		case e.Kind == KindDigit:
			shown = append(shown, e.Text)
		case strings.Contains(string(e.Raw), "Signal=5\r\n"):
			shown = append(shown, "INFO")
		case strings.Contains(string(e.Raw), "Signal=x\r\nDuration=160\r\n"):
			shown = append(shown, "masked")
		}
	}
	if got := strings.Join(shown, " "); got != "INFO 5 masked • masked • masked INFO 5" {
		t.Errorf("shown: %s", got)
	}
	if !strings.Contains(string(early.Entries[2].Raw), "Signal=5") {
		t.Error("what a reader holds was changed under it")
	}
	if got := string(maskKey([]byte("INFO x SIP/2.0\r\nContent-Type: application/dtmf\r\n\r\n#\r\n"))); !strings.HasSuffix(got, "\r\n\r\nx\r\n") {
		t.Errorf("masked %q", got)
	}
}

func TestPointsCoverTheCall(t *testing.T) {
	var s pointSeries
	for i := range 100_000 {
		s.add(Point{At: float64(i)})
	}
	if n := len(s.kept); n < mostPoints/2 || n > mostPoints {
		t.Errorf("%d points", n)
	}
	step := s.kept[1].At - s.kept[0].At
	for i := 1; i < len(s.kept); i++ {
		if got := s.kept[i].At - s.kept[i-1].At; got != step {
			t.Fatalf("point %d comes %g after the one before, others %g", i, got, step)
		}
	}
	if last := s.kept[len(s.kept)-1].At; last < 99_000 {
		t.Errorf("the last point is of %g", last)
	}
}

func TestListFilters(t *testing.T) {
	s := NewStore(Options{})
	s.Begin(Call{ID: "a", SIPCallID: "1@x", From: "sip:Alice@example.com", Script: "menu"})
	s.Begin(Call{ID: "b", SIPCallID: "2@x", DID: "4930123", Script: "default"}).State("answered")
	s.Begin(Call{ID: "c", SIPCallID: "3@x", Script: "default"}).End(func(*Call) {})
	for _, tt := range []struct {
		filter Filter
		want   string
	}{
		{Filter{}, "cba"}, {Filter{State: "live"}, "ba"}, {Filter{State: "ended"}, "c"}, {Filter{State: "answered"}, "b"},
		{Filter{Script: "default"}, "cb"}, {Filter{Text: "alice"}, "a"}, {Filter{Text: "4930"}, "b"}, {Filter{Text: "nobody"}, ""}, {Filter{Limit: 2}, "cb"},
	} {
		got := ""
		for _, c := range s.List(tt.filter) {
			got += c.ID
		}
		if got != tt.want {
			t.Errorf("%+v: %q, want %q", tt.filter, got, tt.want)
		}
	}
}

func TestSubscription(t *testing.T) {
	s := NewStore(Options{})
	j := s.Begin(Call{ID: "a"})
	sub := s.Subscribe()
	j.State("early")
	j.State("answered")
	s.Begin(Call{ID: "b"})
	<-sub.C
	if got := sub.Take(); !reflect.DeepEqual(got, []string{"a", "b"}) {
		t.Errorf("changed: %q", got)
	}
	if got := sub.Take(); got != nil {
		t.Errorf("changed twice: %q", got)
	}
	sub.Close()
	j.State("ended")
	if got := sub.Take(); got != nil || s.subscriptions.Load() != nil {
		t.Errorf("changed after the end: %q", got)
	}
}

func TestOneCallIDTwice(t *testing.T) {
	s := NewStore(Options{})
	s.Begin(Call{ID: "out", SIPCallID: "x"})
	s.Begin(Call{ID: "in", SIPCallID: "x"}).End(func(*Call) {})
	s.Message("x", false, false, peer, []byte(inviteText), false)
	if len(get(t, s, "out").Entries) != 1 || len(get(t, s, "in").Entries) != 1 {
		t.Error("a call to ourselves is two calls with all its messages in each")
	}
	s = NewStore(Options{})
	s.Begin(Call{ID: "first", SIPCallID: "x"}).End(func(*Call) {})
	s.Begin(Call{ID: "again", SIPCallID: "x"})
	s.Message("x", false, false, peer, []byte(inviteText), false)
	if len(get(t, s, "first").Entries) != 0 {
		t.Error("the messages of a new call are in the journal of one that has ended")
	}
}

func TestEntryJSON(t *testing.T) {
	for _, e := range []Entry{
		{At: 1500 * time.Millisecond, Kind: KindMessage, Sent: true, Again: true, Peer: &peer, Raw: []byte("BYE\r\n"), Text: "BYE"},
		{Kind: KindReturn, Place: "a.lua:1", Text: "x", Took: 20 * time.Millisecond, Raw: []byte{}},
	} {
		b, err := json.Marshal(e)
		var back Entry
		if err = json.Unmarshal(b, &back); err != nil || !reflect.DeepEqual(e, back) {
			t.Errorf("%s: %v: %+v, want %+v", b, err, back, e)
		}
	}
	var k Kind
	if k.UnmarshalText([]byte("")) == nil || k.UnmarshalText([]byte("nothing")) == nil {
		t.Error("no error for a kind that there is not")
	}
}

// Everything at once, for the race detector.
func TestManyGoroutines(t *testing.T) {
	s := NewStore(Options{Recent: 10, Entries: 50})
	sub := s.Subscribe()
	defer sub.Close()
	var running sync.WaitGroup
	for g := range 8 {
		running.Go(func() {
			for i := range 200 {
				id := fmt.Sprint(g, "-", i)
				j := s.Begin(Call{ID: id, SIPCallID: id})
				s.Message(id, false, false, peer, []byte(relayText), false)
				j.Digit('1')
				j.Mask(true, 1)
				j.State("answered")
				j.Update(func(c *Call) { c.Script = "default" })
				j.Sample(Point{})
				s.List(Filter{State: "live"})
				s.Get(id)
				j.End(func(c *Call) { c.By = "caller" })
				s.Message(id, true, false, peer, []byte(inviteText), true)
				sub.Take()
			}
		})
	}
	running.Wait()
	if n := len(s.List(Filter{})); n != 10 {
		t.Errorf("%d calls left, want 10", n)
	}
}

func BenchmarkOrdinaryCall(b *testing.B) {
	b.ReportAllocs()
	s := NewStore(Options{})
	invite, small := make([]byte, 800), make([]byte, 350)
	for i := 0; b.Loop(); i++ {
		id := fmt.Sprint(i)
		j := s.Begin(Call{ID: id, SIPCallID: id})
		s.Message(id, false, false, peer, invite, false)
		s.Message(id, true, false, peer, small, true)
		j.State("early")
		s.Message(id, true, false, peer, small, true)
		j.State("answered")
		s.Message(id, true, false, peer, small, true)
		s.Message(id, false, false, peer, small, false)
		j.State("confirmed")
		s.Message(id, false, false, peer, small, false)
		s.Message(id, true, false, peer, small, true)
		j.State("ended")
		j.End(func(*Call) {})
	}
}

// What must not be seen is in nothing that readers get.
func TestMaskedMessages(t *testing.T) {
	s := NewStore(Options{Mask: func(m []byte) []byte { return bytes.ReplaceAll(m, []byte("secret"), []byte("***")) }})
	j := s.Begin(Call{ID: "a", SIPCallID: "a@b"})
	j.Message(false, false, peer, []byte("INVITE sip:a SIP/2.0\r\nAuthorization: secret\r\n\r\n"), true)
	j.End(func(*Call) {})
	var file bytes.Buffer
	if _, err := s.WritePcap(&file, "a"); err != nil {
		t.Fatal(err)
	}
	r, _ := s.Get("a")
	if text := string(r.Entries[0].Raw) + file.String(); strings.Contains(text, "secret") || strings.Count(text, "Authorization: ***") != 2 {
		t.Errorf("readers get %q", text)
	}
}
