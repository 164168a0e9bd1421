package scripting

import (
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"offhook/scripting/sandbox"
)

// behavior is the configuration of the default script.
func behavior(changes map[string]any) func(script, key string) (any, bool) {
	values := map[string]any{
		"auto_answer": true, "auto_answer_delay_ms": 1000, "tone_duration_seconds": 30.0, "tone_frequency": 440.0,
	}
	for k, v := range changes {
		values[k] = v
	}
	return func(_, key string) (any, bool) {
		v, ok := values[key]
		return v, ok
	}
}

func TestDefaultScript(t *testing.T) {
	shipped := os.DirFS("../scripts")
	t.Run("rings, answers, plays, hangs up", func(t *testing.T) {
		performWith(t, Options{FS: shipped, Config: behavior(nil)}, nil, func(s *stage) {
			s.finish()
			s.expect("0s ring", "1s answer []", "1.05s play 30s", "31.05s play done", `31.05s hangup 16 ""`)
			s.expectLog("by=script", "seconds=30.05")
		})
	})
	t.Run("does not answer", func(t *testing.T) {
		performWith(t, Options{FS: shipped, Config: behavior(map[string]any{"auto_answer": false})}, nil, func(s *stage) {
			s.wait(3 * time.Minute)
			s.call.hangUp(ByCancel)
			s.finish()
			s.expect("0s ring", "3m0s ended by cancel")
			s.expectNoLog("level=ERROR", "level=WARN")
		})
	})
	t.Run("the caller hangs up during the tone", func(t *testing.T) {
		performWith(t, Options{FS: shipped, Config: behavior(nil)}, nil, func(s *stage) {
			s.wait(5 * time.Second)
			s.call.press("1")
			s.wait(5 * time.Second)
			s.call.hangUp(ByCaller)
			s.finish()
			s.expect("0s ring", "1s answer []", "1.05s play 30s", "10s ended by caller", "10s play closed")
			s.expectLog("msg=digit", "digit=1", "by=caller")
			s.expectNoLog("level=ERROR", "level=WARN")
		})
	})
	t.Run("the caller gives up while it rings", func(t *testing.T) {
		performWith(t, Options{FS: shipped, Config: behavior(nil)}, nil, func(s *stage) {
			s.wait(500 * time.Millisecond)
			s.call.hangUp(ByCancel)
			s.finish()
			s.expect("0s ring", "500ms ended by cancel")
		})
	})
	t.Run("settings beyond ten minutes and of zero", func(t *testing.T) {
		config := behavior(map[string]any{"auto_answer_delay_ms": 0, "tone_duration_seconds": 1200.0})
		performWith(t, Options{FS: shipped, Config: config}, nil, func(s *stage) {
			s.finish()
			s.expect("0s ring", "0s answer []", "50ms play 20m0s", "20m0.05s play done", `20m0.05s hangup 16 ""`)
		})
	})
}

// TestEnd is what becomes of a call when its script ends, by how it ends.
func TestEnd(t *testing.T) {
	const onHangup = `
function on_hangup(call, info)
  log.info("over", { by = info.by, code = info.code, q850 = info.q850, message = info.error and info.error.message,
    file = info.error and info.error.file, line = info.error and info.error.line, packets = info.stats.tx.packets })
end`
	cases := []struct {
		name, script string
		saw          []string
		log          []string
	}{
		{"without answer", `function on_call(call) end`, []string{`0s reject 480 ""`}, []string{"by=script", "code=480"}},
		{"answered", `function on_call(call) call:answer() end`, []string{"0s answer []", `50ms hangup 16 ""`}, []string{"by=script", "packets=7"}},
		{"error before answer", "function on_call(call)\n  call:ring()\n  error('no') end", []string{"0s ring", `0s reject 500 ""`},
			[]string{"level=ERROR", "default.lua:3: no", "by=error", "message=no", "file=default.lua", "line=3"}},
		{"error after answer", "function on_call(call)\n  call:answer()\n  local x = nil + 1 end", []string{"0s answer []", `50ms hangup 41 "script failed"`},
			[]string{"level=ERROR", "default.lua:3: ", "by=error", "line=3"}},
		{"error that is no text", "function on_call(call) error({}) end", []string{`0s reject 500 ""`}, []string{"level=ERROR", "by=error"}},
		{"rejects", "function on_call(call) call:reject() error('not reached') end", []string{`0s reject 486 ""`}, []string{"by=script", "code=486"}},
		{"hangs up", "function on_call(call) call:answer() call:hangup{ q850 = 17, reason = 'busy' } error('not reached') end",
			[]string{"0s answer []", `50ms hangup 17 "busy"`}, []string{"by=script", "q850=17"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			perform(t, c.script+onHangup, func(s *stage) {
				s.finish()
				s.expect(c.saw...)
				s.expectLog(c.log...)
				if n := strings.Count(s.log.String(), "msg=over"); n != 1 {
					t.Errorf("on_hangup ran %d times:\n%s", n, s.log)
				}
			})
		})
	}
}

func TestUnwind(t *testing.T) {
	t.Run("pcall does not keep the script", func(t *testing.T) {
		perform(t, `
local rounds = 0
function on_call(call)
  call:answer()
  while rounds < 100 do
    rounds = rounds + 1
    pcall(function() call:sleep(3600 / 10) end)
    call:ring()
  end
end
function on_hangup(call) log.info("over", { rounds = rounds }) end`, func(s *stage) {
			s.wait(time.Second)
			s.call.hangUp(ByCaller)
			s.finish()
			s.expect("0s answer []", "1s ended by caller")
			s.expectLog("rounds=1")
			s.expectNoLog("level=ERROR", "level=WARN")
		})
	})
	t.Run("through coroutines, iterators and sort", func(t *testing.T) {
		perform(t, `
function on_call(call)
  call:answer()
  local co = coroutine.wrap(function()
    for v in function() call:sleep(1) return 1 end do
      table.sort({ 3, 2, 1 }, function(a, b) call:sleep(1) return a < b end)
    end
  end)
  co()
end`, func(s *stage) {
			s.wait(2 * time.Second)
			s.call.hangUp(ByCaller)
			s.finish()
			s.expectNoLog("level=ERROR")
		})
	})
	t.Run("deferred functions, then on_hangup, once", func(t *testing.T) {
		perform(t, `
local order = ""
function on_call(call)
  call:defer(function() order = order .. "a" end)
  call:defer(function() order = order .. "b" error("in defer") end)
  call:defer(function() order = order .. "c" call:sleep(1) end)
  call:answer()
  call:sleep("10m")
end
function on_hangup(call, info) log.info("over", { order = order, alive = call:alive(), state = call.state }) end`, func(s *stage) {
			s.wait(time.Second)
			s.call.hangUp(ByCaller)
			s.finish()
			s.expectLog("order=cba", "alive=false", "state=ended", `handler=call:defer`, "in defer")
		})
	})
	t.Run("on_hangup has five seconds", func(t *testing.T) {
		perform(t, `
function on_call(call) call:reject() end
function on_hangup(call) log.info("begun") call:sleep(60) log.info("not reached") end`, func(s *stage) {
			began := time.Now()
			s.finish()
			if took := time.Since(began); took != lastWords {
				t.Errorf("on_hangup took %v, want %v", took, lastWords)
			}
			s.expectLog("begun", "out of time", "at=default.lua:3")
			s.expectNoLog("not reached")
		})
	})
	t.Run("timers do not run in on_hangup", func(t *testing.T) {
		perform(t, `
function on_call(call)
  call:every("100ms", function() log.info("tick") end)
  call:reject()
end
function on_hangup(call) call:sleep(2) log.info("slept") end`, func(s *stage) {
			s.finish()
			s.expectLog("msg=slept")
			s.expectNoLog("tick")
		})
	})
	t.Run("verbs in on_hangup are errors", func(t *testing.T) {
		perform(t, `
function on_call(call) call:reject() end
function on_hangup(call)
  call:tone(440)
end`, func(s *stage) {
			s.finish()
			s.expectLog("default.lua:4: call:tone: cannot be used once the call has ended", "handler=on_hangup")
		})
	})
}

func TestNoGlobalsBetweenCalls(t *testing.T) {
	script := `
count = (count or 0) + 1
function on_call(call)
  pcall(function() string.leaked = 1 end)
  pcall(function() config.leaked = 1 end)
  pcall(function() getmetatable("").leaked = 1 end)
  pcall(function() getmetatable(call).leaked = 1 end)
  log.info("call", { count = count, leaked = tostring(leaked or string.leaked or config.leaked or call.vars.leaked) })
  leaked, call.vars.leaked = true, true
  call:reject()
end`
	performWith(t, Options{FS: files("default.lua", script)}, nil, func(s *stage) {
		s.finish()
		ctx, second := newFakeCall()
		s.engine.Serve(ctx, "default", second)
		if n := strings.Count(s.log.String(), "count=1 leaked=nil"); n != 2 {
			t.Errorf("a call saw what another left:\n%s", s.log)
		}
	})
}

// TestRunaway: a script that does not stop is cut off, on_hangup runs once in a new state, and other calls go on.
func TestRunaway(t *testing.T) {
	cases := []struct{ name, body, want string }{
		{"endless loop", "\nwhile true do end", "bad.lua:2: ran for more than"},
		{"in pcall", "\nwhile true do pcall(function() while true do end end) end", "bad.lua:2: ran for more than"},
		{"hoarding", "\nlocal t = {} while true do t[#t + 1] = {} end", "bad.lua:2: uses more memory"},
		{"hoarding in call.vars", "\nfor i = 1, 1e6 do call.vars[i] = {} end", "bad.lua:2: uses more memory"},
		{"hoarding in closures that are deferred", "\nfor i = 1, 90 do local s = string.rep('x', 1e5) .. i call:defer(function() return s end) end while true do end", "bad.lua:2: uses more memory"},
		{"in a handler", "\ncall:after(0, function() while true do end end) call:sleep(1)", "bad.lua:2: ran for more than"},
		{"after a pcall that keeps the hangup", "\ncall:reject()", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			limits := sandbox.Limits{}
			if strings.Contains(c.want, "memory") {
				limits.Slice = 2 * time.Second // the race detector is slow
			}
			e, log := newEngine(t, Options{Limits: limits, FS: files(
				"bad.lua", "function on_call(call) "+c.body+" end function on_hangup(call, info) log.info('over', { by = info.by, message = info.error and info.error.message }) end",
				"default.lua", "function on_call(call) call:ring() call:sleep('10ms') call:reject(486) end")})
			if _, err := e.Load(t.Context()); err != nil {
				t.Fatal(err)
			}
			var others sync.WaitGroup
			for range 10 {
				others.Go(func() {
					ctx, good := newFakeCall()
					if o := e.Serve(ctx, "default", good); o.Err != nil || o.Ending.Code != 486 {
						t.Errorf("another call: %+v", o)
					}
				})
			}
			ctx, bad := newFakeCall()
			o := e.Serve(ctx, "bad", bad)
			others.Wait()
			if n := strings.Count(log.String(), "msg=over"); n != 1 {
				t.Errorf("on_hangup ran %d times:\n%s", n, log)
			}
			if c.want == "" {
				return
			}
			if o.Err == nil || !strings.Contains(o.Err.Error(), c.want) || o.Ending.By != ByLimit || bad.ending.Code != 500 {
				t.Errorf("got %+v, and the call %+v; want %s", o, bad.ending, c.want)
			}
			if n := strings.Count(log.String(), "level=ERROR"); n != 1 {
				t.Errorf("%d error lines, want 1:\n%s", n, log)
			}
		})
	}
}

// TestGoPanic: a mistake of ours in a verb ends that call alone.
func TestGoPanic(t *testing.T) {
	prepare := func(c *fakeCall) { c.before = func() { panic("a bug") } }
	script := `function on_call(call) pcall(call.answer, call) log.info("not reached") end function on_hangup(call, info) log.info("over", { by = info.by }) end`
	performWith(t, Options{FS: files("default.lua", script)}, prepare, func(s *stage) {
		s.finish()
		s.expect(`0s reject 500 ""`)
		s.expectLog("a bug", "by=error")
		s.expectNoLog("not reached")
	})
}

func TestLogFlood(t *testing.T) {
	script := `function on_call(call) for i = 1, 1000 do log.info("flood") end call:sleep(2) log.info("after") call:reject() end`
	perform(t, script, func(s *stage) {
		s.finish()
		if n := strings.Count(s.log.String(), "flood"); n != linesPerSecond {
			t.Errorf("%d lines, want %d", n, linesPerSecond)
		}
		s.expectLog("lines_left_out=900", "msg=after")
	})
}

// TestLeaks: 300 calls with coroutines, handlers and timers leave no goroutine behind.
func TestLeaks(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	e, _ := newEngine(t, Options{FS: files("default.lua", `
function on_call(call)
  call:answer{ wait_ack = false }
  coroutine.wrap(function() coroutine.yield() end)()
  call:every("10ms", function() call:sleep("1ms") end)
  coroutine.wrap(function() pcall(function() call:sleep("1m") end) end)()
end
function on_dtmf(call) call:sleep("1m") end`)})
	if _, err := e.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	var calls sync.WaitGroup
	for range 300 {
		calls.Go(func() {
			ctx, c := newFakeCall()
			time.AfterFunc(50*time.Millisecond, func() { c.press("1"); c.hangUp(ByCaller) })
			e.Serve(ctx, "default", c)
		})
	}
	calls.Wait()
	if err := e.Close(); err != nil {
		t.Error(err)
	}
}

// TestCancelledBeforeItBegan: of a call that a CANCEL has ended before its script began, only on_hangup runs.
func TestCancelledBeforeItBegan(t *testing.T) {
	script := `function on_call(call) log.error("on_call") end
function on_hangup(call, info) log.info("bye", { by = info.by, state = call.state, from = call.from.user }) end`
	hangUp := func(c *fakeCall) { c.hangUp(ByCancel) }
	performWith(t, Options{FS: files("default.lua", script)}, hangUp, func(s *stage) {
		s.finish()
		s.expect("0s ended by cancel")
		s.expectLog("msg=bye", "by=cancel", "state=ended", "from=100")
		s.expectNoLog("on_call")
		if s.outcome.Err != nil || s.outcome.Ending.By != ByCancel {
			t.Errorf("got %+v", s.outcome)
		}
	})
}
