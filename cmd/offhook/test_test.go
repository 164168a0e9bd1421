package main

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"offhook/config"
	"offhook/media/wav"
	"offhook/scripts"
)

// runTest runs offhook test in a folder with the files given, by name and text, and the shipped default.lua.
func runTest(t *testing.T, files []string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	dir := t.TempDir()
	files = append([]string{"default.lua", shippedDefault(t)}, files...)
	for i := 0; i < len(files); i += 2 {
		path := filepath.Join(dir, files[i])
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(files[i+1]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var out, errors bytes.Buffer
	code = run(append([]string{"test", dir}, args...), &out, &errors)
	return code, out.String(), errors.String()
}

func shippedDefault(t *testing.T) string {
	t.Helper()
	text, err := scripts.FS.ReadFile("default.lua")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestShippedScripts runs the tests of all scripts in the binary: each has some.
func TestShippedScripts(t *testing.T) {
	t.Chdir(t.TempDir()) // no folder of scripts: the embedded ones
	var out, errors bytes.Buffer
	if code := run([]string{"test", "-v"}, &out, &errors); code != exitDone {
		t.Errorf("exit code %d\n%s%s", code, &out, &errors)
	}
	if !regexp.MustCompile(`(?m)^[1-9]\d* passed, 0 failed \(`).MatchString(out.String()) {
		t.Errorf("no summary:\n%s", &out)
	}
	names, err := fs.Glob(scripts.FS, "*.lua")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		test := strings.TrimSuffix(name, ".lua") + "_test.lua"
		if !strings.HasSuffix(name, "_test.lua") && !strings.HasSuffix(name, ".d.lua") && !strings.Contains(out.String(), "ok    "+test+":") {
			t.Errorf("%s has no test in %s", name, test)
		}
	}
}

// TestFailures: each body of a test fails, and the output has the lines, of which times are cut out.
func TestFailures(t *testing.T) {
	cases := []struct{ name, body, want string }{
		{"a status that has not come", `local c = t:call{ to = "100" }
  c:expect_status(180)
  c:expect_status(200, "500ms")`, `
      default_test.lua:4: expected 200 within 500ms
                               got 180 Ringing
      call 1 to 100:
          0.000  ──▶ INVITE, SDP
          0.000  ◀── 100 Trying
          0.000      call:ring()                             default.lua:5
          0.000  ◀── 180 Ringing
          0.000      config.get("auto_answer")               default.lua:6
          0.000      config.get("auto_answer_delay_ms")      default.lua:9
          0.000      call:sleep("1000ms")                    default.lua:9
          0.500    ✗ expected 200 within 500ms               default_test.lua:4
`},
		{"another tone", `local c = t:call{}
  c:expect_status(200, "1s")
  c:expect_tone({ 350, 440 }, "100ms")`, `
      default_test.lua:4: expected 350+440 Hz within 100ms
                               got 440 Hz at -10.0 dBm0
`},
		{"another level", `local c = t:call{}
  c:expect_status(200, "1s")
  c:expect_tone(440, "100ms", { level = -13 })`, `
      default_test.lua:4: expected 440 Hz at -13.0 dBm0 within 100ms
                               got 440 Hz at -10.0 dBm0
`},
		{"what was heard is told", `local c = t:call{}
  c:advance("3s")
  c:dtmf("5")
  c:expect_bye("1s")`, `
          3.000    ♪ the caller presses 5
          3.080      log: digit digit=5                      default.lua:16
          4.200    ♪ heard 440.0 Hz at -10.0 dBm0 for 3.22 s
          4.200    ✗ expected BYE within 1s                  default_test.lua:5
`},
		{"silence", `local c = t:call{} c:expect_tone(440)`, `
      default_test.lua:2: expected 440 Hz by now
                               got nothing
`},
		{"an end before", `local c = t:call{} c:cancel() c:expect_status(200, "1s")`, `
      default_test.lua:2: expected 200 within 1s
                               got 487 Request Terminated
`},
		{"another end", `local c = t:call{} c:advance("2s") c:hangup() c:expect_bye()`, `
                               got the end: the caller hung up
`},
		{"a sound", `local c = t:call{} c:expect_play("x.wav", "3s")`, `
      default_test.lua:2: expected "x.wav" to be played within 3s
                               got "440 Hz at -10 dBm0"
`},
		{"a log line", `local c = t:call{} c:expect_log("x", "3s")`, `
                               got no log line
`},
		{"no such tone to speak", `local c = t:call{} c:expect_status(200, "2s") c:speak("us.bussy", { duration = 1 })`, `c:speak: tone "us.bussy": "bussy" is no tone of us; did you mean "busy"?; nor is it a sound file`},
		{"no such file to speak", `local c = t:call{} c:expect_status(200, "2s") c:speak("no.wav")`, `c:speak: sound "no.wav": `},
		{"a tone without end", `local c = t:call{} c:expect_status(200, "2s") c:speak("us.busy")`, `c:speak: a tone needs an end: write {duration = "1s"}`},
		{"other keys", `local c = t:call{ script = "keys" } c:expect_dtmf("13", "5s")`, `
          0.080    ♪ heard the key 1
          0.280    ♪ heard the key 2
          0.280    ✗ expected the keys 13 within 5s          default_test.lua:2
`},
		{"other values", `t:eq({ 1, { a = "x", [true] = 2 } }, { 1, { a = "y" } })`, `
      default_test.lua:2: expected {1, {a = "y"}}
                               got {1, {a = "x", true = 2}}
`},
		{"an assert", `assert(1 == 2, "not so")`, `
      default_test.lua:2: not so
`},
		{"an unknown method", `t:cal{}`, `
      default_test.lua:2: t has no "cal"; did you mean "call"?
`},
		{"an unknown option", `t:call{ too = "1" }`, `
      default_test.lua:2: t:call: no option "too"; did you mean "to"?
`},
		{"an unknown script", `t:call{ script = "menu" }`, `
      default_test.lua:2: t:call: no script "menu" for the call: write t:call{script = "…"} with one of ["broken" "default" "keys"]
`},
		{"a dot", `t.call{}`, `
      default_test.lua:2: t:call: write a colon, as t:call(), not a dot
`},
		{"an early record", `local c = t:call{} print(c.record)`, `
      default_test.lua:2: c.record: the call has not ended: write c:expect_bye(…) or c:hangup() before
`},
		{"a key after the end", `local c = t:call{} c:cancel() c:dtmf("1")`, `
      default_test.lua:2: c:dtmf: the call has ended
`},
		{"speech before the answer", `local c = t:call{} c:speak(440, { duration = 1 })`, `
      default_test.lua:2: c:speak: there is no RTP yet: nobody has answered
`},
		{"an error in a function", `local function f() t:eq(nil .. "x") end
  f()
  error("not reached")`, `
      default_test.lua:2: attempt to concatenate a nil value
      stack traceback:
`},
		{"a script that fails", `local c = t:call{ script = "broken" } c:expect_status(500)`, `
      script failed in call 1: broken.lua:2: oh
`},
		{"a loop", `while true do end`, `
      default_test.lua:2: ran for more than 50000000 instructions without waiting
`},
		{"a loop that waits", `local c = t:call{} while true do c:advance("1h") end`, `
      default_test.lua:2: c:advance: a test may take 24h0m0s on its clock
`},
	}
	times := regexp.MustCompile(`\(.*\)`)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			code, out, errors := runTest(t, []string{
				"default_test.lua", "test(\"the test\", function(t)\n  " + c.body + "\nend)",
				"broken.lua", "function on_call(call)\n  error(\"oh\")\nend",
				"keys.lua", "function on_call(call) call:answer() call:send_dtmf('123') end",
			})
			if code != exitFailed || errors != "" {
				t.Errorf("exit code %d, stderr %q", code, errors)
			}
			got := times.ReplaceAllString(out, "()")
			if !strings.HasPrefix(out, "FAIL  default_test.lua:1: the test (") || !strings.HasSuffix(got, "0 passed, 1 failed ()\n") {
				t.Errorf("got\n%s", out)
			}
			if !strings.Contains(out, c.want) {
				t.Errorf("got\n%s\nwithout\n%s", out, c.want)
			}
		})
	}
}

// TestTransfer: hold and transfer as a script does them, against the server's own state machine.
func TestTransfer(t *testing.T) {
	code, out, errors := runTest(t, []string{
		"desk.lua", `
function on_call(call)
  call:answer()
  log.info("hold", { ok = call:hold() })
  call:tone(425, { duration = "1s" })
  call:hold(false)
  local ok, code = call:transfer("sip:200@192.0.2.9", { timeout = "5s" })
  log.info("transferred", { ok = ok, code = code })
  if ok then call:hangup() end
  log.info("keys", { ok = call:send_dtmf("12", { via = "info" }) })
end`,
		"desk_test.lua", `
test("transferred", function(t)
  local c = t:call{}
  c:expect_status(200)
  c:expect_log("ok=true")
  c:expect_tone(425)
  t:eq(c:expect_transfer("2s"), "sip:200@192.0.2.9")
  c:expect_log("transferred ok=true code=200")
  c:expect_bye()
end)
test("busy", function(t)
  local c = t:call{ transfer = 486 }
  c:expect_transfer("2s")
  c:expect_log("transferred ok=false code=486")
  c:expect_log("keys ok=true", "1s")
  c:expect_bye("1s")
  t:eq(c.record.by, "script")
end)
test("no transfer", function(t)
  t:call{}:expect_transfer()
end)`})
	for _, want := range []string{"expected REFER by now", "got 200 OK", "2 passed, 1 failed"} {
		if !strings.Contains(out, want) {
			t.Errorf("got\n%s\nwithout %s", out, want)
		}
	}
	if code != 1 {
		t.Errorf("exit code %d, errors %s", code, errors)
	}
}

// TestTrunk: the trunk that a call comes in on is what its test says, for the script and for routes in it.
func TestTrunk(t *testing.T) {
	code, out, errors := runTest(t, []string{
		"gate.lua", `
local sorted = route{ { trunk = "carrier", run = function(call) call:reject(486) end }, default = function(call) call:reject(404) end }
function on_call(call)
  call:set_header("X-Trunk", tostring(call.trunk))
  sorted(call)
end`,
		"gate_test.lua", `
test("by its trunk", function(t)
  local with, without = t:call{ trunk = "carrier" }, t:call{}
  with:expect_status(486)
  t:eq(with:header("X-Trunk"), "carrier")
  without:expect_status(404)
  t:eq(without:header("X-Trunk"), "nil")
end)`})
	if code != 0 || !strings.Contains(out, "1 passed, 0 failed") {
		t.Errorf("exit code %d\n%s%s", code, out, errors)
	}
}

// TestPasses: what tests can do and see, beyond the tests of the shipped scripts.
func TestPasses(t *testing.T) {
	code, out, errors := runTest(t, []string{
		"menu.lua", `
function on_call(call)
  call:set_header("X-Was", call:header("X-Test") or "none")
  if call.did == "busy" then call:reject(486) end
  if call.did == "moved" then call:redirect("sip:200@192.0.2.9") end
  call:answer()
  kv_count = (kv_count or 0) + 1
  call:tone({ 350, 440 }, { duration = "1s", level = -13 })
  call:silence("1s")
  local digits = call:gather{ max = 2, timeout = "5s" }
  log.info("gathered", { digits = digits, calls = kv_count, from = call.cli })
  call:wait("hold", "5s")
  call:hangup()
end
function on_info(call, content_type, body) log.info("info", { type = content_type, body = body }) end
function on_message(call, text) log.info("message", { text = text }) end
function on_hangup(call, info) call:sleep("2s") if call.did == "moved" then error("too late") end end`,
		"outside.lua", `
function on_load()
  local res, err = http.get("https://api.example.com/config")
  if res or err ~= "there is no network in tests" then error("got " .. tostring(err)) end
end
local function hours()
  log.info("hours", { open = time.match("mon-fri 08:00-17:00", "Europe/Berlin"), time = time.format("%H:%M:%S", "Europe/Berlin") })
end
function on_call(call)
  call.vars.who = "ann"
  hours()
  local res, err = http.get("https://api.example.com/plan?who=ann")
  call.vars.count = kv.incr("calls")
  log.info("got", { status = res and res.status or "nil", open = res and res.json.open or "nil", count = call.vars.count, err = err })
  log.info("posted", { status = (http.post("https://api.example.com/log", { body = "x" }) or {}).status })
  call:sleep("59800ms")
  hours()
end`,
		"lib/numbers.lua", `return { busy = "busy" }`,
		"menu_test.lua", `
local numbers = require("lib.numbers")
test("headers and refusals", function(t)
  local c = t:call{ to = numbers.busy, headers = { ["X-Test"] = "1" } }
  t:eq(c:expect_status(486), "Busy Here")
  t:eq(c:header("x-was"), "1")
  t:eq(c.record.code, 486)
  c = t:call{ to = "moved" }
  c:expect_status(302)
  t:eq(c:header("Contact"), "<sip:200@192.0.2.9>")
  t:eq(c.record.error, "on_hangup: menu.lua:17: too late")
end)
test("sounds and keys", function(t)
  local c = t:call{ from = "ann" }
  c:expect_status(200)
  c:expect_tone({ 440, 350 }, 0, { level = -13 })
  c:advance("1s")
  t:eq(c:hear(), { kind = "silence" })
  c:advance("1s")
  c:dtmf("42", { on = "80ms", gap = "40ms" })
  c:expect_log("digits=42 calls=1 from=ann")
  t:eq(c:hear(), { kind = "nothing" })
  c:info("text/plain", "hello")
  c:expect_log("body=hello")
  c:message("hello there")
  c:expect_log("text=hello there")
  c:speak(440, { duration = "200ms" })
  c:speak(0, { duration = "1s", wait = false })
  c:hold()
  c:expect_bye("1ms")
  t:eq(c.record.seconds, 2.6)
end)
test("two calls at once, each with globals of its own", function(t)
  local a, b = t:call{}, t:call{}
  a:advance("2s")
  a:dtmf("11") b:dtmf("22")
  a:expect_log("digits=11 calls=1")
  b:expect_log("digits=22 calls=1")
  local resume = coroutine.wrap(function() a:hangup() coroutine.yield() b:advance("1s") b:hangup() end)
  resume() resume()
  t:eq(a.record.by .. b.record.by, "callercaller")
  print("seen", a.codec)
end)
test("the outside", function(t)
  t:set_time("2026-01-05 07:59:30", "Europe/Berlin")
  t:stub_http("https://api.example.com/*", { json = { open = true }, delay = "200ms" })
  t:stub_http("POST https://api.example.com/log", { status = 503 })
  local c = t:call{ script = "outside" }
  c:expect_log("hours open=false time=07:59:30")
  c:expect_log("got status=200 open=true count=1", "200ms")
  c:expect_log("posted status=503")
  c:expect_log("hours open=true time=08:00:30", "1m")
  t:eq(c.record.vars, { count = 1, who = "ann" })
  t:stub_http("https://api.example.com/*", { error = "connection refused" })
  t:stub_http("https://api.example.com/slow", { delay = "10s" })
  c = t:call{ script = "outside" }
  c:expect_log("got status=nil open=nil count=2 err=connection refused")
  c:cancel()
  t:eq(c.record.by, "cancel")
end)
test("what is not stubbed, and kv that is the test's own", function(t)
  local c = t:call{ script = "outside" }
  c:expect_status(500)
  assert(c.record.error:find('^outside.lua:12: http.get: no stub for GET https://api.example.com/plan%?who=ann: write t:stub_http%("https://'), c.record.error)
  t:stub_http("GET https://api.example.com/plan?who=*", { json = {} })
  c = t:call{ script = "outside" }
  c:expect_log("count=1")
  t:eq(c.record.code, 500)
end)
test("a failure that is caught is none", function(t)
  local c = t:call{}
  local ok, err = pcall(function() c:expect_status(603) end)
  t:eq(ok, false)
  assert(err:find("menu_test.lua:%d+: expected 603 by now, got 200 OK"), err)
  c:hangup()
  t:eq(c.record.script, "menu")
end)`,
	}, "-v")
	if code != exitDone || errors != "" || !strings.Contains(out, "6 passed, 0 failed (") || !strings.Contains(out, "      | seen\tPCMU\n") {
		t.Errorf("exit code %d\n%s%s", code, out, errors)
	}
}

// TestToneEvents: what a caller speaks reaches call:on("tone") and call:wait("tone"), from early media on and through a hold; speech
// and keys are none.
func TestToneEvents(t *testing.T) {
	code, out, errors := runTest(t, []string{
		"tones.lua", `
local function text(ev) return ("%s %.0f Hz %.0f dBm0 %s"):format(ev.name, ev.hz, ev.level, tostring(ev.ms >= 100 and ev.ms < 160)) end
function on_call(call)
  call:on("tone", function(ev) log.info("on " .. text(ev)) end)
  call:progress()
  call:sleep("1s")
  call:answer()
  call:sleep("20s")
  local ev = call:wait("tone", "5s")
  log.info("wait " .. (ev and text(ev) or tostring(ev)))
  call:hangup()
end`,
		"tones_test.lua", `
test("on", function(t)
  local c = t:call{ script = "tones" }
  c:expect_status(183)
  c:speak(425, { duration = "300ms" })
  c:expect_log("on tone 425 Hz -10 dBm0 true", 0)
  c:expect_status(200, "1s")
  c:speak(1004, { duration = "2s", level = 0 })
  c:expect_log("on tone 1004 Hz 0 dBm0 true", 0)
  c:speak("en/welcome.wav")
  c:speak("en/please-enter.wav")
  c:speak("dtmf:123#")
  c:speak({ 350, 440 }, { duration = "1s" })
  t:eq(pcall(c.expect_log, c, "on tone", 0), false)
  c:hold()
  c:resume()
  c:speak(2100, { duration = "500ms", level = -20 })
  c:expect_log("on tone 2100 Hz -20 dBm0 true", 0)
  c:hangup()
end)
test("wait", function(t)
  local c = t:call{ script = "tones" }
  c:advance("22s")
  c:speak(440, { duration = "200ms", level = -30 })
  c:expect_log("wait tone 440 Hz -30 dBm0 true", "200ms")
  c:expect_bye()
end)
test("wait in vain", function(t)
  local c = t:call{ script = "tones" }
  c:expect_log("wait nil", "26s")
  t:eq(math.floor(c.record.seconds + 0.5), 25)
end)`,
	}, "--set", "media.sounds_dir=../../scripts/sounds")
	if code != exitDone || errors != "" || !strings.Contains(out, "3 passed, 0 failed (") {
		t.Errorf("exit code %d\n%s%s", code, out, errors)
	}
}

func TestCommandLine(t *testing.T) {
	passing := []string{"default_test.lua", "test('one', function() end)\ntest('two', function() end)"}
	cases := []struct {
		name   string
		files  []string
		args   []string
		code   int
		stdout string // contained
		stderr string // contained
	}{
		{"picks", passing, []string{"--run", "default_test.lua: t"}, exitDone, "1 passed, 0 failed (", ""},
		{"picks none", passing, []string{"--run", "three"}, exitFailed, "", `matches --run "three"`},
		{"bad pattern", passing, []string{"--run", "("}, exitUsage, "", "test: flag --run: error parsing regexp"},
		{"no tests", nil, nil, exitFailed, "", "write default_test.lua beside default.lua, for example:\n\n  test("},
		{"scripts that do not load", []string{"a.lua", "x = 1", "b.lua", "x = 1", "b_test.lua", "("}, nil, exitFailed, "", "b.lua: does not define on_call(call)\n"},
		{"a test that does not compile", append([]string{"a_test.lua", "test('x'\n"}, passing...), nil, exitFailed, "FAIL  a_test.lua: loads (", ""},
		{"a file that fails", append([]string{"a_test.lua", "error('oh')"}, passing...), nil, exitFailed, "      a_test.lua:1: oh\n2 passed, 1 failed (", ""},
		{"other tests each time", []string{"a_test.lua", "test(tostring({}), function() end)"}, nil, exitFailed, "declares other tests each time it runs", ""},
		{"settings", []string{"default_test.lua", "test('x', function(t) t:call{}:expect_status(200) end)"}, []string{"--set", "behavior.auto_answer_delay_ms=0"}, exitDone, "1 passed", ""},
		{"bad settings", passing, []string{"--set", "behavior.auto_answer_delay=0"}, exitUsage, "", "did you mean behavior.auto_answer_delay_ms?"},
		{"two folders", passing, []string{"x"}, exitUsage, "", "accepts at most 1 arg(s)"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			code, out, errors := runTest(t, c.files, c.args...)
			if code != c.code || !strings.Contains(out, c.stdout) || !strings.Contains(errors, c.stderr) {
				t.Errorf("exit code %d, want %d\nstdout:\n%swant %q\nstderr:\n%swant %q", code, c.code, out, c.stdout, errors, c.stderr)
			}
		})
	}
	var out, errors bytes.Buffer
	if code := run([]string{"test", "/nowhere"}, &out, &errors); code != exitUsage || !strings.Contains(errors.String(), "/nowhere") {
		t.Errorf("a folder that is not there: exit code %d, %s", code, &errors)
	}
}

func TestReports(t *testing.T) {
	junit := filepath.Join(t.TempDir(), "report.xml")
	code, out, _ := runTest(t, []string{
		"a_test.lua", `test("passes", function() print("<&>") end)`,
		"default_test.lua", "test('fails', function(t)\n  t:call{}:expect_status(200)\nend)\ntest('passes', function() end)",
	}, "--json", "--junit", junit)
	if code != exitFailed {
		t.Errorf("exit code %d", code)
	}
	var report struct {
		Passed, Failed int
		Tests          []struct {
			File, Name, Result string
			Line               int
			Printed            []string
			Failure            *struct {
				File, Expected, Got string
				Line                int
				Calls               []struct {
					Timeline []struct{ Kind, At, Text string }
				}
			}
		}
	}
	if err := json.Unmarshal([]byte(out), &report); err != nil {
		t.Fatal(err, out)
	}
	if report.Passed != 2 || report.Failed != 1 || len(report.Tests) != 3 {
		t.Fatalf("got %+v", report)
	}
	first, second := report.Tests[0], report.Tests[1]
	if first.Result != "pass" || first.Failure != nil || len(first.Printed) != 1 || second.Name != "fails" || second.Line != 1 {
		t.Errorf("got %+v and %+v", first, second)
	}
	if f := second.Failure; f == nil || f.File != "default_test.lua" || f.Line != 2 || f.Expected != "200 by now" || f.Got != "180 Ringing" ||
		len(f.Calls) != 1 || f.Calls[0].Timeline[0].Text != "INVITE, SDP" || f.Calls[0].Timeline[2].At != "default.lua:5" {
		t.Errorf("got %+v", f)
	}
	data, err := os.ReadFile(junit)
	if err != nil {
		t.Fatal(err)
	}
	var suites struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Suites   []struct {
			Name  string `xml:"name,attr"`
			Tests int    `xml:"tests,attr"`
			Cases []struct {
				Name    string `xml:"name,attr"`
				Printed string `xml:"system-out"`
				Failure *struct {
					Message string `xml:"message,attr"`
					Text    string `xml:",chardata"`
				} `xml:"failure"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal(data, &suites); err != nil {
		t.Fatal(err, string(data))
	}
	if suites.Tests != 3 || suites.Failures != 1 || len(suites.Suites) != 2 || suites.Suites[1].Tests != 2 || suites.Suites[0].Cases[0].Printed != "<&>" {
		t.Errorf("got %+v", suites)
	}
	if f := suites.Suites[1].Cases[0].Failure; f == nil || f.Message != "expected 200 by now, got 180 Ringing" || !strings.Contains(f.Text, "INVITE") {
		t.Errorf("got %+v", f)
	}
}

// TestRunsAreTheSameEachTime: with the clock virtual, the timelines of many runs side by side are equal but for the order of
// what happens at one moment.
func TestRunsAreTheSameEachTime(t *testing.T) {
	var file strings.Builder
	for i := range 50 {
		fmt.Fprintf(&file, "test('n%d', function(t) local c = t:call{} c:expect_bye('40s') t:eq(c.record.seconds, 0) end)\n", i)
	}
	_, out, _ := runTest(t, []string{"default_test.lua", file.String()})
	stories := map[string]int{}
	for story := range strings.SplitSeq(out, "FAIL  ") {
		if _, lines, ok := strings.Cut(story, "call 1 to"); ok {
			lines, _, _ = strings.Cut(lines, "0 passed")
			stories[strings.Join(slices.Sorted(strings.Lines(lines)), "")]++
		}
	}
	if len(stories) != 1 {
		t.Errorf("%d different timelines of 50 equal tests: %v", len(stories), stories)
	}
}

// BenchmarkTest30Seconds is the test of a call of 31 seconds. ms/test is from the making of its world to the end of its last
// goroutine; the whole is that of the command: configuration, loading of scripts and tests.
func BenchmarkTest30Seconds(b *testing.B) {
	c, err := config.Load(config.Options{})
	if err != nil {
		b.Fatal(err)
	}
	match, err := pattern("plays 440 Hz")
	if err != nil {
		b.Fatal(err)
	}
	var tests time.Duration
	for b.Loop() {
		report, err := testScripts(b.Context(), c, scripts.FS, match)
		if err != nil || report.Passed() != 1 {
			b.Fatal(report, err)
		}
		tests += report.Results[0].Elapsed
	}
	b.ReportMetric(float64(tests)/float64(time.Millisecond)/float64(b.N), "ms/test")
}

// TestSounds: what is played is told by its name, and what the caller plays comes to the script.
func TestSounds(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"welcome.wav", "menu/main.wav"} {
		writeTone(t, filepath.Join(dir, name))
	}
	code, out, errors := runTest(t, []string{
		"menu.lua", `
function on_call(call)
  call:answer()
  call:play({ "welcome.wav", "menu/main.wav" }, { barge = true })
  call:play("menu/main.wav", { from = "480ms" })
  call:start("welcome.wav", { loop = true, volume = -6 })
  call:check(true, "all is well")
  call.vars.answer = 42
  call:wait("hangup", "1s")
end
function on_hangup(call, info) log.info("heard", { packets = info.stats.rx.packets }) end`,
		"keys.lua", `
function on_call(call)
  call:answer()
  call:send_dtmf("12#")
end`,
		"softer.lua", `
function on_call(call)
  call:answer()
  local music = call:start(440, { volume = -6 })
  call:sleep("1s")
  music:volume(-20)
  call:sleep("1s")
  music:volume(0)
  call:sleep("1s")
end`,
		"menu_test.lua", `
test("presses keys", function(t)
  local c = t:call{ script = "keys" }
  c:expect_dtmf("1", "100ms")
  c:expect_dtmf("2#", "1s")
  c:expect_bye("1s")
end)
test("becomes softer and louder", function(t)
  local c = t:call{ script = "softer" }
  c:expect_tone(440, "20ms", { level = -16 })
  c:advance("1s")
  c:expect_tone(440, "200ms", { level = -30 })
  c:advance("1s")
  c:expect_tone(440, "200ms", { level = -10 })
  c:expect_bye("1s")
end)
test("plays", function(t)
  local c = t:call{}
  c:expect_play("welcome.wav")
  c:expect_tone(1000, "20ms")
  c:expect_play("menu/main.wav", "2s")
  c:dtmf("1")
  c:expect_play("menu/main.wav")
  c:expect_play("welcome.wav", "20ms")
  c:speak("welcome.wav")
  t:eq(c:hear(), { kind = "tone", hz = { 1000 }, level = -14.9 })
  c:hangup()
  t:eq(c.record.verdict, "pass")
  t:eq(c.record.vars.answer, 42)
  c:expect_log("packets=32")
end)`,
	}, "--set", "media.sounds_dir="+dir)
	if code != exitDone {
		t.Errorf("exit code %d\n%s%s", code, out, errors)
	}
}

// writeTone writes half a second of 1,000 Hz as a WAV file.
func writeTone(t *testing.T, path string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	w, err := wav.NewWriter(file, 8000)
	if err != nil {
		t.Fatal(err)
	}
	samples := make([]int16, 4000)
	for i := range samples {
		samples[i] = int16(8000 * math.Sin(2*math.Pi*float64(i)/8))
	}
	if err := w.Write(samples); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestWatch: the tests run at once, and again when a test changes.
func TestWatch(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("default.lua", shippedDefault(t))
	write("default_test.lua", "test('x', function(t) t:eq(1, 2) end)")
	c, err := config.Load(config.Options{})
	if err != nil {
		t.Fatal(err)
	}
	c.Scripting.Dir = dir
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	summaries := make(summaries, 10)
	ended := make(chan error, 1)
	go func() { ended <- runTests(ctx, &testOptions{config: c, watch: true}, summaries, io.Discard) }() // ends with ctx
	expect := func(want string) {
		t.Helper()
		select {
		case got := <-summaries:
			if !strings.HasPrefix(got, want) {
				t.Fatalf("got %s, want %s", got, want)
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("nothing, want %s", want)
		}
	}
	expect("0 passed, 1 failed")
	write("default_test.lua", "test('x', function(t) t:eq(1, 1) end)")
	expect("1 passed, 0 failed")
	write("default.lua", "(")
	write("default.lua", shippedDefault(t)+"\n-- changed")
	expect("1 passed, 0 failed")
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("got %v", err)
	}
}

// summaries gets the last line of each report.
type summaries chan string

func (s summaries) Write(p []byte) (int, error) {
	if strings.Contains(string(p), " passed, ") {
		s <- string(p)
	}
	return len(p), nil
}
