package record

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"offhook/core/journal"
)

// farEnd takes records. Its answers come from a script; after its end it takes all.
type farEnd struct {
	*httptest.Server
	mu      sync.Mutex
	answers []int
	headers []http.Header
	bodies  []string
	taken   []string // IDs
	arrived chan struct{}
}

// hang is no answer.
const hang = 0

func newFarEnd(t *testing.T, never func(id string) bool, answers ...int) *farEnd {
	t.Helper()
	f := &farEnd{answers: answers, arrived: make(chan struct{}, 1000)}
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		f.mu.Lock()
		status := http.StatusNoContent
		if len(f.answers) > 0 {
			status, f.answers = f.answers[0], f.answers[1:]
		}
		f.headers, f.bodies = append(f.headers, r.Header.Clone()), append(f.bodies, string(body))
		var ids []string
		for _, id := range idsOf(t, body) {
			if never != nil && never(id) {
				status = http.StatusUnprocessableEntity
			}
			ids = append(ids, id)
		}
		if status/100 == 2 {
			f.taken = append(f.taken, ids...)
		}
		f.mu.Unlock()
		f.arrived <- struct{}{}
		if status == hang {
			<-r.Context().Done()
			return
		}
		w.WriteHeader(status)
	}))
	t.Cleanup(f.Close)
	return f
}

func idsOf(t *testing.T, body []byte) (ids []string) {
	calls := []journal.Call{{}}
	var err error
	if bytes.HasPrefix(body, []byte("[")) {
		err = json.Unmarshal(body, &calls)
	} else {
		err = json.Unmarshal(body, &calls[0])
	}
	if err != nil {
		t.Errorf("body %q: %v", body, err)
	}
	for _, c := range calls {
		ids = append(ids, c.ID)
	}
	return ids
}

// got waits for n requests.
func (f *farEnd) got(t *testing.T, n int) {
	t.Helper()
	for range n {
		select {
		case <-f.arrived:
		case <-time.After(10 * time.Second):
			t.Fatal("no request comes")
		}
	}
}

func (f *farEnd) ids() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return strings.Join(f.taken, " ")
}

func hooked(t *testing.T, dir string, o WebhookOptions) *Writer {
	t.Helper()
	if o.Pause == 0 {
		o.Pause = time.Millisecond
	}
	return open(t, Options{Dir: dir, Webhook: o})
}

func TestWebhookDelivers(t *testing.T) {
	dir := t.TempDir()
	old := open(t, Options{Dir: dir})
	<-old.Write(journal.Call{ID: "before"})
	closed(t, old)
	f := newFarEnd(t, nil)
	w := hooked(t, dir, WebhookOptions{URL: f.URL + "/x", Token: "sesame", Batch: 1})
	<-w.Write(journal.Call{ID: "a"})
	f.got(t, 1)
	<-w.Write(journal.Call{ID: "b"})
	closed(t, w) // delivers what waits
	if f.ids() != "a b" {
		t.Errorf("delivered %q, want a and b, and not what was there before the webhook", f.ids())
	}
	h := f.headers[0]
	if h.Get("Authorization") != "Bearer sesame" || h.Get("Content-Type") != "application/json" || len(h.Get("Idempotency-Key")) != 32 ||
		h.Get("Idempotency-Key") == f.headers[1].Get("Idempotency-Key") || !strings.HasPrefix(f.bodies[0], `{"id":"a"`) {
		t.Errorf("request %v %s", h, f.bodies[0])
	}
	if s, ok := w.Webhook(); !ok || s != (WebhookStats{Delivered: 2}) {
		t.Errorf("%+v", s)
	}
	if _, ok := old.Webhook(); ok {
		t.Error("a webhook where there is none")
	}
}

// A request that fails is tried again, with the same key, and holds up nobody but those behind it.
func TestWebhookTriesAgain(t *testing.T) {
	f := newFarEnd(t, nil, 500, 429, 408, hang, 503)
	w := hooked(t, t.TempDir(), WebhookOptions{URL: f.URL, Timeout: 50 * time.Millisecond})
	<-w.Write(journal.Call{ID: "a"})
	f.got(t, 2)
	for i := range 3 {
		<-w.Write(journal.Call{ID: fmt.Sprint(i)}) // returns although nothing is taken
	}
	f.got(t, 4)
	closed(t, w)
	if f.ids() != "a 0 1 2" {
		t.Errorf("delivered %q", f.ids())
	}
	for _, h := range f.headers[:6] {
		if h.Get("Idempotency-Key") != f.headers[0].Get("Idempotency-Key") {
			t.Errorf("another key for the same records: %v", h)
		}
	}
	if s, _ := w.Webhook(); s.Delivered != 4 || s.Failed != 5 || s.Refused != 0 || s.Waiting != 0 {
		t.Errorf("%+v", s)
	}
}

// Those who end before it was delivered leave it to the next, with the same key and nothing twice.
func TestWebhookSurvivesARestart(t *testing.T) {
	dir := t.TempDir()
	f := newFarEnd(t, nil, 200, 503)
	w := hooked(t, dir, WebhookOptions{URL: f.URL, Pause: time.Hour})
	<-w.Write(journal.Call{ID: "a"})
	f.got(t, 1)
	<-w.Write(journal.Call{ID: "b"})
	f.got(t, 1)
	<-w.Write(journal.Call{ID: "c"})
	closed(t, w) // does not wait for an hour
	key := f.headers[1].Get("Idempotency-Key")
	if s, _ := w.Webhook(); f.ids() != "a" || s.Waiting == 0 {
		t.Errorf("delivered %q: %+v", f.ids(), s)
	}
	w = hooked(t, dir, WebhookOptions{URL: f.URL})
	<-w.Write(journal.Call{ID: "d"})
	closed(t, w)
	if f.ids() != "a b c d" || f.headers[2].Get("Idempotency-Key") != key {
		t.Errorf("delivered %q, key %s, want %s", f.ids(), f.headers[2].Get("Idempotency-Key"), key)
	}
}

// What the far end will never take is given up, alone.
func TestWebhookGivesUp(t *testing.T) {
	f := newFarEnd(t, func(id string) bool { return id == "3" })
	dir := t.TempDir()
	w := open(t, Options{Dir: dir, Delay: time.Hour, Webhook: WebhookOptions{URL: f.URL}})
	for i := range 7 {
		w.Write(journal.Call{ID: fmt.Sprint(i)})
	}
	closed(t, w)
	if s, _ := w.Webhook(); f.ids() != "0 1 2 4 5 6" || s.Refused != 1 || s.Delivered != 6 || s.Failed != 0 {
		t.Errorf("delivered %q: %+v", f.ids(), s)
	}

	f = newFarEnd(t, nil, 401, 302) // the token is wrong; not where the URL leads
	w = open(t, Options{Dir: dir, Delay: time.Nanosecond, Webhook: WebhookOptions{URL: f.URL}})
	for i := range 3 {
		<-w.Write(journal.Call{ID: fmt.Sprint(i)})
		f.got(t, 1)
	}
	closed(t, w)
	if s, _ := w.Webhook(); f.ids() != "2" || s.Refused != 2 {
		t.Errorf("delivered %q: %+v", f.ids(), s)
	}
}

// Files that are removed before they were delivered are counted, and what follows is delivered.
func TestWebhookLosesWhatIsRemoved(t *testing.T) {
	f := newFarEnd(t, nil, 503)
	var log bytes.Buffer
	dir := t.TempDir()
	w, err := Open(Options{
		Dir: dir, MaxBytes: 1, Files: 2, Log: slog.New(slog.NewTextHandler(&log, nil)),
		Webhook: WebhookOptions{URL: f.URL, Pause: time.Hour, Batch: 1},
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 6 {
		<-w.Write(journal.Call{ID: fmt.Sprint(i)})
		if i == 0 {
			f.got(t, 1)
		}
	}
	s, _ := w.Webhook()
	if s.Lost != 4 || s.Waiting == 0 {
		t.Errorf("%+v, want 4 lost", s)
	}
	closed(t, w)
	if !strings.Contains(log.String(), `msg="call records are removed that were not delivered: raise records.max_files"`) || !strings.Contains(log.String(), "records=1") {
		t.Errorf("logged %s", &log)
	}
	w = hooked(t, dir, WebhookOptions{URL: f.URL})
	closed(t, w)
	if f.ids() != "4 5" {
		t.Errorf("delivered %q, want those whose files are there", f.ids())
	}
}

func TestWebhookCheckpoint(t *testing.T) {
	const name = "calls-20260102T030405.000Z.jsonl"
	const a, junk, b = `{"id":"a"}` + "\n", "\x00\x00\n", `{"id":"b"}` + "\n"
	for _, tt := range []struct{ name, checkpoint, file, want string }{
		{"none: from now on", "", a + b, ""},
		{"in the midst", `{"file":"` + name + `","offset":11}`, a + b, "b"},
		{"in a batch", `{"file":"` + name + `","offset":0,"end":11}`, a + b, "a b"},
		{"torn: all again", `{"fi`, a + b, "a b"},
		{"somebody's: all again", `{"file":"../x","offset":0}`, a, "a"},
		{"behind the end", `{"file":"` + name + `","offset":999}`, a, ""},
		{"of a file that is gone", `{"file":"calls-20260101T030405.000Z.jsonl","offset":9}`, a, "a"},
		{"what a disk left", `{"file":"` + name + `","offset":0}`, a + junk + b, "a b"},
		{"nothing but that", `{"file":"` + name + `","offset":0}`, junk + junk, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, name), []byte(tt.file), 0o600); err != nil {
				t.Fatal(err)
			}
			if tt.checkpoint != "" {
				if err := os.WriteFile(filepath.Join(dir, checkpointName), []byte(tt.checkpoint), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			f := newFarEnd(t, nil)
			closed(t, hooked(t, dir, WebhookOptions{URL: f.URL, Batch: 2}))
			if f.ids() != tt.want {
				t.Errorf("delivered %q, want %q", f.ids(), tt.want)
			}
		})
	}
}

func TestJudge(t *testing.T) {
	for _, tt := range []struct {
		status      int
		after       string
		good, never bool
		wait        time.Duration
	}{
		{200, "", true, false, 0}, {204, "", true, false, 0}, {301, "", false, true, 0}, {400, "", false, true, 0}, {404, "9", false, true, 0},
		{408, "", false, false, 0}, {429, "7", false, false, 7 * time.Second}, {503, "86400", false, false, longestPause}, {500, "soon", false, false, 0},
	} {
		if v := judge(tt.status, tt.after); (v.err == nil) != tt.good || v.never != tt.never || v.after != tt.wait {
			t.Errorf("%d: %+v", tt.status, v)
		}
	}
}

func TestWebhookPauseDoublesToABound(t *testing.T) {
	h := &webhook{o: WebhookOptions{Pause: time.Second}}
	for attempt, most := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second} {
		for range 50 {
			if p := h.pause(attempt); p < most/2 || p > most {
				t.Fatalf("attempt %d: %v", attempt, p)
			}
		}
	}
	if p := h.pause(1000); p < longestPause/2 || p > longestPause {
		t.Errorf("after long: %v", p)
	}
}
