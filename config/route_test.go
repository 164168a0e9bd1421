package config

import (
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

func TestRoutes(t *testing.T) {
	c, err := load(t, `
[routing]
by_user = true

[[route]]
to = "_9X."
source = "10.0.0.0/8"
script = "emergency"

[[route]]
from = '/^\+49/'
script = "german"
[route.header]
X-Env = "test"
"X.Dotted" = ""

[script.menu]
greeting = "hi.wav"

[[route]]
header.User-Agent = "/sipp/i"
script = "menu"
`, Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := []Route{
		{To: "_9X.", Source: "10.0.0.0/8", Script: "emergency"},
		{From: `/^\+49/`, Header: map[string]string{"X-Env": "test", "X.Dotted": ""}, Script: "german"},
		{Header: map[string]string{"User-Agent": "/sipp/i"}, Script: "menu"},
	}
	if !c.Routing.ByUser || !reflect.DeepEqual(c.Routes, want) {
		t.Errorf("by_user %v, routes\n%+v\nwant\n%+v", c.Routing.ByUser, c.Routes, want)
	}
	for key, line := range map[string]string{
		"route.0": ":5", "route.0.source": ":7", "route.0.to": ":6", "route.1.from": ":11", "route.1.header.X-Env": ":14",
		"route.1.to": ":10", "route.2.header.User-Agent": ":21", "route.2.script": ":22", "script.menu": ":17", "script.menu.greeting": ":18",
		"routing.by_user": ":3", "sip.port": "",
	} {
		if got := c.Place(key); !strings.HasSuffix(got, "offhook.toml"+line) && (line != "" || got != "") {
			t.Errorf("Place(%s) = %q, want line %s", key, got, line)
		}
	}
}

func TestRoutesInOneLine(t *testing.T) {
	c, err := load(t, "route = [{to = \"1\", script = \"a\"}, {script = \"b\"}]\n", Options{})
	if err != nil || len(c.Routes) != 2 || c.Routes[0].To != "1" || c.Routes[1].Script != "b" {
		t.Fatalf("%+v, %v", c, err)
	}
	if got := filepath.Base(c.Place("route.1.script")); got != "offhook.toml:1" {
		t.Errorf("place %q", got)
	}
}

func TestRouteErrors(t *testing.T) {
	const block = "[[route]]\nscript = \"a\"\n[[route]]\nscript = \"b\"\n"
	tests := []struct {
		name, toml string
		options    Options
		want       []string
	}{
		{"unknown key", block + "form = \"1\"\n", Options{}, []string{"offhook.toml:5: route 2: form: unknown key, did you mean from?"}},
		{"another unknown key", block + "weather = \"x\"\n", Options{}, []string{":5: route 2: weather: unknown key: write to, from, source, trunk, header, script"}},
		{"number", block + "to = 911\n", Options{}, []string{":5: route 2: to: 911 is not a string: write it in quotes"}},
		{"list", block + "from = [\"1\"]\n", Options{}, []string{":5: route 2: from: [1] is not a string"}},
		{"empty", block + "to = \"\"\n", Options{}, []string{`:5: route 2: to: is empty: leave it out to mean every call, or write "/^$/"`}},
		{"empty source", block + "source = \"\"\n", Options{}, []string{":5: route 2: source: is empty: leave it out"}},
		{"no script", "\n[[route]]\nto = \"1\"\n", Options{}, []string{`:2: route 1: script: is missing: write script = "NAME"`}},
		{"file as script", "[[route]]\nscript = \"menu.lua\"\n", Options{}, []string{`:2: route 1: script: is a name, not a file: write "menu"`}},
		{"header as text", block + "header = \"X-Env: test\"\n", Options{}, []string{`:5: route 2: header: "X-Env: test" is not a table: write header = { X-Env = "test" }`}},
		{"header without a pattern", block + "header = \"X-Env\"\n", Options{}, []string{`:5: route 2: header: names no header field: write header = { X-Env = "test" }`}},
		{"empty header", block + "header = {}\n", Options{}, []string{":5: route 2: header: names no header field"}},
		{"header value", block + "[route.header]\nX-Env = 1\n", Options{}, []string{":6: route 2: header.X-Env: 1 is not a string: write the pattern in quotes"}},
		{"one bracket", "[route]\nto = \"1\"\n", Options{}, []string{":1: route: is a list: write [[route]], with two brackets, above each"}},
		{"list of text", "route = [\"1\"]\n", Options{}, []string{`:1: route: "1" is not a route: write a [[route]] block for each`}},
		{"misspelt", "[[routes]]\nscript = \"a\"\n", Options{}, []string{":1: routes: unknown key, did you mean [[route]]?"}},
		{"in the environment", "", Options{Environ: []string{"OFFHOOK_ROUTE__TO=1"}},
			[]string{"environment OFFHOOK_ROUTE__TO: route.to: routes are a list: write [[route]] blocks into the configuration file"}},
		{"as a flag", block, Options{Flags: []Flag{{"--set", "route.0.to", "1"}}}, []string{"flag --set: route.0.to: routes are a list"}},
		{"all at once", "[[route]]\nto = 1\nfrom = 2\n", Options{}, []string{":2: route 1: to: 1 is not", ":3: route 1: from: 2 is not", ":1: route 1: script: is missing"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := load(t, tt.toml, tt.options)
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error\n%v\ndoes not say\n%s", err, want)
				}
			}
		})
	}
}

// What default.toml shows in comments is what one may write.
func TestCommentedExamplesLoad(t *testing.T) {
	example := regexp.MustCompile(`(?m)^# (\[.*\]|\w+ = .*)$`)
	c, err := load(t, example.ReplaceAllString(Default, "$1"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Trunks) != 2 || c.Trunks[0].MaxCalls != 30 || c.Trunks[1].Register.User != "4930123456" {
		t.Errorf("the trunks came out wrong: %+v", c.Trunks)
	}
	if len(c.Routes) != 2 || c.Routes[0].Source != "10.0.0.0/8" || c.Routes[1].From != `/^\+49/` || c.Script["menu"]["greeting"] != "welcome.wav" {
		t.Errorf("the examples came out wrong: %+v %v", c.Routes, c.Script)
	}
}

func TestScriptTables(t *testing.T) {
	c, err := load(t, `
[sip]
[script.empty]
[script.menu]
tries = 3
options = { "1" = "sales", deep = { on = true } }
list = ["a", 2]
`, Options{
		Environ: []string{"OFFHOOK_SCRIPT__MENU__TRIES=4"},
		Flags:   []Flag{{"--set", "script.other.x", "y"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]map[string]any{
		"empty": {},
		"menu":  {"tries": int64(4), "options": map[string]any{"1": "sales", "deep": map[string]any{"on": true}}, "list": []any{"a", int64(2)}},
		"other": {"x": "y"},
	}
	if !reflect.DeepEqual(c.Script, want) {
		t.Errorf("script tables\n%#v\nwant\n%#v", c.Script, want)
	}
	if got := filepath.Base(c.Place("script.menu")); got != "offhook.toml:4" {
		t.Errorf("[script.menu] is at %s", got)
	}
	if got := c.Place("script.other"); got != "flag --set" {
		t.Errorf("script.other is at %s", got)
	}
}
