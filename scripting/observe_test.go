package scripting

import (
	"fmt"
	"slices"
	"testing"
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
		`c1 1 default.lua:5 call:tone({350, 440}, {duration = "1s", level = -13})`,
		`c1 2 default.lua:5 350+440 Hz at -13 dBm0`,
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
