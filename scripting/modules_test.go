package scripting

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"offhook/scripting/fetch"
	"offhook/scripting/kv"
	"offhook/scripting/sandbox"
)

// evaluate runs the body of on_call, which says what it found with got(…), and returns that and the error.
func evaluate(t *testing.T, o Options, body string) (got []string, err error) {
	t.Helper()
	o.FS = files("default.lua", `local found = {}
function got(...) for i = 1, select("#", ...) do found[#found + 1] = tostring((select(i, ...))) end end
function on_call(call)
`+body+`
  call.vars.found = found
end
function on_hangup(call) for i, v in ipairs(found) do log.info("found", { v = v }) end end`)
	performWith(t, o, nil, func(s *stage) {
		s.finish()
		err = s.outcome.Err
		for line := range strings.Lines(s.log.String()) {
			_, value, ok := strings.Cut(strings.TrimSpace(line), "msg=found")
			if !ok {
				continue
			}
			value = value[strings.Index(value, " v=")+3 : strings.LastIndex(value, " at=")]
			if text := ""; value[0] == '"' && json.Unmarshal([]byte(value), &text) == nil {
				value = text
			}
			got = append(got, value)
		}
	})
	return got, err
}

func TestModules(t *testing.T) {
	now := time.Date(2026, 3, 4, 16, 20, 0, 250e6, time.UTC) // a Wednesday
	o := Options{
		Now:      func() time.Time { return now },
		EnvAllow: []string{"ZONE", "APP_*"},
		Environ: func(name string) (string, bool) {
			v, ok := map[string]string{"ZONE": "UTC", "APP_KEY": "k", "SECRET": "s"}[name]
			return v, ok
		},
	}
	cases := []struct{ body, want string }{
		{`got(json.encode({ b = { 1, 2.5, true }, a = "x\"<é" }))`, `{"a":"x\"<é","b":[1,2.5,true]}`},
		{`got(json.encode(nil), json.encode({}), json.encode({ json.null }), json.encode({ n = json.null }))`, `null|{}|[null]|{"n":null}`},
		{`got(json.encode(1e15), json.encode(-0.5), json.encode(1e300))`, `1000000000000000|-0.5|1e+300`},
		{`local v = json.decode('{"a":[1,{"b":null,"c":"x"}],"d":[],"e":{},"f":[null,true]}') got(v.a[1], v.a[2].b, v.a[2].c, #v.d, v.f[1] == json.null, json.encode(v))`,
			`1|nil|x|0|true|{"a":[1,{"c":"x"}],"d":[],"e":{},"f":[null,true]}`},
		{`local v = json.decode("[]") v[1] = "x" got(json.encode(v)) v[1] = nil v.a = 1 got(json.encode(v))`, `["x"]|{"a":1}`},
		{`got(json.decode("null"))`, `nil`},
		{`got(json.decode('{"a":1,\n  "b":tru}'))`, `nil|line 2, column 10: invalid character '}' in literal true (expecting 'e')`},
		{`got(json.decode('{"a":1} x'))`, `nil|line 1, column 9: invalid character 'x' after top-level value`},
		{`got(json.decode('[1,'))`, `nil|line 1, column 3: unexpected end of JSON input`},
		{`got(json.decode(''))`, `nil|line 1, column 1: unexpected end of JSON input`},
		{`got(json.decode(("["):rep(65) .. ("]"):rep(65)))`, `nil|line 1, column 65: nested more than 64 deep`},
		{`local v, err = json.decode("[" .. ('{"a":1},'):rep(30000) .. "1]") got(v, err:match("take more memory than %d+"))`, `nil|take more memory than 1048576`},
		{`got(time.now())`, fmt.Sprintf("%.2f", float64(now.UnixMilli())/1e3)},
		{`got(time.match("mon-fri 09:00-17:30", "Europe/Berlin"), time.match("mon-fri 09:00-17:30", "America/New_York"), time.match("sat", "UTC"))`, `true|true|false`},
		{`got(time.match("mon-fri 09:00-17:30", "Europe/Berlin", time.now() + 3600))`, `false`},
		{`got(time.format("%Y-%m-%d %H:%M:%S %z", "Asia/Kathmandu"), time.format("%F", "UTC", 0))`, `2026-03-04 22:05:00 +0545|1970-01-01`},
		{`got(re.match("+4930123", [[^\+49(30|40)(\d+)$]]))`, `30|123`},
		{`got(re.match("abc", "b+"), re.match("abc", "x"), re.match("ac", "a(b)?c"))`, `b|nil|nil`},
		{`got(re.test("ärger", [[^\pL{5}$]]), re.test("abcd", "^[[:alpha:]]{1,4}$"))`, `true|true`},
		{`got(re.test("abc", "^A"), re.test("abc", "(?i)^A"))`, `false|true`},
		{`got(env.get("ZONE"), env.get("APP_KEY"), env.get("APP_NONE"), env.get("APP_NONE", "default"))`, `UTC|k|nil|default`},
		{`got(kv.get("a"), kv.set("a", 1), kv.get("a"), kv.get("b", "default"))`, `nil|true|1|default`},
		{`kv.set("a", "x") kv.set("b", false) got(kv.get("a"), kv.get("b"), kv.get("b", true), kv.del("a"), kv.del("a"), kv.set("b", nil), kv.get("b"))`, `x|false|false|true|false|true|nil`},
		{`got(kv.incr("n"), kv.incr("n", 2.5), kv.incr("n", -1, { ttl = 60 }))`, `1|3.5|2.5`},
		{`kv.set("a", 1, { ttl = "1s" }) call:sleep("1100ms") got(kv.get("a"))`, `nil`},
		{`metrics.inc("calls") metrics.observe("seconds", 0.5, { queue = "sales", vip = true })`, ``},
	}
	for _, c := range cases {
		t.Run(c.body, func(t *testing.T) {
			got, err := evaluate(t, o, c.body)
			if err != nil || strings.Join(got, "|") != c.want {
				t.Errorf("got %s, %v\nwant %s", strings.Join(got, "|"), err, c.want)
			}
		})
	}
}

func TestModuleErrors(t *testing.T) {
	cases := []struct{ script, want string }{
		{`json.encode(print)`, `json.encode: a function has no JSON`},
		{`json.encode({ a = { b = { 1, print } } })`, `json.encode: a: b: element 2: a function has no JSON`},
		{`json.encode(0/0)`, `json.encode: NaN has no JSON`},
		{`json.encode({ 1, nil, 3 })`, `a list with holes has no JSON: 2 of 3 elements are there; write json.null`},
		{`json.encode({ 1, a = 2 })`, `a table with both names ("a") and numbers as keys has no JSON`},
		{`json.encode({ [1.5] = 1 })`, `the key 1.5 has no JSON`},
		{`json.encode({ [true] = 1 })`, `true as a key has no JSON`},
		{`local t = {} t.t = t json.encode(t)`, `tables nested more than 64 deep, perhaps in a circle`},
		{`local s = ("x"):rep(100000) json.encode({ s, s, s })`, `would be longer than 262144 bytes`},
		{`local t = { "x" } for i = 1, 60 do t = { t, t } end json.encode(t)`, `would be longer than 262144 bytes`},
		{`json.decode({})`, `json.decode: text: a table is not a string`},
		{`http.get("http://example.com/")`, `http.get: host example.com is not allowed: add it to scripting.http_allow`},
		{`http.get("file:///etc/passwd")`, `http.get: file:///etc/passwd is not allowed: only http and https URLs can be fetched`},
		{`http.get("http://[")`, `http.get: parse "http://["`},
		{`http.get("http://a/", { retries = 9 })`, `option retries: 9 is not within 0 to 5`},
		{`http.get("http://a/", { json = 1 })`, `no option "json"`},
		{`http.get("http://a/", { headers = { ["X\n"] = "1" } })`, `option headers: "X\n" is not the name of a header field`},
		{`http.get("http://a/", { headers = { X = "1\r\nY: 2" } })`, `option headers: X: "1\r\nY: 2" is not one line of text`},
		{`http.post("http://a/", { json = 1, body = "x" })`, `http.post: write one of json, form and body`},
		{`http.post("http://a/", { json = print })`, `http.post: option json: a function has no JSON`},
		{`kv.get("")`, `kv.get: key must have 1 to 512 bytes`},
		{`kv.set("a", {})`, `kv.set: value: a table cannot be stored: write a string, a number or a boolean, or json.encode(…) of a table`},
		{`kv.set("a", 0/0)`, `kv.set: value must be JSON`},
		{`kv.set("a", "x") kv.incr("a")`, `kv.incr: value is not a number`},
		{`kv.set("a", 1, { tll = 1 })`, `no option "tll"; did you mean "ttl"?`},
		{`time.match("mon-fry")`, `time.match: times "mon-fry": `},
		{`time.match("mon", "Mars/Base")`, `time.match: "Mars/Base" is not a time zone: write one as "Europe/Berlin", or "UTC"`},
		{`time.match("mon", "../../etc/passwd")`, `is not a time zone`},
		{`time.format("%Q")`, `invalid conversion specifier '%Q'`},
		{`re.test("a", "(")`, "re.test: pattern: missing closing ): `(`"},
		{`re.test("a", "((a{100}){100}){100}")`, `re.test: pattern: `},
		{`re.test("a", (".{1000}"):rep(5))`, `re.test: pattern: is too large: repeat less`},
		{`re.test("a", ("a"):rep(2000))`, `re.test: pattern: is longer than 1024 bytes`},
		{`re.test(("a"):rep(200000), "(x+x+){50}y")`, `re.test: a text of 200000 bytes is too long for a pattern of this size`},
		{`env.get("HOME")`, `env.get: HOME is not allowed: add it to scripting.env_allow`},
		{`metrics.inc("a-b")`, `metrics.inc: "a-b" is not the name of a metric: write letters, digits and _`},
		{`metrics.inc("a", -1)`, `metrics.inc: value: -1 is not within 0 to 1e+15`},
		{`metrics.inc("a", 1, { ["b c"] = 1 })`, `metrics.inc: labels: "b c" is not the name of a label`},
		{`metrics.inc("a", 1, { generation = 1 })`, `metrics.inc: labels: each series has the label "generation" already`},
		{`metrics.inc("a", 1, { __b = 1 })`, `"__b" is not the name of a label`},
		{`metrics.inc("a", 1, { b = {} })`, `metrics.inc: labels: b: a table is not a string`},
		{`metrics.observe("a")`, `metrics.observe: value: is missing: write a number`},
		{`route({ { to = "_", run = print } })`, `route: rule 1: to: pattern _: nothing follows the underscore`},
		{`route({ { run = print }, { source = "10.0.0", run = print } })`, `route: rule 2: source: "10.0.0" is neither an IP address nor a prefix`},
		{`route({ { too = "1", run = print } })`, `route: rule 1: no option "too"; did you mean "to"?`},
		{`route({ { to = "1" } })`, `route: rule 1: option run: is missing: write a function`},
		{`route({ 5 })`, `route: rule 1: 5 is not a rule: write { to = …, run = … }`},
		{`route({ fallback = print })`, `route: "fallback" is neither a rule nor default`},
		{`route({ default = 5 })`, `route: default: 5 is not a function`},
		{`route({})()`, `the function that it returns takes the call`},
	}
	for _, c := range cases {
		t.Run(c.script, func(t *testing.T) {
			perform(t, "function on_call(call)\n"+c.script+"\nend", func(s *stage) {
				s.finish()
				if s.outcome.Err == nil || !contains(s.outcome.Err.Error(), "default.lua:2: ", c.want) {
					t.Errorf("got %v\nwant %s", s.outcome.Err, c.want)
				}
			})
		})
	}
}

// TestWhileAFileLoads: what reaches out of a script does not do so when new scripts are tried.
func TestWhileAFileLoads(t *testing.T) {
	for name, f := range everyFunction(NewReference()) {
		module, _, isModule := strings.Cut(name, ".")
		reaches := module == "http" || module == "kv" || module == "metrics"
		if isModule && f.Live != reaches {
			t.Errorf("%s: Live is %v", name, f.Live)
		}
	}
	for _, statement := range []string{`kv.incr("n")`, `http.get("http://a/")`, `metrics.inc("n")`, `pcall(kv.incr, "n") local x = nil + 1`} {
		e, _ := newEngine(t, Options{FS: files("default.lua", rejects+statement)})
		if _, err := e.Load(t.Context()); err == nil || strings.HasPrefix(statement, "pcall") == strings.Contains(err.Error(), "cannot be used while the file loads") {
			t.Errorf("%s: %v", statement, err)
		}
		if v, ok, err := e.options.Store.Get("n"); ok || err != nil {
			t.Errorf("%s: n is %v, %v", statement, v, err)
		}
	}
}

// TestOnLoadReachesOut: on_load may ask services and wait for them; a canceled Load ends the wait.
func TestOnLoadReachesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		service := &fakeHTTP{wait: time.Minute, body: "fine"}
		o := Options{HTTP: service, FS: files("default.lua", `function on_load() kv.set("plan", http.get("http://a/").body) end `+rejects)}
		e, _ := newEngine(t, o)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if g, err := e.Load(ctx); !errors.Is(err, context.DeadlineExceeded) || g != nil {
			t.Errorf("a canceled load: %v, %v", g, err)
		}
		if _, err := e.Load(t.Context()); err != nil {
			t.Error(err)
		}
		if v, _, err := e.options.Store.Get("plan"); v != "fine" || err != nil {
			t.Errorf("plan is %v, %v", v, err)
		}
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
}

// fakeHTTP answers each request after a time with the same.
type fakeHTTP struct {
	wait     time.Duration
	status   int
	kind     string
	body     string
	err      error
	requests []fetch.Request
	canceled int
	panics   bool
}

func (f *fakeHTTP) Do(ctx context.Context, r fetch.Request) (*fetch.Response, error) {
	if f.panics {
		panic("a bug")
	}
	f.requests = append(f.requests, r)
	select {
	case <-time.After(f.wait):
	case <-ctx.Done():
		f.canceled++
		return nil, ctx.Err()
	}
	header := http.Header{"Content-Type": {f.kind}, "X-Two": {"1", "2"}}
	return &fetch.Response{Status: max(f.status, 200), Header: header, Body: []byte(f.body)}, f.err
}

func TestHTTP(t *testing.T) {
	service := &fakeHTTP{kind: "application/json; charset=utf-8", body: `{"queue":"sales"}`, wait: time.Second}
	got, err := evaluate(t, Options{HTTP: service}, `
		local res = http.get("http://a/x?y=z", { headers = { authorization = "Bearer k" }, timeout = "800ms", retries = 2 })
		got(res.status, res.ok, res.headers["x-two"], res.body, res.json.queue)
		http.post("http://a/", { json = { cli = call.cli } })
		http.post("http://a/", { form = { a = "1 2", b = "&" }, headers = { ["content-type"] = "x/y" } })
		http.post("http://a/", { body = "text" })
		got(call:elapsed())`)
	if want := `200|true|1, 2|{"queue":"sales"}|sales|4`; err != nil || strings.Join(got, "|") != want {
		t.Errorf("got %q, %v\nwant %s", got, err, want)
	}
	if len(service.requests) != 4 {
		t.Fatalf("%d requests", len(service.requests))
	}
	for i, want := range []string{
		`GET http://a/x?y=z map[Authorization:Bearer k] "" 800ms 2`,
		`POST http://a/ map[Content-Type:application/json] "{\"cli\":\"100\"}" 0s 0`,
		`POST http://a/ map[Content-Type:x/y] "a=1+2&b=%26" 0s 0`,
		`POST http://a/ map[Content-Type:text/plain; charset=utf-8] "text" 0s 0`,
	} {
		q := service.requests[i]
		if got := fmt.Sprintf("%s %s %v %q %v %d", q.Method, q.URL, q.Header, q.Body, q.Timeout, q.Retries); got != want {
			t.Errorf("request %d: %s\nwant %s", i+1, got, want)
		}
	}
}

func TestHTTPTrouble(t *testing.T) {
	cases := []struct {
		name    string
		service *fakeHTTP
		want    string
	}{
		{"the network", &fakeHTTP{err: errors.New("connection refused")}, "nil|connection refused"},
		{"a status", &fakeHTTP{status: 503, body: "busy"}, "table|503"},
		{"JSON that is none", &fakeHTTP{kind: "application/json", body: "{"}, "table|200"},
		{"a bug of ours", &fakeHTTP{panics: true}, "nil|internal error: a bug"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := evaluate(t, Options{HTTP: c.service}, `local res, err = http.get("http://a/") got(type(res), res and res.status or err)`)
			if err != nil || strings.Join(got, "|") != c.want {
				t.Errorf("got %q, %v; want %s", got, err, c.want)
			}
		})
	}
	t.Run("a redirect to a host that is not allowed", func(t *testing.T) {
		client := fetch.New(fetch.Options{Allow: []string{"a"}, Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 302, Header: http.Header{"Location": {"http://secret/"}}, Body: io.NopCloser(strings.NewReader("")), Request: r}, nil
		})})
		got, err := evaluate(t, Options{HTTP: client}, `local res, err = http.get("http://a/") got(type(res), err)`)
		if err != nil || len(got) != 2 || got[0] != "nil" || !strings.Contains(got[1], "host secret is not allowed") {
			t.Errorf("got %q, %v", got, err)
		}
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestHTTPWaitsLikeAVerb: events and timers are served during a request, and the end of the call ends both.
func TestHTTPWaitsLikeAVerb(t *testing.T) {
	service := &fakeHTTP{wait: time.Hour}
	performWith(t, Options{HTTP: service, FS: files("default.lua", `
function on_call(call)
  call:answer()
  call:every("1s", function() log.info("tick") end)
  call:defer(function() log.info("deferred") end)
  pcall(function() http.get("http://a/") end)
  log.info("not reached")
end
function on_dtmf(call, digit) log.info("digit", { digit = digit }) end`)}, nil, func(s *stage) {
		s.wait(1500 * time.Millisecond)
		s.call.press("5")
		s.wait(time.Second)
		s.call.hangUp(ByCaller)
		s.finish()
		s.expectLog("msg=tick", "digit=5", "msg=deferred")
		s.expectNoLog("not reached", "level=ERROR", "level=WARN")
		if err := s.engine.Close(); err != nil || service.canceled != 1 {
			t.Errorf("the request was canceled %d times, %v", service.canceled, err)
		}
	})
}

// slowStore takes its time, or fails.
type slowStore struct {
	kv.Store
	wait time.Duration
	err  error
}

func (s slowStore) Set(key string, value any, ttl time.Duration) error {
	time.Sleep(s.wait)
	if s.err != nil {
		return s.err
	}
	return s.Store.Set(key, value, ttl)
}

func (s slowStore) Get(key string) (any, bool, error) {
	if s.err != nil {
		return nil, false, s.err
	}
	return s.Store.Get(key)
}

func TestStoreFails(t *testing.T) {
	store := slowStore{kv.NewMemory(), 0, errors.New("no space left on device")}
	got, err := evaluate(t, Options{Store: store}, `got(kv.set("a", 1)) got(kv.get("a", "default"))`)
	if want := "nil|no space left on device|nil|no space left on device"; err != nil || strings.Join(got, "|") != want {
		t.Errorf("got %q, %v; want %s", got, err, want)
	}
}

// TestStoreIsSlow: a write that a hung-up call no longer waits for is made all the same, and Close waits for it.
func TestStoreIsSlow(t *testing.T) {
	store := slowStore{Store: kv.NewMemory(), wait: time.Minute}
	performWith(t, Options{Store: store, FS: files("default.lua", `function on_call(call) call:answer() kv.set("a", 1) log.info("not reached") end`)}, nil, func(s *stage) {
		s.wait(time.Second)
		s.call.hangUp(ByCaller)
		s.finish()
		s.expectNoLog("not reached")
		if err := s.engine.Close(); err != nil {
			t.Error(err)
		}
		if v, _, err := store.Get("a"); v != 1.0 || err != nil {
			t.Errorf("a is %v, %v", v, err)
		}
	})
}

// TestNothingBeginsAfterTheEnd: a call that ended while its script computed counts nothing any more.
func TestNothingBeginsAfterTheEnd(t *testing.T) {
	store := kv.NewMemory()
	script := `function on_call(call) call:answer() pcall(kv.incr, "n") log.info("not reached") end function on_hangup() kv.incr("over") end`
	prepare := func(c *fakeCall) { c.before = func() { c.hangUp(ByCancel) } }
	performWith(t, Options{Store: store, FS: files("default.lua", script)}, prepare, func(s *stage) {
		s.finish()
		s.expectNoLog("not reached")
		n, counted, _ := store.Get("n")
		if over, _, _ := store.Get("over"); counted || over != 1.0 {
			t.Errorf("n is %v, over is %v", n, over)
		}
	})
}

// countedMetrics notes what it gets and refuses one name.
type countedMetrics struct{ got []string }

func (m *countedMetrics) Inc(generation uint64, name string, by float64, labels map[string]string) error {
	m.got = append(m.got, fmt.Sprintf("%d %s %v %v", generation, name, by, labels))
	if name == "many" {
		return errors.New("too many labels")
	}
	return nil
}

func (m *countedMetrics) Observe(generation uint64, name string, v float64, labels map[string]string) error {
	return m.Inc(generation, name, v, labels)
}

func TestMetrics(t *testing.T) {
	m := &countedMetrics{}
	script := `function on_call(call) metrics.inc("a") metrics.inc("b", 2, { x = 1, y = true }) metrics.observe("c", -0.5) for i = 1, 3 do metrics.inc("many") end end
function on_hangup() metrics.inc("over") end`
	performWith(t, Options{Metrics: m, FS: files("default.lua", script)}, nil, func(s *stage) {
		s.finish()
		if got, want := strings.Join(m.got, ","), "1 a 1 map[],1 b 2 map[x:1 y:true],1 c -0.5 map[],1 many 1 map[],1 many 1 map[],1 many 1 map[],1 over 1 map[]"; got != want {
			t.Errorf("got %s\nwant %s", got, want)
		}
		if n := strings.Count(s.log.String(), "metric left out"); n != 1 {
			t.Errorf("told %d times:\n%s", n, s.log)
		}
		s.expectLog("metric=many", `error="too many labels"`, "at=default.lua:1")
	})
}

func TestRoute(t *testing.T) {
	const script = `
local function to(name) return function(call) call:redirect("sip:" .. name .. "@x") end end
on_call = route{
  { to = "100", run = to("exact") },
  { to = "_9X.", from = "/^\\+49/", run = to("pattern") },
  { trunk = "carrier", run = to("trunk") },
  { source = "10.0.0.0/8", header = { ["User-Agent"] = "fake" }, run = to("source") },
  { to = "300", when = function(call) call:sleep(1) return call.cli == "7" end, run = to("when") },
  { to = "300", run = function(call) local where = "twice" call:sleep(1) to(where)(call) end },
  DEFAULT
}`
	cases := []struct{ name, to, from, source, cli, rest, want string }{
		{"exact", "100", "1", "192.0.2.1:1", "", "", "0s redirect 302 [sip:exact@x]"},
		{"pattern", "911", "+4930", "192.0.2.1:1", "", "", "0s redirect 302 [sip:pattern@x]"},
		{"source", "x", "1", "10.9.9.9:1", "", "", "0s redirect 302 [sip:source@x]"},
		{"trunk", "x", "1", "192.0.2.99:1", "", "", "0s redirect 302 [sip:trunk@x]"},
		{"when", "300", "1", "192.0.2.1:1", "7", "", "1s redirect 302 [sip:when@x]"},
		{"when not", "300", "1", "192.0.2.1:1", "8", "", "2s redirect 302 [sip:twice@x]"},
		{"default", "x", "1", "192.0.2.1:1", "", `default = to("default")`, "0s redirect 302 [sip:default@x]"},
		{"nothing", "x", "1", "192.0.2.1:1", "", "", `0s reject 404 ""`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			prepare := func(f *fakeCall) {
				f.info.DID, f.info.From.User, f.info.Source, f.info.CLI = c.to, c.from, netip.MustParseAddrPort(c.source), c.cli
				if c.name == "trunk" {
					f.info.Trunk = "carrier"
				}
			}
			performWith(t, Options{FS: files("default.lua", strings.Replace(script, "DEFAULT", c.rest, 1))}, prepare, func(s *stage) {
				s.finish()
				s.expect(c.want)
				if s.outcome.Err != nil {
					t.Error(s.outcome.Err)
				}
			})
		})
	}
}

// TestRouteHoldsMemory: what only the function of route holds counts as the script's.
func TestRouteHoldsMemory(t *testing.T) {
	script := `function on_call(call)
  local handler
  for i = 1, 100 do local big = ("x"):rep(200000) .. i local before = handler handler = route{ { run = function() return big, before end } } end
end`
	perform(t, script, func(s *stage) {
		s.finish()
		if s.outcome.Err == nil || !strings.Contains(s.outcome.Err.Error(), "uses more memory") {
			t.Errorf("got %v", s.outcome.Err)
		}
	})
}

// TestMemo: what is kept is bounded, and a mistake is found anew.
func TestMemo(t *testing.T) {
	var m memo[int]
	made := 0
	get := func(text string) (int, error) {
		return m.get(text, func() (int, error) {
			if made++; text == "bad" {
				return 0, errors.New("bad")
			}
			return len(text), nil
		})
	}
	for range 2 {
		if v, err := get("four"); v != 4 || err != nil {
			t.Errorf("got %d, %v", v, err)
		}
		if _, err := get("bad"); err == nil {
			t.Error("no error")
		}
	}
	if made != 3 {
		t.Errorf("made %d times, want 3", made)
	}
	for i := range 3 * memoEntries {
		_, _ = get(fmt.Sprint(i))
		if len(m.made) > memoEntries {
			t.Fatalf("%d entries", len(m.made))
		}
	}
	if _, _ = get(strings.Repeat("x", memoKey+1)); m.made[strings.Repeat("x", memoKey+1)] != 0 {
		t.Error("a long text is kept")
	}
}

// FuzzJSON: what encoding/json takes is taken, but for the limits, and what is decoded encodes to what means the same.
func FuzzJSON(f *testing.F) {
	for _, s := range []string{`{"a":[1,2,{"b":null}]}`, `[]`, `{}`, `"x\u00e9"`, `1e400`, `[1,]`, `{"a":1,}`, `nul`, ` 1 2`, `[[[`, "\xff", `"\ud800"`, `{"a":1,"a":2}`, `-0`} {
		f.Add(s)
	}
	shared, err := newLibrary(NewReference())
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s := sandbox.NewState(shared.shared, sandbox.Limits{Slice: time.Minute}, nil)
		defer s.Close()
		v, err := decodeJSON(s.Lua(), text)
		if err != nil {
			if json.Valid([]byte(text)) && !contains(err.Error(), "nested") && !contains(err.Error(), "memory") && !contains(err.Error(), "number") {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		if !json.Valid([]byte(text)) {
			t.Fatalf("%q decodes to %v", text, v)
		}
		again, err := encodeJSON(s.Lua(), v)
		if err != nil || !json.Valid(again) {
			t.Fatalf("%q encodes to %q, %v", text, again, err)
		}
		back, err := decodeJSON(s.Lua(), string(again))
		if twice, _ := encodeJSON(s.Lua(), back); err != nil || string(twice) != string(again) {
			t.Fatalf("%q: %q, then %q, %v", text, again, twice, err)
		}
	})
}

// TestTextSettings: what comes as text becomes what its default is, and stays text without one.
func TestTextSettings(t *testing.T) {
	values := map[string]any{"tries": "5", "open": "false", "pin": "0123", "level": " 1.5 ", "word": "many", "typed": 7}
	o := Options{Config: func(_, key string) (any, bool) { v, ok := values[key]; return v, ok }}
	got, err := evaluate(t, o, `got(config.get("tries", 3) + 1, config.get("open", true), config.get("pin"), config.get("level", 0))
got(type(config.get("word", 1)), type(config.get("pin", "")), config.get("typed", "x"), config.get("open"))`)
	if want := "6|false|0123|1.5|string|string|7|false"; err != nil || strings.Join(got, "|") != want {
		t.Errorf("got %v, %v; want %s", got, err, want)
	}
}
