package scripting

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"offhook/media"
	"offhook/media/wav"
	"offhook/scripting/fetch"
)

// webServer is an HTTP client and the server behind it.
type webServer struct {
	mu     sync.Mutex
	asked  []fetch.Request
	answer func(fetch.Request) (*fetch.Response, error)
	takes  time.Duration
}

func (w *webServer) Do(ctx context.Context, q fetch.Request) (*fetch.Response, error) {
	w.mu.Lock()
	w.asked = append(w.asked, q)
	answer, takes := w.answer, w.takes
	w.mu.Unlock()
	select {
	case <-time.After(takes):
		return answer(q)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (w *webServer) requests() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.asked)
}

// now makes the server answer in another way.
func (w *webServer) now(answer func(fetch.Request) (*fetch.Response, error)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.answer = answer
}

// seekable is a file in memory for wav.Writer, which goes back to the header only.
type seekable struct{ bytes.Buffer }

func (*seekable) Seek(int64, int) (int64, error) { return 0, nil }

// wavOf is a WAV file of silence; its sizes say "until the end".
func wavOf(t *testing.T, length time.Duration) []byte {
	t.Helper()
	var b seekable
	w, err := wav.NewWriter(&b, 8000)
	must(t, err)
	must(t, w.Write(make([]int16, length.Milliseconds()*8)))
	return b.Bytes()
}

func response(status int, body []byte, header ...string) func(fetch.Request) (*fetch.Response, error) {
	h := http.Header{}
	for i := 0; i < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return func(fetch.Request) (*fetch.Response, error) {
		return &fetch.Response{Status: status, Header: h, Body: body}, nil
	}
}

func refusing(fetch.Request) (*fetch.Response, error) { return nil, errors.New("connection refused") }

func TestPlayURL(t *testing.T) {
	second := wavOf(t, time.Second)
	parse := &url.Error{Op: "parse", URL: "http://[", Err: errors.New("missing ']'")}
	cases := []struct {
		name, script string
		answer       func(fetch.Request) (*fetch.Response, error)
		saw          []string
		log, fails   string
	}{
		{name: "a sound", script: `call:play("https://a/x.wav")`, answer: response(200, second), saw: []string{"200ms play 1s", "1.2s play done"}, log: "status=done position=1"},
		{name: "in a list", script: `call:play({ "one.wav", "http://a/x.wav", "http://a/y.wav" })`, answer: response(200, second), saw: []string{"400ms play 3s", "3.4s play done"}, log: "status=done position=3"},
		{name: "raw, and a query", script: `call:play("http://a/x.UL?key=secret")`, answer: response(200, make([]byte, 4000)), saw: []string{"200ms play 500ms", "700ms play done"}, log: "status=done"},
		{name: "not there", script: `call:play("http://a/x.wav?key=secret")`, answer: response(404, nil), log: `status=failed position=0 error="GET http://a/x.wav: the server answered 404 Not Found"`},
		{name: "no sound", script: `call:play("http://a/x.wav?key=secret")`, answer: response(200, []byte("<html>")), log: `begins with \"<htm\"`},
		{name: "network down", script: `call:play("http://a/x.wav")`, answer: refusing, log: `status=failed position=0 error="connection refused"`},
		{name: "in the background", script: `{ nothing = call:start("http://a/x.wav") == nil, why = select(2, call:start("http://a/x.wav")) }`, answer: refusing, log: `nothing=true why="connection refused"`},
		{name: "prompt of gather", script: `{ digits = call:gather{ prompt = "http://a/x.wav", timeout = 1 } }`, answer: refusing, log: `level=WARN msg=sound script=default generation=1 call=c1 error="connection refused" at=default.lua:1`},
		{name: "host not allowed", script: `call:play("http://b/x.wav")`, answer: func(fetch.Request) (*fetch.Response, error) {
			return nil, fmt.Errorf("host b is %w", fetch.ErrNotAllowed)
		},
			fails: "default.lua:1: call:play: host b is not allowed"},
		{name: "no URL", script: `call:play("http://[")`, answer: func(fetch.Request) (*fetch.Response, error) { return nil, parse }, fails: "default.lua:1: call:play: parse"},
		{name: "another scheme", script: `call:play("ftp://a/x.wav")`, fails: "is not a path below the folder of sounds"},
	}
	dir := soundsFolder(t)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			web := &webServer{answer: c.answer, takes: 200 * time.Millisecond}
			script := "function on_call(call) call:answer{ wait_ack = false } log.info('got', " + c.script + ") call:hangup() end"
			performWith(t, Options{FS: files("default.lua", script), Sounds: dir, HTTP: web}, nil, func(s *stage) {
				s.finish()
				if c.fails != "" {
					if err := s.outcome.Err; err == nil || !strings.Contains(err.Error(), c.fails) {
						t.Errorf("error %v, want %q", err, c.fails)
					}
					return
				}
				if s.outcome.Err != nil {
					t.Error(s.outcome.Err)
				}
				s.expectLog(c.log)
				s.expectNoLog("secret")
				for _, line := range c.saw {
					if !strings.Contains(s.call.told(), line) {
						t.Errorf("the call saw\n%s\nwant %s", s.call.told(), line)
					}
				}
			})
		})
	}
}

// The script waits as in a verb: handlers run, and the caller may hang up.
func TestDownloadWaitsAsAVerb(t *testing.T) {
	web := &webServer{answer: response(200, wavOf(t, time.Second)), takes: 5 * time.Second}
	script := "function on_call(call) call:answer{ wait_ack = false } call:play('http://a/x.wav') end\nfunction on_dtmf(call, digit) log.info('key', { digit = digit }) end"
	performWith(t, Options{FS: files("default.lua", script), HTTP: web}, nil, func(s *stage) {
		s.wait(time.Second)
		s.call.press("7")
		s.wait(time.Second)
		s.expectLog("digit=7")
		s.call.hangUp(ByCaller)
		s.finish()
		if time.Since(s.call.begin) != 2*time.Second {
			t.Errorf("the script ended after %v", time.Since(s.call.begin))
		}
		must(t, s.engine.Close()) // waits for the request
	})
}

// step is one play of a sound at some time.
type step struct {
	after  time.Duration
	answer func(fetch.Request) (*fetch.Response, error)
	asks   bool
	with   string // If-None-Match, If-Modified-Since
	same   bool   // the sound is that of the step before
	fails  bool
}

func TestDownloadPanics(t *testing.T) {
	web := &webServer{answer: func(fetch.Request) (*fetch.Response, error) { panic("oops") }}
	var working sync.WaitGroup
	if _, err := newDownloads(web, &working).get(t.Context(), "http://a/x"); err == nil || err.Error() != "internal error: oops" {
		t.Errorf("error %v", err)
	}
	working.Wait()
}

func TestDownloadsAreKept(t *testing.T) {
	one, two := wavOf(t, time.Second), wavOf(t, 2*time.Second)
	same := response(304, nil)
	cases := map[string][]step{
		"max-age": {
			{answer: response(200, one, "Cache-Control", "public, max-age=60"), asks: true},
			{after: 59 * time.Second, same: true},
			{after: time.Second, answer: response(200, two), asks: true},
		},
		"max-age that another cache used": {
			{answer: response(200, one, "Cache-Control", `max-age="60"`, "Age", "50"), asks: true},
			{after: 9 * time.Second, same: true}, {after: time.Second, answer: response(200, one), asks: true, same: true},
		},
		"etag": {
			{answer: response(200, one, "ETag", `"v1"`), asks: true},
			{after: time.Second, answer: same, asks: true, with: `"v1" `, same: true},
			{after: time.Second, answer: response(200, two, "ETag", `"v2"`), asks: true, with: `"v1" `},
			{after: time.Second, answer: same, asks: true, with: `"v2" `, same: true},
		},
		"last-modified": {
			{answer: response(200, one, "Last-Modified", "Tue, 24 Nov 2026 10:00:00 GMT", "Cache-Control", "no-cache, max-age=60"), asks: true},
			{after: time.Second, answer: same, asks: true, with: " Tue, 24 Nov 2026 10:00:00 GMT", same: true},
			{after: time.Second, answer: response(200, two), asks: true, with: " Tue, 24 Nov 2026 10:00:00 GMT"},
			{after: time.Second, answer: response(200, two), asks: true, with: " ", same: true},
		},
		"a 304 that prolongs": {
			{answer: response(200, one, "ETag", `"v1"`), asks: true},
			{answer: response(304, nil, "Cache-Control", "max-age=10"), asks: true, with: `"v1" `, same: true},
			{after: 9 * time.Second, same: true}, {after: time.Second, answer: same, asks: true, with: `"v1" `, same: true},
		},
		"no-store": {
			{answer: response(200, one, "Cache-Control", "no-store", "ETag", `"v1"`), asks: true},
			{answer: response(200, one), asks: true, with: " "},
		},
		"trouble later": {
			{answer: response(200, one), asks: true},
			{answer: refusing, asks: true, same: true}, {answer: response(503, nil), asks: true, same: true}, {answer: response(429, nil), asks: true, same: true},
			{answer: response(404, nil), asks: true, fails: true}, {answer: refusing, asks: true, fails: true},
			{answer: response(200, one), asks: true},
		},
		"trouble is not kept": {{answer: refusing, asks: true, fails: true}, {answer: response(200, one), asks: true}},
	}
	for name, steps := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				web := &webServer{}
				var working sync.WaitGroup
				defer working.Wait()
				d := newDownloads(web, &working)
				var last media.Source
				for i, s := range steps {
					time.Sleep(s.after)
					web.now(s.answer)
					before := web.requests()
					src, ok := d.fresh("http://a/x")
					var err error
					if !ok {
						src, err = d.get(t.Context(), "http://a/x")
					}
					if asked := web.requests() > before; asked != s.asks || (err != nil) != s.fails {
						t.Fatalf("step %d: asked %v, want %v; %v", i, asked, s.asks, err)
					}
					if s.with != "" {
						if h := web.asked[before].Header; h["If-None-Match"]+" "+h["If-Modified-Since"] != s.with {
							t.Errorf("step %d: asked with %v, want %s", i, h, s.with)
						}
					}
					if same := src == last; !s.fails && same != s.same {
						t.Errorf("step %d: the same sound %v, want %v", i, same, s.same)
					}
					last = src
				}
			})
		})
	}
}

// Many calls that want a sound at once make one request, which goes on when the call that made it ends.
func TestDownloadOnce(t *testing.T) {
	one := wavOf(t, time.Second)
	synctest.Test(t, func(t *testing.T) {
		web := &webServer{answer: response(200, one), takes: time.Second}
		var working, calls sync.WaitGroup
		defer working.Wait()
		d := newDownloads(web, &working)
		first, hangUp := context.WithCancel(t.Context())
		calls.Go(func() {
			if _, err := d.get(first, "http://a/x"); !errors.Is(err, context.Canceled) {
				t.Errorf("the call that ended: %v", err)
			}
		})
		synctest.Wait()
		for range 50 {
			calls.Go(func() {
				if src, err := d.get(t.Context(), "http://a/x"); src == nil || err != nil {
					t.Error(src, err)
				}
			})
		}
		synctest.Wait()
		hangUp()
		calls.Wait()
		if web.requests() != 1 {
			t.Errorf("%d requests", web.requests())
		}
	})
}

// What is kept is bounded; what was used longest ago goes first.
func TestDownloadsMakeRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		large := wavOf(t, 15*time.Minute) // 14.4 MB
		web := &webServer{answer: response(200, large, "Cache-Control", "max-age=3600")}
		var working sync.WaitGroup
		defer working.Wait()
		d := newDownloads(web, &working)
		for _, url := range []string{"http://a/1", "http://a/2"} {
			_, err := d.get(t.Context(), url)
			must(t, err)
			time.Sleep(time.Second)
		}
		if _, ok := d.fresh("http://a/1"); !ok {
			t.Error("1 is not kept")
		}
		time.Sleep(time.Second)
		_, err := d.get(t.Context(), "http://a/3")
		must(t, err)
		for url, want := range map[string]bool{"http://a/1": true, "http://a/2": false, "http://a/3": true} {
			if _, ok := d.fresh(url); ok != want {
				t.Errorf("%s is kept: %v, want %v", url, ok, want)
			}
		}
		if q := web.asked[0]; q.MaxBody != maxDownload || q.Timeout != downloadTime {
			t.Errorf("asked for up to %d bytes in %v", q.MaxBody, q.Timeout)
		}
	})
}
