package scripttest

import "offhook/scripting"

// NewReference is scripting.NewReference with what files of tests can call. Registration, argument checks and documents are
// driven by it.
func NewReference() scripting.Reference {
	ref := scripting.NewReference()
	ref.Tests = scripting.Tests{
		Globals: globals(),
		Objects: []scripting.Object{
			{Name: "t", Doc: "A test at work.", Methods: testMethods()},
			{Name: "c", Doc: "A call as its caller sees it.", Methods: append(expectMethods(), callerMethods()...), Fields: callFields()},
		},
	}
	return ref
}

func callFields() []scripting.Param {
	return []scripting.Param{
		{Name: "record", Type: scripting.Table, Doc: "how the call ended, once it has", Fields: []scripting.Param{
			{Name: "by", Type: scripting.Text, Choices: []string{"caller", "cancel", "script", "limit", "media_timeout", "error", "shutdown", "no_ack"}},
			{Name: "code", Type: scripting.Integer, Doc: "the final response to the INVITE"},
			{Name: "reason", Type: scripting.Text},
			{Name: "q850", Type: scripting.Integer},
			{Name: "seconds", Type: scripting.Number, Doc: "from the answer to the end"},
			{Name: "script", Type: scripting.Text, Doc: "that served it"},
			{Name: "vars", Type: scripting.Table, Doc: "call.vars"},
			{Name: "verdict", Type: scripting.Text, Doc: `"pass", "fail" or ""`},
			{Name: "error", Type: scripting.Text, Doc: "the first error of the script; a test that does not look at the record fails with it"},
		}},
		{Name: "codec", Type: scripting.Text, Doc: "the codec agreed on, or nil"},
	}
}

func globals() []scripting.Function {
	return []scripting.Function{
		{
			Name: "test", Doc: "Declares a test. Each runs in a world and with globals of its own: the file is run again for it.",
			Params: []scripting.Param{
				{Name: "name", Type: scripting.Text, Required: true},
				{Name: "fn", Type: scripting.Func, Required: true, Object: "t"},
			},
			Example: `test("rings", function(t) t:call{}:expect_status(180) end)`,
		},
		{
			Name: "require", Doc: "Returns the value of another file of the folder, which runs once for each test: require(\"lib.x\") is lib/x.lua.",
			Params:  []scripting.Param{{Name: "name", Type: scripting.Text, Required: true}},
			Returns: []scripting.Return{{Name: "module", Type: scripting.Value}},
			Example: `local numbers = require("lib.numbers")`,
		},
	}
}

func testMethods() []scripting.Function {
	return []scripting.Function{
		{
			Name: "call", Doc: "Places a call: the INVITE is with the server when it returns.",
			Options: []scripting.Param{
				{Name: "to", Type: scripting.Text, Default: "test", Doc: "who is called: the user part"},
				{Name: "from", Type: scripting.Text, Default: "caller", Doc: "who calls: the user part"},
				{Name: "name", Type: scripting.Text, Doc: "the display name of the caller"},
				{Name: "headers", Type: scripting.HeaderTable, Doc: "more header fields of the INVITE"},
				{Name: "codecs", Type: scripting.CodecList, Doc: "what is offered; without it, all there are"},
				{Name: "dtmf", Type: scripting.Boolean, Default: true, Doc: "false: offers no telephone-event, so that digits come as sound or INFO"},
				{Name: "transfer", Type: scripting.Integer, Default: 200, Min: 200, Max: 699, Doc: "what the caller tells of the new call, when it is transferred"},
				{Name: "trunk", Type: scripting.Text, Doc: "the name of the [[trunk]] that it comes in on, as call.trunk has it; without it none"},
				{Name: "script", Type: scripting.Text, Doc: "which script gets the call; without it NAME, in NAME_test.lua"},
			},
			Returns: []scripting.Return{{Name: "c", Type: scripting.Value, Object: "c"}},
			Example: `local c = t:call{ to = "100", headers = { ["X-Test"] = "1" }, codecs = { "PCMA" } }`,
		},
		{
			Name: "eq", Doc: "Expects two values to be equal; tables are when what is in them is.",
			Params: []scripting.Param{
				{Name: "got", Type: scripting.Value},
				{Name: "want", Type: scripting.Value},
			},
			Example: `t:eq(c.record.by, "script")`,
		},
		{
			Name: "set_config", Doc: "Sets what config.get gives to the scripts, for this test.",
			Params: []scripting.Param{
				{Name: "key", Type: scripting.Text, Required: true},
				{Name: "value", Type: scripting.Value},
			},
			Example: `t:set_config("auto_answer", false)`,
		},
		{
			Name: "set_time", Doc: "Sets the wall clock of the scripts, which goes on from there. Without it a test begins at 2000-01-01 00:00 UTC.",
			Params: []scripting.Param{
				{Name: "time", Type: scripting.Text, Required: true, Doc: `as "2026-01-05 08:00" or "2026-01-05 08:00:30"`},
				{Name: "zone", Type: scripting.Text, Default: "UTC", Doc: `as "Europe/Berlin"`},
			},
			Example: `t:set_time("2026-01-05 08:00", "Europe/Berlin")`,
		},
		{
			Name: "stub_http", Doc: "Says what http.get and http.post of the scripts get for some URLs. The latest that fits counts; what has no stub is an error.",
			Params: []scripting.Param{
				{Name: "pattern", Type: scripting.Text, Required: true, Doc: `all of the URL, with * for anything, and a method before it if it matters: "POST https://api.example.com/*"`},
			},
			Options: []scripting.Param{
				{Name: "status", Type: scripting.Integer, Default: 200, Min: 100, Max: 599},
				{Name: "body", Type: scripting.Text, Default: ""},
				{Name: "json", Type: scripting.Value, Doc: "the body as a value"},
				{Name: "headers", Type: scripting.HeaderTable},
				{Name: "delay", Type: scripting.Duration, Doc: "how long it takes"},
				{Name: "error", Type: scripting.Text, Doc: "the network fails, with this text"},
			},
			Example: `t:stub_http("https://api.example.com/*", { json = { name = "Ann" }, delay = "200ms" })`,
		},
	}
}

// within describes how long an expectation waits.
func within() scripting.Param {
	return scripting.Param{Name: "within", Type: scripting.Duration, Doc: "how long to wait for it; without it, it must have happened by now"}
}

func expectMethods() []scripting.Function {
	return []scripting.Function{
		{
			Name: "expect_status", Doc: "Expects a response to the INVITE, after those expected before. Others may come in between, but no final one.",
			Params:  []scripting.Param{{Name: "code", Type: scripting.Integer, Required: true, Min: 100, Max: 699}, within()},
			Returns: []scripting.Return{{Name: "reason", Type: scripting.Text, Doc: "its phrase"}},
			Example: `c:expect_status(200, "1s")`,
		},
		{
			Name: "expect_tone", Doc: "Expects to hear a tone, or several at once, that begins in time. It returns when 128 ms of it were heard.",
			Params: []scripting.Param{{Name: "hz", Type: scripting.ToneSpec, Required: true, Doc: "440, or a list: {350, 440}; ±1 Hz"}, within()},
			Options: []scripting.Param{
				{Name: "level", Type: scripting.Number, Min: -60, Max: 4, Unit: "dBm0", Doc: "of each frequency, ±0.5 dB"},
			},
			Example: `c:expect_tone(440, "100ms", { level = -10 })`,
		},
		{
			Name: "expect_play", Doc: "Expects the script to begin to play a sound file, after those expected before. The files of a list begin together.",
			Params:  []scripting.Param{{Name: "name", Type: scripting.Text, Required: true, Doc: "as the script writes it"}, within()},
			Example: `c:expect_play("welcome.wav", "100ms")`,
		},
		{
			Name: "expect_log", Doc: "Expects the script to log a line that contains a text, after those expected before. Fields are written name=value.",
			Params:  []scripting.Param{{Name: "text", Type: scripting.Text, Required: true}, within()},
			Example: `c:expect_log("digit=5")`,
		},
		{
			Name: "expect_dtmf", Doc: "Expects the script to send keys (RFC 4733), and no others, after those expected before. A key has come when it is up again.",
			Params:  []scripting.Param{{Name: "digits", Type: scripting.DigitSet, Required: true}, within()},
			Example: `c:expect_dtmf("12#", "1s")`,
		},
		{
			Name: "expect_bye", Doc: "Expects the server to hang up.",
			Params:  []scripting.Param{within()},
			Example: `c:expect_bye("2s")`,
		},
		{
			Name: "expect_transfer", Doc: "Expects the server to ask for a transfer (REFER), after those expected before. The caller takes it, and tells the outcome at once.",
			Params:  []scripting.Param{within()},
			Returns: []scripting.Return{{Name: "uri", Type: scripting.Text, Doc: "whom to call"}},
			Example: `t:eq(c:expect_transfer("1s"), "sip:200@192.0.2.9")`,
		},
		{
			Name: "hear", Doc: "Tells what is heard now, from the last 128 ms.",
			Returns: []scripting.Return{{Name: "sound", Type: scripting.Table, Fields: []scripting.Param{
				{Name: "kind", Type: scripting.Text, Choices: []string{"tone", "silence", "sound", "nothing"}, Doc: "nothing: no RTP comes"},
				{Name: "hz", Type: scripting.Table, Doc: "of a tone: its frequencies, from the lowest"},
				{Name: "level", Type: scripting.Number, Unit: "dBm0", Doc: "of a tone: of its strongest frequency"},
			}}},
			Example: `t:eq(c:hear().kind, "silence")`,
		},
		{
			Name: "heard", Doc: "Tells all tones of 100 ms and more that were heard so far, of one frequency each.",
			Returns: []scripting.Return{{Name: "tones", Type: scripting.Table, Doc: "a list of {hz, level, start, seconds, missing}; start is since the first RTP packet"}},
			Example: `t:eq(#c:heard(), 1)`,
		},
		{
			Name: "header", Doc: "Returns a header field of the last message that came from the server, nil if it has none.",
			Params:  []scripting.Param{{Name: "name", Type: scripting.Text, Required: true}},
			Returns: []scripting.Return{{Name: "value", Type: scripting.Text}},
			Example: `t:eq(c:header("Contact"), "<sip:200@192.0.2.9>")`,
		},
	}
}

func callerMethods() []scripting.Function {
	return []scripting.Function{
		{
			Name: "advance", Doc: "Lets time pass.",
			Params:  []scripting.Param{{Name: "duration", Type: scripting.Duration, Required: true}},
			Example: `c:advance("29s")`,
		},
		{
			Name: "dtmf", Doc: "Presses keys (RFC 4733), and returns when that is done.",
			Params: []scripting.Param{{Name: "digits", Type: scripting.DigitSet, Required: true}},
			Options: []scripting.Param{
				{Name: "on", Type: scripting.Duration, Doc: "how long each is down; 100 ms"},
				{Name: "gap", Type: scripting.Duration, Doc: "after each; 100 ms"},
			},
			Example: `c:dtmf("123#")`,
		},
		{
			Name: "speak", Doc: "Sends a sound file or a tone, and returns when that is done.",
			Params: []scripting.Param{{Name: "sound", Type: scripting.Value, Required: true, Doc: "a sound file below the sounds folder, Hz: 440, {350, 440}, 0 for silence, or a tone as in call:tone: \"us.busy\", \"dtmf:123#\""}},
			Options: []scripting.Param{
				{Name: "duration", Type: scripting.Duration, Doc: "of a tone or of silence; a tone that ends by itself, as dtmf does, needs none"},
				{Name: "level", Type: scripting.Number, Default: -10.0, Min: -60, Max: 3, Unit: "dBm0", Doc: "of a tone"},
				{Name: "wait", Type: scripting.Boolean, Default: true, Doc: "false: returns at once, and speaks meanwhile"},
			},
			Example: `c:speak(1004, { duration = "2s", level = 0 })`,
		},
		{Name: "hangup", Doc: "Hangs up: BYE, or CANCEL when nobody has answered.", Example: `c:hangup()`},
		{Name: "cancel", Doc: "Sends CANCEL.", Example: `c:cancel()`},
		{Name: "hold", Doc: "Puts the server on hold, with a re-INVITE.", Example: `c:hold()`},
		{Name: "resume", Doc: "Takes the server off hold.", Example: `c:resume()`},
		{
			Name: "info", Doc: "Sends INFO.",
			Params: []scripting.Param{
				{Name: "content_type", Type: scripting.Text, Required: true},
				{Name: "body", Type: scripting.Text, Required: true},
			},
			Example: `c:info("application/dtmf-relay", "Signal=5\r\nDuration=100")`,
		},
		{
			Name: "message", Doc: "Sends MESSAGE with plain text.",
			Params:  []scripting.Param{{Name: "text", Type: scripting.Text, Required: true}},
			Example: `c:message("hello")`,
		},
	}
}
