package scripting

import (
	"errors"
	"os"
	"strings"
	"testing"
)

// checked returns what the static checks say of files, a line for each finding.
func checked(t *testing.T, pairs ...string) string {
	t.Helper()
	e, _ := newEngine(t, Options{FS: files(pairs...)})
	s, err := e.read()
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	if _, err = e.compile(s); err != nil {
		all := Findings(nil)
		if !errors.As(err, &all) {
			t.Fatal(err)
		}
		for _, f := range all {
			lines = append(lines, f.Error())
		}
	}
	return strings.Join(lines, "\n")
}

// onCall is a script whose second line is the body of on_call.
func onCall(body string) string { return "function on_call(call)\n" + body + "\nend\n" }

func TestCheckFinds(t *testing.T) {
	for _, tt := range []struct{ name, script, want string }{
		{"verb", onCall(`call:rign()`), `default.lua:2:6: call has no "rign"; did you mean "ring"?`},
		{"verb on a parameter of another name", "function on_dtmf(c, digit)\n c:plya('x.wav')\nend " + rejects, `default.lua:2:4: call has no "plya"; did you mean "play"?`},
		{"verb in a handler that is assigned", "on_call = function(c)\n c:rign()\nend", `default.lua:2:4: call has no "rign"; did you mean "ring"?`},
		{"verb in a closure", onCall(`call:after(1, function() call:hangpu() end)`), `default.lua:2:31: call has no "hangpu"; did you mean "hangup"?`},
		{"verb on a copy", onCall("local c = call\nc:rign()"), `default.lua:3:3: call has no "rign"; did you mean "ring"?`},
		{"verb in a helper that uses others", "local function menu(call)\n call:ring()\n call:anwser()\nend " + rejects, `default.lua:3:7: call has no "anwser"; did you mean "answer"?`},
		{"verb in a helper that is given the call", "local function menu(c, n)\n c:say(n)\n if n > 1 then menu(c, n - 1) end\nend\n" + onCall("menu(call, 3)"), `default.lua:2:4: call has no "say"; did you mean "play"?`},
		{"argument in a global helper", "function menu(c)\n c:sleep(1500)\nend\n" + onCall("local again = call\nmenu(again)"), `default.lua:2: call:sleep: duration: a bare number is seconds and 1500 is over 600: did you mean "1500ms"?`},
		{"verb in a table of helpers", "local menu = { ['1'] = function(call)\n call:plya('x') call:hangup()\nend }\n" + onCall("menu['1'](call)"), `default.lua:2:7: call has no "plya"; did you mean "play"?`},
		{"field", onCall(`log.info(call.form)`), `default.lua:2:15: call has no "form"; did you mean "from"?`},
		{"field taken for a verb", onCall(`log.info(call:did())`), `default.lua:2:15: did is no verb: write call.did`},
		{"field written to", onCall(`call.did = "1"`), `default.lua:2:1: the fields of call are read only; call.vars is a table of your own`},
		{"dot for a colon", onCall(`call.ring()`), `default.lua:2:6: write a colon, as call:ring(…), not a dot`},
		{"option", onCall(`call:gather{ promt = "x.wav" }`), `default.lua:2:14: call:gather: no option "promt"; did you mean "prompt"?`},
		{"option on its own line", onCall("call:gather{\n max = 4,\n tires = 3,\n}"), `default.lua:4:2: call:gather: no option "tires"; did you mean "tries"?`},
		{"option without a name", onCall(`call:ring{ "60s" }`), `default.lua:2: call:ring: options have names, as {every = …}`},
		{"option of a wrong type", onCall(`call:answer{ wait_ack = "yes" }`), `default.lua:2:14: call:answer: option wait_ack: "yes" is not a boolean`},
		{"option out of range", onCall(`call:tone(440, { level = 20 })`), `default.lua:2:18: call:tone: option level: 20 is not within -60 to 3 dBm0`},
		{"options that are none", onCall(`call:hangup("bye")`), `default.lua:2: call:hangup: options are a table, as {reason = …}; got "bye"`},
		{"duration without a unit", onCall(`call:sleep(1500)`), `default.lua:2: call:sleep: duration: a bare number is seconds and 1500 is over 600: did you mean "1500ms"?`},
		{"negative number", onCall(`call:sleep(-1)`), `default.lua:2: call:sleep: duration: -1 is negative`},
		{"choice", onCall(`call:on("dmtf", print)`), `default.lua:2: call:on: name: "dmtf" is not one of dtmf, hold, resume, info, message, media_timeout, tone; did you mean "dtmf"?`},
		{"wrong type", onCall(`call:reject("busy")`), `default.lua:2: call:reject: code: "busy" is not a integer`},
		{"table with unknown values", onCall(`call:sleep({ call.did })`), ``},
		{"argument missing", onCall(`call:sleep()`), `default.lua:2:6: call:sleep: duration: is missing: write a duration`},
		{"argument nil", onCall(`call:sleep(nil)`), `default.lua:2: call:sleep: duration: is missing: write a duration`},
		{"too many arguments", onCall(`call:alive(1)`), `default.lua:2:6: call:alive: takes at most 0 arguments, got 1`},
		{"module's function", onCall(`log.inf("x")`), `default.lua:2:5: log has no "inf"; did you mean "info"?`},
		{"Lua's own module", onCall(`log.info(string.foramt("%d", 1))`), `default.lua:2:17: string has no "foramt"; did you mean "format"?`},
		{"what the sandbox lacks", onCall(`os.execute("ls")`), `default.lua:2:4: os has no "execute"`},
		{"module's argument", onCall(`log.info("x", "y")`), `default.lua:2: log.info: fields: "y" is not a table`},
		{"module with a colon", onCall(`log:info("x")`), `default.lua:2:5: write a dot, as log.info(…), not a colon`},
		{"module written to", onCall(`log.level = "debug"`), `default.lua:2:1: log is read-only`},
		{"unknown module", onCall(`lgo.info("x")`), `default.lua:2:1: lgo is read and never set; did you mean "log"?`},
		{"global", onCall("local greeting = 'x.wav'\ncall:play(greting)"), `default.lua:3:11: greting is read and never set; did you mean "greeting"?`},
		{"function that is no global", onCall(`frobnicate(call)`), `default.lua:2:1: frobnicate is read and never set`},
		{"local out of its block", onCall("if call.did then local x = 1 end\nreturn x + 1"), `default.lua:3:8: x is read and never set`},
		{"Lua that is not there", onCall(`io.open("x")`), `default.lua:2:1: io is not there: scripts reach no files and load no code`},
		{"call where there is none", "function on_load()\n call:ring()\nend " + rejects, `default.lua:2:2: call is not there: call is the parameter of a handler, as on_call(call)`},
		{"handler", rejects + `function on_dmtf(call) end`, `default.lua:2:10: no handler is called on_dmtf; did you mean "on_dtmf"?`},
		{"required module", onCall(`local m = require("lib.meun")`), `default.lua:2:20: require: no module "lib.meun" (lib/meun.lua); did you mean "lib.menu"?`},
		{"word that stands twice", onCall(`call:rign() call:rign()`), "default.lua:2: call has no \"rign\"; did you mean \"ring\"?\ndefault.lua:2: call has no \"rign\"; did you mean \"ring\"?"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := checked(t, "default.lua", tt.script, "lib/menu.lua", "return {}"); got != tt.want {
				t.Errorf("%s\nfinds\n%s\nwant\n%s", tt.script, got, tt.want)
			}
		})
	}
}

func TestCheckFindsNothing(t *testing.T) {
	for _, tt := range []struct{ name, script string }{
		{"a local called log", onCall("local log = { inf = print }\nlog.inf('x')\nlog:inf('y')\nlog.level = 1")},
		{"a parameter called log", "local function f(log) log.inf('x') end " + rejects},
		{"a global called log", "log = { inf = print }\n" + onCall(`log.inf("x")`)},
		{"a loop variable called log", onCall("for _, log in ipairs({}) do log.inf() end")},
		{"a call that is none", "local function dial(call) call:begin() return call.number end\n" + onCall(`dial({})`)},
		{"a function called call", "local function each(call) call(1) call.name = 'x' call:ring() call:begin() end " + rejects},
		{"an object around a call", "local function use(call) call:ring() call:say('hi', 1) call:play({ text = 'hi' }, 1, 2, 3) end\n" + onCall("use({ call = call })")},
		{"a helper for calls and others", "local function use(c) c:begin() end\n" + onCall("use(call) use({ begin = print })")},
		{"a helper that others may call", "local function use(c) c:begin() end\n" + onCall("use(call) pcall(use, {})")},
		{"a global helper that others may call", "function use(c) c:begin() end\n" + onCall("use(call) _G.use({})")},
		{"a helper that goes by another name", "local function use(c) c:begin() end\n" + onCall("local g = use or print\nuse(call) g({ begin = print })")},
		{"a helper that is replaced", "local function use(c) c:begin() end use = print\n" + onCall("use(call)")},
		{"a global helper that is replaced", "function use(c) c:begin() end function use(c) c:other() end\n" + onCall("use(call)")},
		{"a helper with fewer arguments", "local function use(a, b) b:begin() end\n" + onCall("use(call) use(call, call)")},
		{"a module with a slash", onCall("require('lib/help')")},
		{"a local called call", onCall("local call = { begin = print }\ncall:begin()\ncall.x = 1")},
		{"a call that is replaced", onCall("call = { begin = print }\ncall:begin()")},
		{"a loop variable called call", onCall("for _, call in ipairs({}) do call:begin() end")},
		{"vars", onCall("call.vars.x = 1\ncall.vars.y = call.vars.x")},
		{"a verb passed on", onCall("pcall(call.ring, call)\ncall.ring(call)\nlocal ring = call.ring")},
		{"a global of another file", onCall("helper(call)\nlog.info(lib_version)")},
		{"a global that a condition asks for", onCall("if debug_mode then debug_mode() end\nlocal n = limit or 5\nif x == nil then return end\nlog.info(not y, type(z))")},
		{"globals by another way", "local g = _G g.menu = 1\n" + onCall("menu()\nlog.inf()")},
		{"a global by its name", "_G.menu = print _G['other'] = print\n" + onCall("menu() other() log.info(_G.third)")},
		{"a global of metatables", "setmetatable(_G, { __index = function() return print end })\n" + onCall("anything()")},
		{"a module that may not be there", onCall("local run = os.execute or print\nif string.pack then run(string.pack) end")},
		{"values that are not known", onCall("call:sleep(call.vars.delay)\ncall:reject(call.vars.code, call.vars.reason)\ncall:tone(440, { duration = call.vars.x, [call.did] = 1 })")},
		{"arguments that may be any number", onCall("call:sleep((call.vars.f)())\ncall:reject(unpack({ 486 }))")},
		{"varargs", "function on_call(call, ...)\n call:sleep(...)\n call:reject(...)\nend"},
		{"an option table that is made elsewhere", onCall("local o = { nothing = 1 }\ncall:ring(o)\ncall:ring(nil)")},
		{"optional nil", onCall("call:reject(nil, 'busy')\ncall:tone(440, { duration = nil })")},
		{"numbers and text", onCall("call:set_header('X', 5)\ncall:sleep('1m30s')\ncall:sleep(0.5)\ncall:reject(0x1e6)")},
		{"methods of others", "local M = {}\nfunction M:begin(call) self.call = call self:other() end\nfunction M.play(call) end\n" + onCall("M:begin(call)\n('x'):rep(2)\nM.begin(M, call)")},
		{"a function of the script that begins with on_", "function on_menu(call) call:ring() end\n" + onCall(`on_menu(call)`)},
		{"a value that begins with on_", "on_hold_music = 'x.wav'\n" + onCall(`call:play(on_hold_music)`)},
		{"recursion", "local function f(n) if n > 0 then return f(n - 1) end end\nlocal g = function() return g end " + rejects},
		{"repeat sees its block", onCall("repeat local done = call:alive() until done")},
		{"goto", onCall("goto over\n::over::\nwhile true do break end")},
		{"deep chains", onCall("local x = 1" + strings.Repeat(" + 1", 150))},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := checked(t, "default.lua", tt.script, "lib/help.lua", "function helper(call) call:ring() end lib_version = 1"); got != "" {
				t.Errorf("%s\nfinds\n%s", tt.script, got)
			}
		})
	}
}

// TestCheckShippedScripts: the scripts that come with the server, and the examples of the reference, pass.
func TestCheckShippedScripts(t *testing.T) {
	e, _ := newEngine(t, Options{FS: os.DirFS("../scripts")})
	s, err := e.read()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.compile(s); err != nil {
		t.Error(err)
	}
	for name, f := range everyFunction(NewReference()) {
		if got := checked(t, "default.lua", "digit, playback, fault = '1', {}, {}\n"+onCall(f.Example), "lib/menu.lua", ""); got != "" {
			t.Errorf("the example of %s: %s", name, got)
		}
	}
}

// TestCheckTooDeep: a chain that is deeper than the compiler takes is its finding alone.
func TestCheckTooDeep(t *testing.T) {
	got := checked(t, "default.lua", onCall("local x = 1"+strings.Repeat(" + 1", 20000)))
	if want := "default.lua:2: nested too deep (200 levels)"; got != want {
		t.Errorf("got %.200s, want %s", got, want)
	}
}

// TestCheckBrokenNeighbour: what a file that does not parse would set is not missed.
func TestCheckBrokenNeighbour(t *testing.T) {
	got := checked(t, "default.lua", onCall("helper()\ncall:rign()"), "lib/help.lua", "function helper(")
	if strings.Contains(got, "helper is read") || !contains(got, `call has no "rign"`, "lib/help.lua:1:") {
		t.Errorf("got\n%s", got)
	}
}

func FuzzCheck(f *testing.F) {
	for _, s := range []string{rejects, onCall(`call:gather{ promt = 1, 2, [x] = nil }`), "local a, b = _G, ...", "call.x.y:z{}", "for i = 1, 2 do end", "function a.b:c() end", "x, y.z = 1"} {
		f.Add(s)
	}
	e, _ := newEngine(f, Options{FS: files("default.lua", rejects)})
	f.Fuzz(func(t *testing.T, script string) {
		_, err := e.compile(snapshot{"fuzz", []source{{"default.lua", script}}})
		all := Findings(nil)
		if err != nil && (!errors.As(err, &all) || len(all) == 0) {
			t.Errorf("%q: %v", script, err)
		}
		for _, finding := range all {
			if finding.File != "default.lua" || finding.Line < 1 || finding.Message == "" {
				t.Errorf("%q: %+v", script, finding)
			}
		}
	})
}
