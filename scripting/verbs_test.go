package scripting

import (
	"errors"
	"strings"
	"testing"
	"time"

	"offhook/media"
)

// TestVerbs: what the call sees of each verb, and what the verb returns (as the log line "got").
func TestVerbs(t *testing.T) {
	cases := []struct {
		name   string
		script string // the body of on_call
		do     func(s *stage)
		saw    []string
		log    []string
	}{
		{name: "ring with headers",
			script: `call:set_header("X-A", "1") call:ring{ headers = { ["X-B"] = { "2", "3" } } } call:ring() call:reject()`,
			saw:    []string{"0s ring [X-A: 1] [X-B: 2] [X-B: 3]", "0s ring", `0s reject 486 ""`}},
		{name: "ring again and again",
			script: `call:ring{ every = "60s" } call:sleep("150s") call:answer() call:sleep("5m")`,
			saw:    []string{"0s ring", "1m0s ring", "2m0s ring", "2m30s answer []", `7m30.05s hangup 16 ""`}},
		{name: "early media",
			script: `call:progress() call:tone(425, { duration = 2 }) call:reject(404, "Nobody")`,
			saw:    []string{"0s progress 183", "0s play 2s", "2s play done", `2s reject 404 "Nobody"`}},
		{name: "answer with everything",
			script: `log.info("got", { ok = call:answer{ delay = "300ms", codecs = { "PCMA", "pcmu" }, headers = { ["X-A"] = "1" } } })`,
			saw:    []string{"300ms answer [PCMA PCMU] [X-A: 1]", `350ms hangup 16 ""`}, log: []string{" ok=true "}},
		{name: "answer twice, without waiting for the ACK",
			script: `call:answer{ wait_ack = false } log.info("got", { ok = call:answer{ wait_ack = false, delay = 9 } })`,
			saw:    []string{"0s answer []", `0s hangup 16 ""`}, log: []string{"ok=true"}},
		{name: "answer is cancelled",
			script: `local ok, why = call:answer{ delay = 10 } log.info("got", { ok = ok, why = why })`,
			do:     func(s *stage) { s.wait(time.Second); s.call.hangUp(ByCancel) },
			saw:    []string{"1s ended by cancel"}, log: []string{"ok=false why=cancelled"}},
		{name: "answer, and the caller is gone before the ACK",
			script: `local ok, why = call:answer() log.info("got", { ok = ok })`,
			do:     func(s *stage) { s.wait(20 * time.Millisecond); s.call.hangUp(ByCaller) },
			saw:    []string{"0s answer []", "20ms ended by caller"}},
		{name: "redirect",
			script: `call:redirect({ "sip:a@192.0.2.7", "sip:b@192.0.2.7" }, { code = 301 })`,
			saw:    []string{"0s redirect 301 [sip:a@192.0.2.7 sip:b@192.0.2.7]"}},
		{name: "hang up before the answer",
			script: `call:hangup{ headers = { ["X-A"] = 1 } }`,
			saw:    []string{`0s hangup 16 "" [X-A: 1]`}},
		{name: "durations",
			script: `call:sleep(1.5) call:sleep("200ms") call:sleep("1m") call:sleep(0) log.info("got", { seconds = call:elapsed() })`,
			saw:    []string{`1m1.7s reject 480 ""`}, log: []string{"seconds=61.7"}},
		{name: "tones",
			script: `call:answer() local r = call:tone({ 350, 440 }, { duration = "1s", level = -13 })
			         call:tone(440, { duration = 0 }) log.info("got", { status = r.status, position = r.position })`,
			saw: []string{"0s answer []", "50ms play 1s", "1.05s play done", `1.05s hangup 16 ""`}, log: []string{"status=done position=1"}},
		{name: "tones by name",
			script: `call:answer() call:tone("us.busy", { duration = "3s" }) call:tone("sweep 300-3400/10s") call:tone("dtmf:1w2#") call:tone("milliwatt", { duration = "1s" })
			         call:start("uk.ring", { volume = -3 }) call:sleep(5)`,
			saw: []string{"0s answer []", "50ms play 3s", "3.05s play done", "3.05s play 10s", "13.05s play done", "13.05s play 1.1s", "14.15s play done",
				"14.15s play 1s", "15.15s play done", "15.15s play 0s", `20.15s hangup 16 ""`, "20.15s play closed"}},
		{name: "a tone without end",
			script: `call:answer() call:tone(440)`,
			do:     func(s *stage) { s.wait(time.Hour); s.call.hangUp(ByCaller) },
			saw:    []string{"0s answer []", "50ms play 0s", "1h0m0s ended by caller", "1h0m0s play closed"}},
		{name: "silence",
			script: `call:answer() call:silence("200ms")`,
			saw:    []string{"0s answer []", "50ms play 200ms", "250ms play done", `250ms hangup 16 ""`}},
		{name: "a digit barges in",
			script: `call:answer() local r = call:tone(440, { duration = 10, barge = "12" }) log.info("got", { status = r.status, digit = r.digit, position = r.position })
			         log.info("typed", { digit = call:read_digit(0) })`,
			do: func(s *stage) {
				s.wait(1050 * time.Millisecond)
				s.call.press("9")
				s.wait(time.Second)
				s.call.press("2")
			},
			saw: []string{"0s answer []", "50ms play 10s", "2.05s play stopped", `2.05s hangup 16 ""`},
			log: []string{"status=barge digit=2 position=2", "digit=9"}},
		{name: "a digit typed ahead barges in at once",
			script: `call:answer() call:sleep(2) log.info("got", call:tone(440, { duration = 10, barge = true }))`,
			do:     func(s *stage) { s.wait(time.Second); s.call.press("5") },
			saw:    []string{"0s answer []", `2.05s hangup 16 ""`}, log: []string{"status=barge digit=5 position=0"}},
		{name: "header and headers",
			script: `log.info("got", { agent = call:header("User-Agent"), second = call:header("VIA", 2), none = tostring(call:header("X")), n = #call:headers("Via") })`,
			saw:    []string{`0s reject 480 ""`}, log: []string{"agent=fake second=two none=nil n=2"}},
		{name: "fields",
			script: `log.info("got", { id = call.id, sip = call.sip_call_id, from = call.from.user, name = call.from.name, params = call.from.params.user, to = call.to.host,
			         port = call.ruri.port, did = call.did, cli = call.cli, ip = call.source.ip, transport = call.source.transport, trunk = tostring(call.trunk),
			         codec = tostring(call.codec), state = call.state, script = call.script, generation = call.generation })`,
			saw: []string{`0s reject 480 ""`},
			log: []string{"id=c1 sip=abc@192.0.2.1 from=100 name=Alice params=phone to=192.0.2.9 port=5070 did=200 cli=100 ip=192.0.2.1 transport=UDP trunk=nil codec=nil state=incoming script=default generation=1"}},
		{name: "vars, alive and mark",
			script: `call.vars.name = "Bob" call:mark("menu", { name = call.vars.name, alive = call:alive() })`,
			saw:    []string{`0s reject 480 ""`}, log: []string{"msg=mark ", "name=Bob alive=true mark=menu at=default.lua:1"}},
		{name: "stats",
			script: `call:answer() local s = call:stats() log.info("got", { rx = s.rx.packets, lost = s.rx.lost, pct = s.rx.loss_pct, jitter = s.rx.jitter_ms, bytes = s.rx.bytes,
			         tx = s.tx.packets, rtt = s.rtt_ms, mos = ("%.1f"):format(s.mos), codec = s.codec, remote = s.remote })`,
			saw: []string{"0s answer []", `50ms hangup 16 ""`},
			log: []string{"rx=99 lost=1 pct=1 jitter=2 bytes=15840 tx=7 rtt=30 mos=3.8 codec=PCMU remote=192.0.2.1:4000"}},
		{name: "send digits",
			script: `call:answer() local ok, why = call:send_dtmf("12w#", { on = "80ms" }) log.info("got", { ok = ok, why = tostring(why) })`,
			saw:    []string{"0s answer []", "50ms digits 12w# 80ms 100ms", "1.15s play done", `1.15s hangup 16 ""`}, log: []string{"ok=true why=nil"}},
		{name: "send digits, interrupted",
			script: `call:answer() call:after("100ms", function() call:tone(440, { duration = 1 }) end) local ok, why = call:send_dtmf("11111") log.info("got", { ok = ok, why = why })`,
			saw:    []string{"0s answer []", "50ms digits 11111 100ms 100ms", "150ms play 1s", "150ms play interrupted", "1.15s play done", `1.15s hangup 16 ""`},
			log:    []string{"ok=false why=interrupted"}},
		{name: "the call ends while digits are sent",
			script: `call:answer() call:send_dtmf("1111111111") log.info("not reached")`,
			do:     func(s *stage) { s.wait(time.Second); s.call.hangUp(ByCaller); s.finish(); s.expectNoLog("not reached") },
			saw:    []string{"0s answer []", "50ms digits 1111111111 100ms 100ms", "1s ended by caller", "1s play closed"}},
		{name: "send digits by INFO",
			script: `call:answer() call:set_header("X-A", "1") local ok, why = call:send_dtmf("1wd", { via = "info", on = "80ms", gap = "40ms" }) log.info("got", { ok = ok, why = tostring(why) })`,
			saw: []string{"0s answer []", `50ms info application/dtmf-relay "Signal=1\r\nDuration=80\r\n" [X-A: 1]`,
				`670ms info application/dtmf-relay "Signal=D\r\nDuration=80\r\n"`, `790ms hangup 16 ""`}, log: []string{"ok=true why=nil"}},
		{name: "send digits as sound",
			script: `call:answer() local ok, why = call:send_dtmf("12w#", { via = "inband", on = "80ms", gap = "40ms" }) log.info("got", { ok = ok, why = tostring(why) })`,
			saw:    []string{"0s answer []", "50ms play 860ms", "910ms play done", `910ms hangup 16 ""`}, log: []string{"ok=true why=nil"}},
		{name: "send digits as sound, interrupted",
			script: `call:answer() call:after("100ms", function() call:tone(440, { duration = 1 }) end) local ok, why = call:send_dtmf("11111", { via = "inband" }) log.info("got", { ok = ok, why = why })`,
			saw:    []string{"0s answer []", "50ms play 1s", "150ms play 1s", "150ms play interrupted", "1.15s play done", `1.15s hangup 16 ""`},
			log:    []string{"ok=false why=interrupted"}},
		{name: "the call ends while digits are sent as sound",
			script: `call:answer() call:send_dtmf("1111111111", { via = "inband" }) log.info("not reached")`,
			do:     func(s *stage) { s.wait(time.Second); s.call.hangUp(ByCaller); s.finish(); s.expectNoLog("not reached") },
			saw:    []string{"0s answer []", "50ms play 2s", "1s ended by caller", "1s play closed"}},
		{name: "hold and resume",
			script: `call:answer() call:set_header("X-A", "1") log.info("got", { ok = call:hold() }) local ok, code = call:hold(false) log.info("then", { ok = ok, code = code })`,
			saw:    []string{"0s answer []", "50ms hold true [X-A: 1]", "150ms hold false", `250ms hangup 16 ""`}, log: []string{"ok=true", "ok=true code=200"}},
		{name: "the call ends during a hold",
			script: `call:answer() call:hold() log.info("not reached")`,
			do: func(s *stage) {
				s.wait(100 * time.Millisecond)
				s.call.hangUp(ByCaller)
				s.finish()
				s.expectNoLog("not reached")
			},
			saw: []string{"0s answer []", "50ms hold true", "100ms ended by caller"}},
		{name: "transfer",
			script: `call:answer() call:on("info", function() log.info("meanwhile") end)
			         local ok, code = call:transfer("sip:200@192.0.2.9", { timeout = "30s", headers = { ["X-A"] = 1 } }) log.info("got", { ok = ok, code = code }) call:hangup()`,
			do:  func(s *stage) { s.wait(time.Second); s.call.send(Event{Kind: EventInfo}) },
			saw: []string{"0s answer []", "50ms transfer sip:200@192.0.2.9 30s [X-A: 1]", `2.05s hangup 16 ""`}, log: []string{"meanwhile", "ok=true code=200"}},
		{name: "in the background",
			script: `call:answer() local music = call:start({ 350, 440 }, { volume = -3 }) call:sleep(1) music:pause() music:resume()
			         log.info("got", { at = music:position() }) log.info("late", music:wait("2s")) music:stop() music:stop() log.info("over", music:wait())`,
			saw: []string{"0s answer []", "50ms play 0s", "1.05s play paused", "1.05s play resumed", "3.05s play stopped", `3.05s hangup 16 ""`},
			log: []string{"at=1", "status=timeout position=3", "status=stopped position=3"}},
		{name: "louder and softer in the background",
			script: `call:answer() local music = call:start(440, { volume = -6 }) music:volume(-20) music:volume(0) music:stop()`,
			saw:    []string{"0s answer []", "50ms play 0s", "50ms play volume -14", "50ms play volume 6", "50ms play stopped", `50ms hangup 16 ""`}},
		{name: "in the background, until something else plays",
			script: `call:answer() local music = call:start(440) call:sleep(1) call:tone(880, { duration = 1 }) log.info("got", music:wait())`,
			saw:    []string{"0s answer []", "50ms play 0s", "1.05s play 1s", "1.05s play interrupted", "2.05s play done", `2.05s hangup 16 ""`},
			log:    []string{"status=interrupted position=1"}},
		{name: "checks that hold",
			script: `log.info("got", { got = call:check(call.did == "200", "the number") }) call:check(1)`,
			saw:    []string{`0s reject 480 ""`}, log: []string{"got=true", "msg=verdict", `result=pass reason="" checks=2 failed=0`}},
		{name: "a check that does not",
			script: `log.info("got", { got = tostring(call:check(nil, "a codec")) }) call:check(false, "more") call:verdict("pass", "fine")`,
			saw:    []string{`0s reject 480 ""`},
			log:    []string{"got=nil", `level=WARN msg="check failed"`, `check="a codec" at=default.lua:1`, `result=fail reason="a codec" checks=2 failed=2`}},
		{name: "a verdict",
			script: `call:verdict("pass", "heard it")`,
			saw:    []string{`0s reject 480 ""`}, log: []string{`msg=verdict script=default generation=1 call=c1 result=pass reason="heard it" checks=0 failed=0`}},
		{name: "limit",
			script: `call:limit("1m") call:answer() call:limit("2m") call:tone(440)`,
			saw:    []string{"0s answer []", "50ms play 0s", `2m0.05s hangup 16 "call limit"`, "2m0.05s play closed"}, log: []string{"by=limit"}},
		{name: "limit before the answer",
			script: `call:ring() call:limit(5) call:wait("hangup")`,
			saw:    []string{"0s ring", `5s hangup 16 "call limit"`}, log: []string{"by=limit"}},
		{name: "wait for events",
			script: `call:answer() local ev = call:wait({ "info", "dtmf" }, 5) log.info("got", ev) log.info("none", { ev = tostring(call:wait("hold", "1s")) })`,
			do: func(s *stage) {
				s.wait(time.Second)
				s.call.send(Event{Kind: EventInfo, ContentType: "text/plain", Body: "hi"})
			},
			saw: []string{"0s answer []", `2s hangup 16 ""`}, log: []string{"name=info content_type=text/plain body=hi", "ev=nil"}},
		{name: "config with a default",
			script: `log.info("got", { none = tostring(config.get("nothing")), default = config.get("nothing", 7) })`,
			saw:    []string{`0s reject 480 ""`}, log: []string{"none=nil default=7"}},
		{name: "log levels and print",
			script: `log.warn("careful", { n = 1.5, s = "a b", b = true, t = {} }) log.error(nil) print("one", 2)`,
			saw:    []string{`0s reject 480 ""`},
			log:    []string{`level=WARN msg=careful script=default generation=1 call=c1 n=1.5 s="a b" b=true t="a table" at=default.lua:1`, "level=ERROR msg=nil"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			script := `function on_call(call) ` + c.script + "\nend function on_hangup(call, info) log.info('over', { by = info.by }) end"
			perform(t, script, func(s *stage) {
				if c.do != nil {
					c.do(s)
				}
				s.finish()
				s.expect(c.saw...)
				s.expectLog(c.log...)
				if s.outcome.Err != nil {
					t.Error(s.outcome.Err)
				}
			})
		})
	}
}

func TestAnswerFails(t *testing.T) {
	cases := []struct {
		name    string
		prepare func(c *fakeCall)
		do      func(s *stage)
		log     string
	}{
		{"no common codec", func(c *fakeCall) { c.noCodec = true }, func(*stage) {}, "ok=false why=no_common_codec"},
		{"no ACK", func(c *fakeCall) { c.noACK = true }, func(s *stage) { s.wait(32 * time.Second); s.call.hangUp(ByNoACK) }, "ok=false why=no_ack"},
		{"the server refused", func(c *fakeCall) { c.answerFail = errors.New("no RTP port left") }, func(*stage) {}, ""},
		{"a CANCEL was faster", func(c *fakeCall) { c.before = func() { c.hangUp(ByCancel) } }, func(*stage) {}, "ok=false why=cancelled"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			script := `function on_call(call) local ok, why = call:answer() log.info("got", { ok = ok, why = why }) call:ring() log.info("not reached") end`
			if c.name == "no common codec" {
				script = strings.Replace(script, "call:ring()", "if not ok then return end", 1)
			}
			performWith(t, Options{FS: files("default.lua", script)}, c.prepare, func(s *stage) {
				c.do(s)
				s.finish()
				s.expectLog(c.log)
				s.expectNoLog("not reached", "level=ERROR")
				if c.name == "no common codec" {
					s.expect(`0s reject 488 ""`)
				}
			})
		})
	}
}

// TestErrors: a programming error names the place, the verb and, where it can, the cure.
func TestErrors(t *testing.T) {
	cases := []struct{ script, want string }{
		{`call:tone(440, { levl = -3 })`, `default.lua:2: call:tone: no option "levl"; did you mean "level"?`},
		{`call:tone(440, { level = 20 })`, `default.lua:2: call:tone: option level: 20 is not within -60 to 3 dBm0`},
		{`call:tone(440, { duration = 1000 })`, `call:tone: option duration: a bare number is seconds and 1000 is over 600: did you mean "1000ms"?`},
		{`call:tone(440, 3)`, `call:tone: options are a table, as {duration = …}; got 3`},
		{`call:tone(5000)`, `call:tone: 5000 Hz is not within 20 to 3999 Hz`},
		{`call:tone({})`, `call:tone: a tone has 1 to 4 frequencies, got 0`},
		{`call:tone("us.bussy")`, `call:tone: tone "us.bussy": "bussy" is no tone of us; did you mean "busy"?`},
		{`call:tone("ux.busy")`, `call:tone: tone "ux.busy": "ux" is neither a tone nor a country; did you mean "mx"?`},
		{`call:tone("milliwat")`, `call:tone: tone "milliwat": "milliwat" is neither a tone nor a country; did you mean "milliwatt"?`},
		{`call:tone("440+48x/2000")`, `call:tone: tone "440+48x/2000": at 7: "x/2000" where a comma or the end should be`},
		{`call:tone(true)`, `call:tone: true is not a tone: write Hz as 440 or {350, 440}, or text as "us.busy"`},
		{`call:tone("440", { level = 3.2 })`, `call:tone: option level: 3.2 is not within -60 to 3 dBm0`},
		{`call:tone("sweep 300-5000/1s")`, `call:tone: tone of 5000 Hz: want more than 0 and less than 4000`},
		{`call:tone()`, `call:tone: spec: is missing: write a tone`},
		{`call:sleep()`, `call:sleep: duration: is missing: write a duration`},
		{`call:sleep("10")`, `call:sleep: duration: "10" has no unit: write "10s" or "10ms"`},
		{`call:sleep(-1)`, `call:sleep: duration: -1 is negative`},
		{`call:sleep(0/0)`, `is not a duration`},
		{`call:sleep("2 weeks")`, `call:sleep: duration: "2 weeks" is not a duration: write a number and ms, s, m or h, as "200ms"`},
		{`call:sleep({})`, `call:sleep: duration: a table is not a duration`},
		{`call:sleep(1, 2)`, `call:sleep: takes at most 1 arguments, got 2`},
		{`call.ring()`, `call:ring: write a colon, as call:ring(), not a dot`},
		{`call:rng()`, `call has no "rng"; did you mean "ring"?`},
		{`call.id = 1`, `the fields of call are read only`},
		{`call:ring{ 5 }`, `call:ring: options have names, as {every = …}; got 1`},
		{`call:answer{ wait_ack = 1 }`, `call:answer: option wait_ack: 1 is not a boolean`},
		{`call:answer{ codecs = "G729" }`, `call:answer: option codecs: codec "G729": unknown`},
		{`call:answer() call:reject()`, `call:reject: the call is answered: write call:hangup()`},
		{`call:reject(200)`, `call:reject: code: 200 is not within 400 to 699`},
		{`call:reject(486.5)`, `call:reject: code: 486.5 is not a whole number`},
		{`call:send_dtmf("12x")`, `call:send_dtmf: digits: "x" is none of 0-9 * # A-D, or w for a pause`},
		{`call:send_dtmf("")`, `call:send_dtmf: digits: write 1 to 100, got 0`},
		{`call:send_dtmf("1", { on = "1ms" })`, `call:send_dtmf: option on: 1ms is not within 40ms to 5s`},
		{`call:send_dtmf("1", { gap = 60 })`, `call:send_dtmf: option gap: 1m0s is not within 40ms to 5s`},
		{`call:answer() call:send_dtmf(("5"):rep(100), { via = "inband", on = 5 })`, `call:send_dtmf: digits "555555555555555555555555555555555555555555555555555555555555", 5s on and 100ms off: want one or more that last up to 2m0s in all`},
		{`call:answer() call:send_dtmf("1", { via = "inf" })`, `call:send_dtmf: option via: "inf" is not one of auto, rfc4733, info, inband; did you mean "info"?`},
		{`call:hold()`, `call:hold: the call is not answered: write call:answer() before`},
		{`call:answer() call:hold("on")`, `call:hold: on: "on" is not a boolean`},
		{`call:transfer("sip:200@192.0.2.9")`, `call:transfer: the call is not answered: write call:answer() before`},
		{`call:answer() call:transfer("200")`, `call:transfer: not a URI`},
		{`call:answer() call:transfer("sip:a@b", { timeout = 0 })`, `call:transfer: option timeout: write more than 0`},
		{`call:send_dtmf("1", { via = "info" })`, `call:send_dtmf: the call is not answered: write call:answer() before`},
		{`call:start(440):volume()`, `playback:volume: volume: is missing: write a number`},
		{`call:start(440):volume(31)`, `playback:volume: volume: 31 is not within -60 to 30 dB`},
		{`call:start("no.wav")`, `call:start: sound "no.wav": no folder of sounds is configured`},
		{`call:start("us.rin")`, `call:start: tone "us.rin": "rin" is no tone of us; did you mean "ring"?; nor is it a sound file`},
		{`call:start({ "us.busy", "no.wav" })`, `call:start: sound "us.busy": no folder of sounds is configured`},
		{`call:start({})`, `call:start: a tone has 1 to 4 frequencies, got 0`},
		{`call:start(440).stop()`, `playback:stop: write a colon, as playback:stop(), not a dot`},
		{`call:start(440).stop(call:after(1, print))`, `playback:stop: write a colon, as playback:stop(), not a dot`},
		{`call:start(440):volum(3)`, `playback has no "volum"; did you mean "volume"?`},
		{`call:play("a.wav", { loop = 0 })`, `call:play: option loop: 0 is neither a whole number from 1 to 1000000 nor true`},
		{`call:play("a.wav", { loop = 1.5 })`, `call:play: option loop: 1.5 is neither`},
		{`call:play("a.wav", { volume = 50 })`, `call:play: option volume: 50 is not within -60 to 30 dB`},
		{`call:verdict("maybe")`, `call:verdict: result: "maybe" is not one of pass, fail`},
		{`call:set_header("Via", "x")`, `call:set_header: Via is set by the server, not by scripts`},
		{`call:set_header("Session-Expires", "90")`, `call:set_header: Session-Expires is set by the server, not by scripts`},
		{`call:set_header("X-A", "1\r\nVia: evil")`, `call:set_header: X-A: "1\r\nVia: evil" is not one line of text`},
		{`call:set_header("X A", "1")`, `call:set_header: "X A" is not the name of a header field`},
		{`call:ring{ headers = "X" }`, `call:ring: option headers: "X" is not a table`},
		{`call:on("dtmv", print)`, `call:on: name: "dtmv" is not one of dtmf, hold, resume, info, message, media_timeout, tone; did you mean "dtmf"?`},
		{`call:on("dtmf", 1)`, `call:on: fn: 1 is not a function`},
		{`call:wait("dtmv")`, `call:wait: no event "dtmv"; did you mean "dtmf"?`},
		{`call:every("1ms", print)`, `call:every: 1ms is too often: write 10ms or more`},
		{`call:gather{ min = 3, max = 2 }`, `call:gather: min 3 is more than max 2`},
		{`call:gather{ match = "(" }`, `call:gather: option match: missing closing )`},
		{`call:gather{ barge = "x" }`, `call:gather: option barge: "X" is not a digit`},
		{`call:play("no.wav")`, `call:play: sound "no.wav": no folder of sounds is configured`},
		{`call:after(1, print).stop()`, `timer has no "stop"`},
		{`require("nothing")`, `require: no module "nothing" (nothing.lua)`},
		{`config.get({})`, `config.get: key: a table is not a string`},
		{`log.info("x", "y")`, `log.info: fields: "y" is not a table`},
		{`nothing.at.all = 1`, `default.lua:2: `},
	}
	for _, c := range cases {
		t.Run(c.script, func(t *testing.T) {
			perform(t, "function on_call(call)\n"+c.script+"\nend", func(s *stage) {
				s.finish()
				s.expectLog("level=ERROR")
				if s.outcome.Err == nil || !contains(s.outcome.Err.Error(), "default.lua:2: ", c.want) {
					t.Errorf("got %v\nwant %s", s.outcome.Err, c.want)
				}
			})
		})
	}
}

// TestSendDTMFToWhoTakesNone: that the caller agreed to no telephone-event is no error; INFO takes its place.
func TestSendDTMFToWhoTakesNone(t *testing.T) {
	script := `function on_call(call) call:answer() local ok, why = call:send_dtmf("1", { via = "rfc4733" }) log.info("got", { ok = ok, why = why }) call:send_dtmf("#") end`
	performWith(t, Options{FS: files("default.lua", script)}, func(c *fakeCall) { c.noDTMF = true }, func(s *stage) {
		s.finish()
		s.expectLog("ok=false why=no_telephone_event")
		s.expect("0s answer []", `50ms info application/dtmf-relay "Signal=#\r\nDuration=100\r\n"`, `250ms hangup 16 ""`)
	})
}

// TestTransferredCallerHangsUp: who was transferred hangs up with the outcome; the script gets that first.
func TestTransferredCallerHangsUp(t *testing.T) {
	script := `function on_call(call) call:answer() log.info("got", { ok = call:transfer("sip:200@192.0.2.9") }) call:sleep(1) log.info("not reached") end`
	performWith(t, Options{FS: files("default.lua", script)}, func(c *fakeCall) { c.leaves = true }, func(s *stage) {
		s.finish()
		s.expectLog("ok=true")
		s.expectNoLog("not reached", "level=ERROR")
	})
}

// TestRefusals: that the caller refuses what we ask is a result.
func TestRefusals(t *testing.T) {
	script := `function on_call(call)
  call:answer()
  local ok, why = call:send_dtmf("12", { via = "info" })
  log.info("info", { ok = ok, why = why })
  local ok, code = call:hold()
  log.info("hold", { ok = ok, code = code })
  ok, code = call:transfer("sip:200@192.0.2.9")
  log.info("transfer", { ok = ok, code = code })
end`
	performWith(t, Options{FS: files("default.lua", script)}, func(c *fakeCall) { c.status = 486 }, func(s *stage) {
		s.finish()
		s.expectLog("ok=false why=refused", "msg=hold script=default generation=1 call=c1 ok=false code=486", "msg=transfer script=default generation=1 call=c1 ok=false code=486")
		s.expect("0s answer []", `50ms info application/dtmf-relay "Signal=1\r\nDuration=100\r\n"`, "80ms hold true",
			"180ms transfer sip:200@192.0.2.9 1m0s", `2.18s hangup 16 ""`)
	})
}

// TestVerdictAfterTheEnd: on_hangup has the last word, and Outcome and the metrics have it, too.
func TestVerdictAfterTheEnd(t *testing.T) {
	m := &countedMetrics{}
	script := `function on_call(call) call:reject(404) end function on_hangup(call, info) call:check(info.code == 486, "busy") end`
	performWith(t, Options{Metrics: m, FS: files("default.lua", script)}, nil, func(s *stage) {
		s.finish()
		if want := (Verdict{"fail", "busy", 1, 1}); s.outcome.Verdict != want {
			t.Errorf("got %+v, want %+v", s.outcome.Verdict, want)
		}
		if got := strings.Join(m.got, ","); got != "1 verdicts 1 map[result:fail script:default]" {
			t.Errorf("metrics: %s", got)
		}
	})
}

func TestPlayFails(t *testing.T) {
	script := "function on_call(call)\n  call:tone(440)\nend"
	prepare := func(c *fakeCall) { c.playFail = errors.New("no media before the answer") }
	performWith(t, Options{FS: files("default.lua", script)}, prepare, func(s *stage) {
		s.finish()
		s.expectLog("default.lua:2: call:tone: no media before the answer")
	})
}

func TestPlayInterrupted(t *testing.T) {
	perform(t, `
function on_call(call)
  call:answer()
  log.info("outer", call:tone(440, { duration = 10 }))
  call:sleep(1)
end
function on_dtmf(call, digit, info)
  log.info("inner", call:tone(880, { duration = 2 }))
end`, func(s *stage) {
		s.wait(1050 * time.Millisecond)
		s.call.press("1")
		s.wait(10 * time.Second)
		s.call.hangUp(ByCaller)
		s.finish()
		s.expect("0s answer []", "50ms play 10s", "1.05s play 2s", "1.05s play interrupted", "3.05s play done", "11.05s ended by caller")
		s.expectLog("msg=inner", "status=done position=2", "msg=outer", "status="+string(media.PlayInterrupted)+" position=1")
	})
}
