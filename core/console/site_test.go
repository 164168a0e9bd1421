package console

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"offhook/core/journal"
)

const (
	readerToken   = "reader-0123456789"
	operatorToken = "operator-0123456789"
)

// newSite makes a console that has one call in progress and two generations.
func newSite(t *testing.T, change func(*SiteOptions)) (*Site, *strings.Builder) {
	t.Helper()
	store := journal.NewStore(journal.Options{})
	store.Begin(journal.Call{ID: "live", SIPCallID: "a@b", From: "sip:100@192.0.2.7", To: "sip:200@192.0.2.1", Recordings: []string{"one.wav", "../secret"}})
	var audit strings.Builder
	o := SiteOptions{
		Access: Access{Local: Operator}, Journal: store, Figures: func() Figures { return Figures{} },
		Hangup: func(id string) bool { return id == "live" },
		Scripts: Scripts{
			Reload:   func(context.Context) Change { return Change{Generation: 2, Error: "refused"} },
			Rollback: func(_ context.Context, n uint64) Change { return Change{Generation: 3, Changed: true} },
			Generations: func() []Generation {
				return []Generation{{Number: 2, Current: true, Hash: "ab", Origin: "scripts"}, {Number: 1}}
			},
			Files: func(n uint64) ([]File, bool) {
				return map[uint64][]File{1: {{"default.lua", "a\nb\n"}, {"old.lua", "x"}}, 2: {{"default.lua", "a\nc\n"}, {"new.lua", "y"}}}[n], n == 1 || n == 2
			},
		},
		Recordings: fstest.MapFS{"one.wav": {Data: []byte("RIFF")}},
		Audit:      slog.New(slog.NewJSONHandler(&audit, nil)), Log: slog.New(slog.DiscardHandler),
	}
	if change != nil {
		change(&o)
	}
	s := NewSite(o)
	t.Cleanup(s.Close)
	return s, &audit
}

// request is one to the console; it comes from this machine unless the test says otherwise.
type request struct {
	method, path string
	from, host   string // "" = 127.0.0.1:4000, localhost:8080
	header       http.Header
	body         string
}

func (q request) to(s http.Handler) *httptest.ResponseRecorder {
	if q.method == "" {
		q.method = "GET"
	}
	r := httptest.NewRequest(q.method, q.path, strings.NewReader(q.body))
	r.RemoteAddr, r.Host = "127.0.0.1:4000", "localhost:8080"
	if q.from != "" {
		r.RemoteAddr = q.from
	}
	if q.host != "" {
		r.Host = q.host
	}
	for name, values := range q.header {
		r.Header[name] = values
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

func header(pairs ...string) http.Header {
	h := http.Header{}
	for pair := range slices.Chunk(pairs, 2) {
		h.Set(pair[0], pair[1])
	}
	return h
}

func TestWhoGetsIn(t *testing.T) {
	const away = "198.51.100.9:4000"
	closed := func(o *SiteOptions) {}
	tokens := func(o *SiteOptions) { o.Access = Access{Local: Nobody, Reader: readerToken, Operator: operatorToken} }
	readers := func(o *SiteOptions) { o.Access.Local = Reader }
	hangup := request{method: "POST", path: "/api/v1/calls/live/hangup", header: header(actionHeader, "1")}
	with := func(q request, pairs ...string) request {
		q.header = q.header.Clone()
		if q.header == nil {
			q.header = http.Header{}
		}
		for name, v := range header(pairs...) {
			q.header[name] = v
		}
		return q
	}
	list := request{path: "/api/v1/calls"}
	from := func(q request, from, host string) request { q.from, q.host = from, host; return q }
	for _, tt := range []struct {
		name   string
		access func(*SiteOptions)
		request
		want int
	}{
		{"from this machine", closed, list, 200},
		{"from this machine by IPv6", closed, from(list, "[::1]:4000", "[::1]:8080"), 200},
		{"a name that was made to lead here", closed, from(list, "", "evil.example:8080"), 403},
		{"a name that begins like ours", closed, from(list, "", "localhost.evil.example"), 403},
		{"through a proxy on this machine", closed, with(list, "X-Forwarded-For", "198.51.100.9"), 403},
		{"from elsewhere", closed, from(list, away, "localhost:8080"), 403},
		{"the pages from elsewhere", closed, from(request{path: "/"}, away, ""), 403},
		{"an action", closed, hangup, 200},
		{"an action without the header", closed, request{method: "POST", path: hangup.path}, 403},
		{"an action of another site", closed, with(hangup, "Origin", "https://evil.example"), 403},
		{"an action that the browser says is of another site", closed, with(hangup, "Sec-Fetch-Site", "cross-site"), 403},
		{"an action of ours", closed, with(hangup, "Origin", "http://localhost:8080", "Sec-Fetch-Site", "same-origin"), 200},
		{"an action by GET", closed, request{path: hangup.path}, 404},
		{"reload of a reader", readers, request{method: "POST", path: "/api/v1/scripts/reload", header: header(actionHeader, "1")}, 403},
		{"rollback of a reader", readers, request{method: "POST", path: "/api/v1/scripts/rollback/1", header: header(actionHeader, "1")}, 403},
		{"a reader looks", readers, list, 200},
		{"a reader acts", readers, hangup, 403},
		{"no token", tokens, list, 401},
		{"no token, from elsewhere", tokens, from(list, away, "offhook.example"), 401},
		{"no token, events", tokens, request{path: "/api/v1/events?topics=calls"}, 401},
		{"the page to log in", tokens, from(request{path: "/login"}, away, "offhook.example"), 200},
		{"the reader's token", tokens, from(with(list, "Authorization", "Bearer "+readerToken), away, "offhook.example"), 200},
		{"the reader's token acts", tokens, with(hangup, "Authorization", "Bearer "+readerToken), 403},
		{"the operator's token acts", tokens, with(hangup, "Authorization", "Bearer "+operatorToken), 200},
		{"a wrong token", tokens, with(list, "Authorization", "Bearer "+operatorToken+"x"), 401},
		{"an empty token", tokens, with(list, "Authorization", "Bearer "), 401},
		{"a wrong token on this machine", closed, with(list, "Authorization", "Bearer x"), 401},
		{"a made-up cookie", tokens, with(list, "Cookie", sessionCookie+"=abc"), 401},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, _ := newSite(t, tt.access)
			if w := tt.to(s); w.Code != tt.want {
				t.Errorf("%d, want %d: %s", w.Code, tt.want, w.Body)
			}
		})
	}
}

func TestLogin(t *testing.T) {
	s, audit := newSite(t, func(o *SiteOptions) { o.Access = Access{Reader: readerToken, Operator: operatorToken} })
	enter := func(token string) *httptest.ResponseRecorder {
		return request{method: "POST", path: "/api/v1/login", header: header(actionHeader, "1"), body: `{"token":"` + token + `"}`}.to(s)
	}
	w := enter(operatorToken)
	cookies := w.Result().Cookies()
	if w.Code != 200 || len(cookies) != 1 {
		t.Fatalf("%d, cookies %v", w.Code, cookies)
	}
	if c := cookies[0]; !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Secure || c.Path != "/" || strings.Contains(c.Value, operatorToken) {
		t.Errorf("the cookie is %v", c)
	}
	cookie := header("Cookie", sessionCookie+"="+cookies[0].Value, actionHeader, "1")
	hangup := request{method: "POST", path: "/api/v1/calls/live/hangup", header: cookie}
	if w := hangup.to(s); w.Code != 200 {
		t.Errorf("hang up with the cookie: %d %s", w.Code, w.Body)
	}
	if w := (request{method: "POST", path: "/api/v1/logout", header: cookie}).to(s); w.Code != 200 {
		t.Errorf("log out: %d", w.Code)
	}
	if w := hangup.to(s); w.Code != 401 {
		t.Errorf("hang up after that: %d", w.Code)
	}
	for i := range mostWrong {
		if w := enter("guess"); w.Code != 401 {
			t.Fatalf("guess %d: %d", i, w.Code)
		}
	}
	if w := enter(operatorToken); w.Code != 429 || w.Header().Get("Retry-After") == "" {
		t.Errorf("after %d guesses: %d", mostWrong, w.Code)
	}
	for _, want := range []string{`"action":"login","target":"","who":"operator token","role":"operator"`, `"action":"hangup","target":"live","who":"operator token"`, `"result":"wrong token"`, `"action":"logout"`} {
		if !strings.Contains(audit.String(), want) {
			t.Errorf("the audit log has no %s:\n%s", want, audit)
		}
	}
	if strings.Contains(audit.String(), operatorToken) {
		t.Error("the audit log has the token")
	}
}

func TestSessionsAreBounded(t *testing.T) {
	var s sessions
	now := time.Now()
	first := s.begin(identity{Reader, "a"}, now)
	for i := range mostSessions {
		s.begin(identity{Reader, "b"}, now.Add(time.Duration(i+1)*time.Second))
	}
	if len(s.live) != mostSessions {
		t.Errorf("%d sessions", len(s.live))
	}
	if _, ok := s.find(first, now); ok {
		t.Error("the oldest is still there")
	}
	last := s.begin(identity{Operator, "c"}, now)
	if _, ok := s.find(last, now.Add(sessionLength)); ok {
		t.Error("a session does not end")
	}
}

func TestSecurityHeaders(t *testing.T) {
	s, _ := newSite(t, nil)
	for _, path := range []string{"/", "/assets/app.js", "/api/v1/calls", "/nothing"} {
		h := request{path: path}.to(s).Result().Header
		for name, want := range map[string]string{
			"Content-Security-Policy": "default-src 'none'", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY",
		} {
			if !strings.HasPrefix(h.Get(name), want) {
				t.Errorf("%s: %s is %q", path, name, h.Get(name))
			}
		}
		if p := h.Get("Content-Security-Policy"); strings.Contains(p, "unsafe") || !strings.Contains(p, "frame-ancestors 'none'") {
			t.Errorf("%s: policy %q", path, p)
		}
	}
}

// TestPagesHaveNothingInline: the policy would not let it run.
func TestPagesHaveNothingInline(t *testing.T) {
	page, err := fs.ReadFile(web, "web/index.html")
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"<style", " style=", "onclick=", "http://", "https://", "<script>"} {
		if strings.Contains(string(page), bad) {
			t.Errorf("index.html has %s", bad)
		}
	}
	names, err := fs.Glob(web, "web/*")
	if err != nil || len(names) < 5 {
		t.Fatalf("%v, %v", names, err)
	}
	s, _ := newSite(t, nil)
	for _, name := range names {
		name = strings.TrimPrefix(name, "web/")
		w := request{path: "/assets/" + name}.to(s)
		if kind := w.Header().Get("Content-Type"); w.Code != 200 || strings.HasPrefix(kind, ";") {
			t.Errorf("%s: %d, %q", name, w.Code, kind)
		}
		if w := (request{path: "/assets/" + name, header: header("If-None-Match", w.Header().Get("ETag"))}).to(s); w.Code != 304 {
			t.Errorf("%s again: %d", name, w.Code)
		}
	}
	if w := (request{path: "/assets/none.js"}).to(s); w.Code != 404 {
		t.Errorf("no such file: %d", w.Code)
	}
}

func TestAPI(t *testing.T) {
	s, _ := newSite(t, nil)
	act := header(actionHeader, "1")
	for _, tt := range []struct {
		request
		code int
		want string // is part of the body
	}{
		{request{path: "/api/v1/me"}, 200, `"role":"operator"`},
		{request{path: "/api/v1/calls?state=live&q=192.0.2.7"}, 200, `"id":"live"`},
		{request{path: "/api/v1/calls?state=ended"}, 200, `{"calls":[],"more":false}`},
		{request{path: "/api/v1/calls?state=odd"}, 400, "state is"},
		{request{path: "/api/v1/calls?limit=0"}, 400, "limit is"},
		{request{path: "/api/v1/calls/live"}, 200, `"sip_call_id":"a@b"`},
		{request{path: "/api/v1/calls/none"}, 404, "no call has this ID"},
		{request{path: "/api/v1/calls/live/pcap"}, 200, "M<\xb2\xa1"},
		{request{path: "/api/v1/calls/none/pcap"}, 404, "no call"},
		{request{path: "/api/v1/calls/live/recordings/0"}, 200, "RIFF"},
		{request{path: "/api/v1/calls/live/recordings/1"}, 404, "is gone"}, // a name that leads out
		{request{path: "/api/v1/calls/live/recordings/2"}, 404, "no such recording"},
		{request{path: "/api/v1/calls/live/recordings/x"}, 404, "no such recording"},
		{request{method: "POST", path: "/api/v1/calls/none/hangup", header: act}, 404, "no such call"},
		{request{path: "/api/v1/scripts"}, 200, `"files":["default.lua","new.lua"]`},
		{request{path: "/api/v1/generations"}, 200, `"generation":2`},
		{request{path: "/api/v1/generations/1/files"}, 200, `"path":"old.lua"`},
		{request{path: "/api/v1/generations/2/diff?from=1"}, 200, `{"op":"-","old":2,"text":"b"},{"op":"+","new":2,"text":"c"}`},
		{request{path: "/api/v1/generations/9/diff"}, 404, `no generation`},
		{request{path: "/api/v1/generations/0/diff"}, 404, `no generation`},
		{request{path: "/api/v1/generations/refused/diff"}, 404, `no generation`},
		{request{path: "/api/v1/generations/2/diff?from=x"}, 404, `no generation`},
		{request{method: "POST", path: "/api/v1/scripts/reload", header: act}, 409, `"error":"refused"`},
		{request{method: "POST", path: "/api/v1/scripts/rollback/1", header: act}, 200, `"changed":true`},
		{request{method: "POST", path: "/api/v1/scripts/rollback/-1", header: act}, 400, "is a number"},
		{request{path: "/api/v1/series"}, 200, `"most":600`},
		{request{path: "/api/v1/log?level=warn"}, 200, `"lines":[]`},
		{request{path: "/api/v1/log?level=loud"}, 400, "level is"},
		{request{path: "/api/v1/events?topics=odd"}, 400, "topics are"},
		{request{path: "/api/v1/nothing"}, 404, "there is nothing here"},
		{request{method: "POST", path: "/api/v1/login", header: act, body: "{"}, 400, "the body is JSON"},
		{request{method: "POST", path: "/api/v1/login", header: act, body: `{"token":"` + strings.Repeat("x", mostBody) + `"}`}, 400, "too large"},
	} {
		if w := tt.to(s); w.Code != tt.code || !strings.Contains(w.Body.String(), tt.want) {
			t.Errorf("%s %s: %d %s; want %d with %s", tt.method, tt.path, w.Code, w.Body, tt.code, tt.want)
		}
	}
}

// TestEvents: a browser that listens learns of a change, and one that comes back gets what it missed.
func TestEvents(t *testing.T) {
	s, _ := newSite(t, nil)
	server := httptest.NewServer(s)
	t.Cleanup(server.Close) // after the streams
	lines, id := listenTo(t, server.URL, "")
	s.o.Journal.Begin(journal.Call{ID: "new", SIPCallID: "c@d"})
	for line := range lines {
		if at, ok := strings.CutPrefix(line, "id: "); ok {
			*id = at
		}
		if strings.HasPrefix(line, "data: ") && strings.Contains(line, `"id":"new"`) {
			break
		}
	}
	s.hub.publish("calls", []byte(`{"missed":1}`))
	lines, _ = listenTo(t, server.URL, *id)
	expectLine(t, lines, `data: {"missed":1}`)
	lines, _ = listenTo(t, server.URL, "other-7")
	expectLine(t, lines, "event: reset")
}

func expectLine(t *testing.T, lines <-chan string, want string) {
	t.Helper()
	for line := range lines {
		if line == want {
			return
		}
	}
	t.Errorf("no line %q", want)
}

// listenTo opens a stream; its lines come until the test ends.
func listenTo(t *testing.T, url, lastID string) (lines <-chan string, id *string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, "GET", url+"/api/v1/events?topics=calls", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Last-Event-ID", lastID)
	res, err := http.DefaultClient.Do(r)
	if err != nil || res.StatusCode != 200 || res.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("%v, %v", err, res)
	}
	out := make(chan string)
	go func() { // ends with the stream, which the test's end closes
		defer close(out)
		defer res.Body.Close()
		for scan := bufio.NewScanner(res.Body); scan.Scan(); {
			select {
			case out <- scan.Text():
			case <-ctx.Done():
				return
			}
		}
	}()
	return out, new(string)
}

func TestHub(t *testing.T) {
	h := newHub()
	slow, _, _, ok := h.listen([]string{"log"}, "")
	other, _, _, _ := h.listen([]string{"calls"}, "")
	if !ok {
		t.Fatal("nobody may listen")
	}
	for range queuedEvents + 1 {
		h.publish("log", []byte("{}"))
	}
	n := 0
	for range slow.events { // closed: it was cut off
		n++
	}
	if n != queuedEvents || len(other.events) != 0 {
		t.Errorf("the slow one got %d events, the other %d", n, len(other.events))
	}
	first := h.id(event{number: 1})
	if missed, stale := h.since(first, map[string]bool{"log": true}); stale || len(missed) != queuedEvents {
		t.Errorf("%d missed, stale %v", len(missed), stale)
	}
	for range rememberEvents {
		h.publish("log", nil)
	}
	if _, stale := h.since(first, nil); !stale {
		t.Error("events that are gone are not missed")
	}
	for i := 1; ; i++ {
		if _, _, _, ok := h.listen(nil, ""); !ok {
			if i != mostListeners {
				t.Errorf("listener %d is refused", i)
			}
			break
		}
	}
	h.close()
	if _, more := <-other.events; more {
		t.Error("a stream goes on after close")
	}
	if _, _, _, ok := h.listen(nil, ""); ok {
		t.Error("a closed hub takes listeners")
	}
}

func TestSeries(t *testing.T) {
	var s series
	now := time.Unix(1000, 0)
	frames := func(early, late uint64) []FrameCount {
		return []FrameCount{{time.Millisecond, early}, {10 * time.Millisecond, late}, {0, 0}}
	}
	if _, ok := s.add(now, Figures{Calls: Calls{Total: 5}, Frames: frames(100, 0)}); ok {
		t.Error("a point of nothing to compare with")
	}
	p, ok := s.add(now.Add(time.Second), Figures{Calls: Calls{Total: 8, Answered: 2, Active: 3}, Frames: frames(190, 10)})
	if !ok || p.Began != 3 || p.Answered != 2 || p.Active != 3 || p.Frames != 100 || p.LateP50 != 1 || p.LateP99 != 10 {
		t.Errorf("%+v", p)
	}
	for i := range mostPoints {
		s.add(now.Add(time.Duration(i+2)*time.Second), Figures{})
	}
	if all := s.all(); len(all) != mostPoints || all[0].Time != now.Add(2*time.Second).UnixMilli() {
		t.Errorf("%d points, the first at %d", len(all), all[0].Time)
	}
}

func TestTail(t *testing.T) {
	tail := NewTail(slog.LevelInfo)
	log := slog.New(tail).With("call", "abc")
	log.Debug("too low")
	log.WithGroup("audit").Warn("hello", "who", "me", slog.Group("in", "n", 1))
	lines, last := tail.After(0, 10, nil)
	if len(lines) != 1 || last != 1 {
		t.Fatalf("%v, %d", lines, last)
	}
	text, _ := json.Marshal(lines[0].Fields)
	if l := lines[0]; l.Level != "warn" || l.Message != "hello" || l.Call != "abc" || string(text) != `[["call","abc"],["audit.who","me"],["audit.in.n","1"]]` {
		t.Errorf("%+v", l)
	}
	for range mostLines + 5 {
		log.Info(strings.Repeat("x", longestLine+100))
	}
	lines, last = tail.After(0, 2*mostLines, nil)
	if len(lines) != mostLines || last != mostLines+6 || lines[0].Number != 7 || len(lines[0].Message) > longestLine+3 {
		t.Errorf("%d lines up to %d, the first is %d", len(lines), last, lines[0].Number)
	}
	if lines, _ := tail.After(last-3, 2, nil); len(lines) != 2 || lines[1].Number != last {
		t.Errorf("the last two: %v", lines)
	}
	if lines, _ := tail.After(last, 5, nil); lines != nil {
		t.Errorf("after the last: %v", lines)
	}
}

func TestDiff(t *testing.T) {
	written := func(all []DiffLine) string {
		var b strings.Builder
		for _, l := range all {
			b.WriteString(l.Op + l.Text + "\n")
		}
		return b.String()
	}
	for _, tt := range []struct{ name, before, after, want string }{
		{"nothing", "a\nb\n", "a\nb\n", "…\n"},
		{"changed", "a\nb\nc\n", "a\nx\nc\n", " a\n-b\n+x\n c\n"},
		{"added", "", "a\nb", "+a\n+b\n"},
		{"removed", "a\n", "", "-a\n"},
		{"moved", "a\nb\nc\n", "c\na\nb\n", "+c\n a\n b\n-c\n"},
		{"far apart", "1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\n5\n6\n7\n8\nx\n", "…\n 6\n 7\n 8\n-9\n+x\n"},
	} {
		if got := written(diff(tt.before, tt.after)); got != tt.want {
			t.Errorf("%s:\n%swant\n%s", tt.name, got, tt.want)
		}
	}
}

func FuzzDiff(f *testing.F) {
	f.Add("a\nb\n", "b\na\n")
	f.Add("", "x")
	f.Fuzz(func(t *testing.T, before, after string) {
		var old, now []string
		for _, l := range edits(lines(before), lines(after)) {
			if l.Op != "+" {
				old = append(old, l.Text)
			}
			if l.Op != "-" {
				now = append(now, l.Text)
			}
		}
		if !slices.Equal(old, lines(before)) || !slices.Equal(now, lines(after)) {
			t.Errorf("from %q to %q: %q, %q", before, after, old, now)
		}
	})
}

func TestProbes(t *testing.T) {
	var reasons []Reason
	s, err := Listen(Options{Address: "127.0.0.1:0", Calls: func() Calls { return Calls{} }, Reasons: func() []Reason { return reasons }})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close(context.Background())
	look := func(path string, code int, want string) {
		t.Helper()
		res, err := http.Get("http://" + s.Addr().String() + path)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body, _ := io.ReadAll(res.Body)
		if res.StatusCode != code || strings.TrimSpace(string(body)) != want {
			t.Errorf("%s: %d %s; want %d %s", path, res.StatusCode, body, code, want)
		}
	}
	look("/readyz", 200, `{"ready":true,"reasons":[]}`)
	reasons = []Reason{{"full", "100 calls of at most 100"}}
	look("/readyz", 503, `{"ready":false,"reasons":[{"reason":"full","detail":"100 calls of at most 100"}]}`)
	look("/livez", 200, `{"live":true}`)
}
