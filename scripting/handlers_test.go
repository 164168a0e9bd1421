package scripting

import (
	"strings"
	"testing"
	"time"
)

func TestHandlersOneAtATime(t *testing.T) {
	perform(t, `
local order, inside = "", 0
local function enter(what)
  inside = inside + 1
  if inside > 1 then error("two handlers at once") end
  order = order .. what
end
local function leave() inside = inside - 1 end
function on_call(call)
  call:answer()
  call:every("1s", function() enter("t") call:sleep("300ms") leave() end)
  call:sleep(4)
  log.info("over", { order = order })
  call:hangup()
end
function on_dtmf(call, digit)
  enter(digit)
  call:sleep("1500ms")
  leave()
end`, func(s *stage) {
		s.wait(500 * time.Millisecond)
		s.call.press("12")
		s.finish()
		s.expectLog("order=12t") // at 0.5 s "1", at 2 s "2", at 3.5 s the timer
		s.expectNoLog("two handlers")
	})
}

func TestEvents(t *testing.T) {
	perform(t, `
function on_call(call)
  call:answer()
  call:wait("hangup")
end
function on_answer(call) log.info("answer") end
function on_dtmf(call, digit, info) log.info("dtmf", { digit = digit, ms = info.duration_ms, via = info.via }) end
function on_hold(call) log.info("hold") end
function on_resume(call) log.info("resume") end
function on_info(call, content_type, body) log.info("info", { content_type = content_type, body = body }) end
function on_message(call, text) log.info("message", { text = text }) end
function on_media_timeout(call) log.info("media_timeout") end`, func(s *stage) {
		s.wait(time.Second)
		s.call.press("1")
		for _, kind := range []EventKind{EventHold, EventResume, EventMediaTimeout} {
			s.call.send(Event{Kind: kind})
		}
		s.call.send(Event{Kind: EventInfo, ContentType: "a/b", Body: "c"})
		s.call.send(Event{Kind: EventMessage, Body: "hello"})
		s.wait(0)
		s.call.hangUp(ByCaller)
		s.finish()
		s.expectLog("msg=answer", "digit=1 ms=100 via=rfc4733", "msg=hold", "msg=resume", "msg=media_timeout", "content_type=a/b body=c", "text=hello")
	})
}

func TestNoMediaEndsTheCall(t *testing.T) {
	perform(t, `function on_call(call) call:answer() call:tone(440) end
function on_hangup(call, info) log.info("over", { by = info.by }) end`, func(s *stage) {
		s.wait(time.Second)
		s.call.send(Event{Kind: EventMediaTimeout})
		s.finish()
		s.expectLog("by=media_timeout")
	})
}

func TestEventLoop(t *testing.T) {
	t.Run("on_dtmf keeps an answered call", func(t *testing.T) {
		perform(t, `
function on_call(call) call:answer() end
function on_dtmf(call, digit) if digit == "9" then call:hangup() end log.info("still") end`, func(s *stage) {
			s.wait(time.Minute)
			s.call.press("1")
			s.wait(time.Minute)
			s.call.press("9")
			s.finish()
			s.expect("0s answer []", `2m0s hangup 16 ""`)
			if n := strings.Count(s.log.String(), "still"); n != 1 {
				t.Errorf("the handler went on %d times, want once:\n%s", n, s.log)
			}
		})
	})
	t.Run("a timer keeps a call that is not answered", func(t *testing.T) {
		perform(t, `function on_call(call) call:ring() call:after("3s", function() call:reject(603) end) end`, func(s *stage) {
			s.finish()
			s.expect("0s ring", `3s reject 603 ""`)
		})
	})
	t.Run("handlers do not keep a call that is not answered", func(t *testing.T) {
		perform(t, `function on_call(call) call:ring() end function on_dtmf() end`, func(s *stage) {
			s.finish()
			s.expect("0s ring", `0s reject 480 ""`)
		})
	})
	t.Run("until the last subscription is removed", func(t *testing.T) {
		perform(t, `
function on_call(call)
  call:answer()
  local remove
  remove = call:on("dtmf", function(ev) log.info("got", ev) remove() end)
end`, func(s *stage) {
			s.wait(time.Minute)
			s.call.press("7")
			s.finish()
			s.expectLog("name=dtmf digit=7")
			s.expect("0s answer []", `1m0s hangup 16 ""`)
		})
	})
	t.Run("until the caller hangs up", func(t *testing.T) {
		perform(t, `function on_call(call) call:answer() end function on_dtmf() end`, func(s *stage) {
			s.wait(time.Minute)
			s.call.hangUp(ByCaller)
			s.finish()
			s.expect("0s answer []", "1m0s ended by caller")
		})
	})
}

func TestHandlerError(t *testing.T) {
	perform(t, `
function on_call(call)
  local n = 0
  local function count() n = n + 1 end
  call:answer()
  call:sleep(2)
  count() count()
  log.info("goes on", { n = n })
  call:hangup()
end
function on_dtmf(call, digit)
  error("broken handler")
end`, func(s *stage) {
		s.wait(time.Second)
		s.call.press("1")
		s.finish()
		s.expectLog("handler=on_dtmf", "default.lua:12: broken handler", `msg="goes on"`, "n=2")
		if s.outcome.Err != nil {
			t.Errorf("the call failed: %v", s.outcome.Err)
		}
	})
}

func TestTimers(t *testing.T) {
	perform(t, `
function on_call(call)
  call:answer{ wait_ack = false }
  local late = call:after("5s", function() log.info("late") end)
  local n = 0
  local tick
  tick = call:every("1s", function() n = n + 1 log.info("tick", { n = n, at_s = call:elapsed() }) if n == 3 then tick:cancel() end end)
  call:after("500ms", function() late:cancel() end)
  call:sleep(10)
end`, func(s *stage) {
		s.finish()
		s.expectLog("n=1 at_s=1", "n=2 at_s=2", "n=3 at_s=3")
		s.expectNoLog("n=4", "msg=late")
	})
}

func TestTooManyEvents(t *testing.T) {
	q := &queue{wake: make(chan struct{}, 1)}
	for range maxEvents + 10 {
		q.push(Event{Kind: EventDigit, Digit: '1'})
	}
	taken := 0
	for {
		if q.take(func(*Event) bool { return true }) == nil {
			break
		}
		taken++
	}
	if taken != maxEvents || q.dropped != 10 {
		t.Errorf("took %d, dropped %d", taken, q.dropped)
	}
}
