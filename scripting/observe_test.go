package scripting

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"offhook/scripting/kv"
)

func TestObserve(t *testing.T) {
	var seen []string
	o := Options{FS: files("default.lua", `
function on_call(call)
  call:ring{ headers = { ["X-A"] = "1" } }
  call:answer()
  call:tone({ 350, 440 }, { duration = "1s", level = -13 })
  log.info("over", { n = 1 })
  error("oh")
end`)}
	o.Observe = func(o Observation) { seen = append(seen, fmt.Sprintf("%s %d %s %s", o.Call, o.Kind, o.At, o.Text)) }
	performWith(t, o, nil, func(s *stage) { s.finish() })
	want := []string{
		`c1 1 default.lua:3 call:ring({headers = a table})`,
		`c1 1 default.lua:4 call:answer()`,
		`c1 5 default.lua:4 call:answer → true`,
		`c1 1 default.lua:5 call:tone({350, 440}, {duration = "1s", level = -13})`,
		`c1 2 default.lua:5 350+440 Hz at -13 dBm0`,
		`c1 5 default.lua:5 call:tone → {position = 1, status = "done"}`,
		`c1 1 default.lua:6 log.info("over", {n = 1})`,
		`c1 3 default.lua:6 over n=1`,
		`c1 4  default.lua:7: oh`,
	}
	if !slices.Equal(seen, want) {
		t.Errorf("got\n%q\nwant\n%q", seen, want)
	}
}

func TestTestsArePartOfTheSnapshot(t *testing.T) {
	e, _ := newEngine(t, Options{FS: files("default.lua", rejects)})
	f, _ := newEngine(t, Options{FS: files("default.lua", rejects, "default_test.lua", "(")})
	without, err := e.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	with, err := f.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if with.Hash == without.Hash || !slices.Equal(with.Files, without.Files) || !slices.Equal(with.Scripts(), []string{"default"}) {
		t.Errorf("got %+v, and without the test %+v", with, without)
	}
}

// What gather was to keep out of the log stays out of what the script does with it.
func TestObserveNoSecret(t *testing.T) {
	var seen []string
	var log *logBuffer
	var s *stage
	o := Options{Store: kv.NewMemory(), FS: files("default.lua", `
function on_call(call)
  call:answer()
  local pin = call:gather{ max = 4, timeout = "1s", sensitive = true }
  kv.set("pin", pin)
  kv.get("pin")
  call:mark("pin", { pin = pin })
  log.info("the pin is " .. pin, { pin = "x" .. pin })
  call.vars.pin = pin
  call:verdict("fail", "wrong: " .. pin)
  error("no: " .. pin)
end`)}
	o.Observe = func(o Observation) { seen = append(seen, o.Text+" "+o.Data) }
	performWith(t, o, nil, func(st *stage) {
		s, log = st, st.log
		s.wait(500 * time.Millisecond)
		for _, digit := range []string{"4", "8", "1", "2"} {
			s.call.press(digit)
		}
		s.finish()
	})
	text := strings.Join(seen, "\n") + fmt.Sprintf("\n%v %v %v %+v", s.outcome.Vars, s.outcome.Verdict, s.outcome.Err, FailureOf(s.outcome.Err))
	if strings.Contains(text, "4812") || s.outcome.Err == nil || s.outcome.Vars["pin"] != "••••" || strings.Count(text, "••••") < 6 {
		t.Errorf("observers learn\n%s", text)
	}
	if strings.Contains(log.String(), "4812") || !strings.Contains(log.String(), "the pin is ••••") {
		t.Errorf("logged\n%s", log)
	}
}

func TestObserveWhatTookTime(t *testing.T) {
	var seen []string
	o := Options{FS: files("default.lua", `
function on_call(call)
  call:answer()
  call:mark("menu", { n = 1 })
  call:check(call:sleep("2s") ~= nil, "sleep returns something")
  call:gather{ max = 2, timeout = "1s", sensitive = true }
  call:gather{ max = 1, timeout = "1s" }
  json.encode({})
end`), ObserveVerbs: true}
	o.Observe = func(o Observation) {
		if o.Kind > ObservedFail || o.At == "default.lua:8" {
			seen = append(seen, fmt.Sprintf("%d %s %v %s|%s|%s|%d", o.Kind, o.At, o.Took, o.Text, o.Name, o.Data, o.Unread))
		}
	}
	performWith(t, o, nil, func(s *stage) {
		s.wait(time.Second)
		s.call.press("1") // typed ahead of the secret
		s.wait(1500 * time.Millisecond)
		s.call.press("2")
		s.wait(500 * time.Millisecond)
		s.call.press("3")
		s.finish()
	})
	want := []string{
		`5 default.lua:3 50ms call:answer → true|||0`,
		`6 default.lua:4 0s mark n=1 mark=menu|menu|n=1|0`,
		`5 default.lua:5 2s call:sleep|||0`,
		`7 default.lua:5 0s check failed check=sleep returns something|||0`,
		`9  0s |||1`,
		`10  0s |||0`,
		`5 default.lua:6 450ms call:gather → ••, "ok"|||0`,
		`5 default.lua:7 500ms call:gather → "3", "ok"|||0`,
		`8  0s fail: sleep returns something|||0`,
	}
	if !slices.Equal(seen, want) {
		t.Errorf("got\n%q\nwant\n%q", seen, want)
	}
}
