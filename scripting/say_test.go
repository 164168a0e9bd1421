package scripting

import (
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"
	"time"

	"offhook/media"
)

// shipped is a file of the scripts that come with Offhook.
func shipped(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile("../scripts/" + name)
	must(t, err)
	return string(b)
}

func TestSay(t *testing.T) {
	cases := map[string]string{ // what is said, the names of the sounds
		`say.digits("4711")`:           "4 7 1 1",
		`say.digits("+49 (30) 12-3.")`: "plus 4 9 3 0 1 2 3",
		`say.digits("*21#")`:           "star 2 1 pound",
		`say.digits(15)`:               "1 5",
		`say.digits("")`:               "",
		`say.digits("1a")`:             `say.digits: "1a" has no digit of a telephone in "a"`,
		`say.number(0)`:                "0",
		`say.number(7)`:                "7",
		`say.number(20)`:               "20",
		`say.number(42)`:               "40 2",
		`say.number(100)`:              "1 hundred",
		`say.number(319)`:              "3 hundred 19",
		`say.number(-2000)`:            "minus 2 thousand",
		`say.number(1000001)`:          "1 million 1",
		`say.number(999999999)`:        "9 hundred 90 9 million 9 hundred 90 9 thousand 9 hundred 90 9",
		`say.number("3.140")`:          "3 point 1 4 0",
		`say.number(-0.5)`:             "minus 0 point 5",
		`say.number(1e9)`:              "say.number: 1000000000 is not a number",
		`say.number("many")`:           "say.number: many is not a number",
		`say.number(nil)`:              "say.number: nil is not a number",
		`say.time("00:00")`:            "12 am",
		`say.time("9:05")`:             "9 oh 5 am",
		`say.time("12:30")`:            "12 30 pm",
		`say.time("22:47")`:            "10 40 7 pm",
		`say.time("24:00")`:            `say.time: "24:00" is not a time`,
		`say.list("press", say.digits(1), "to-listen", { "own.wav" })`: "press 1 to-listen own.wav",
	}
	for code, want := range cases {
		t.Run(code, func(t *testing.T) {
			script := "local say = require('lib.say')\nfunction on_call(call)\n  local list = " + code + "\n  log.info('said', { list = table.concat(list, ' ') })\n" +
				"  call:answer()\n  if #list > 0 and list[#list] ~= 'own.wav' then call:play(list) end\nend"
			o := Options{FS: files("default.lua", script, "lib/say.lua", shipped(t, "lib/say.lua")), SoundsFS: os.DirFS("../scripts/sounds")}
			performWith(t, o, nil, func(s *stage) {
				s.finish()
				if strings.HasPrefix(want, "say.") {
					if err := s.outcome.Err; err == nil || !contains(err.Error(), "default.lua:3: ", want) {
						t.Errorf("error %v, want %q at the line that said it", err, want)
					}
					return
				}
				if s.outcome.Err != nil {
					t.Fatal(s.outcome.Err) // a prompt is missing, too
				}
				var names []string
				for name := range strings.FieldsSeq(want) {
					if !strings.HasSuffix(name, ".wav") {
						name = "en/" + name + ".wav"
					}
					names = append(names, name)
				}
				list := strings.Join(names, " ")
				if strings.Contains(list, " ") || list == "" {
					list = fmt.Sprintf("%q", list)
				}
				s.expectLog("list=" + list + " ")
			})
		})
	}
}

// The prompts that are shipped are sound, of a length that makes sense, and no larger than they may be.
func TestPrompts(t *testing.T) {
	fsys := os.DirFS("../scripts/sounds")
	names, err := fs.Glob(fsys, "en/*.wav")
	must(t, err)
	if len(names) < 70 {
		t.Errorf("%d prompts", len(names))
	}
	octets := 0
	for _, name := range names {
		src, err := media.FileIn(fsys, name)
		must(t, err)
		clip, err := src.Clip(media.PCMU, 20*time.Millisecond)
		must(t, err)
		if length := time.Duration(clip.Len()) * clip.Ptime(); length < 300*time.Millisecond || length > 3*time.Second {
			t.Errorf("%s takes %v", name, length)
		}
		octets += clip.Bytes()
	}
	if octets > 600_000 {
		t.Errorf("%d octets", octets)
	}
}

// A sound in the folder takes the place of the embedded one of its name; one that neither has is an error.
func TestEmbeddedSounds(t *testing.T) {
	embedded := t.TempDir()
	record(t, embedded+"/one.wav", 5*time.Second)
	record(t, embedded+"/en/more.wav", 6*time.Second)
	for _, c := range []struct{ folder, name, says string }{
		{soundsFolder(t), "one.wav", "0s play 1s"},
		{soundsFolder(t), "en/more.wav", "0s play 6s"},
		{soundsFolder(t), "out.wav", "escapes"},
		{soundsFolder(t), "gone.wav", `sound "gone.wav": no such file`},
		{"", "one.wav", "0s play 5s"},
		{"/nowhere", "en/more.wav", "0s play 6s"},
		{"", "../one.wav", "is not a path below the folder of sounds"},
	} {
		script := "function on_call(call) call:answer{ wait_ack = false } call:play(config.get('name')) end"
		o := Options{FS: files("default.lua", script), Sounds: c.folder, SoundsFS: os.DirFS(embedded), Config: func(_, _ string) (any, bool) { return c.name, true }}
		performWith(t, o, nil, func(s *stage) {
			s.finish()
			if got := fmt.Sprint(s.call.told(), s.outcome.Err); !strings.Contains(got, c.says) {
				t.Errorf("%s in %q:\n%s\nwant %s", c.name, c.folder, got, c.says)
			}
		})
	}
}
