package scripting

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"offhook/media"
)

// Record, Echo and Listen of a fake call are those of a real session on a virtual engine: what the caller says is played by another
// session there.

func (c *fakeCall) Echo(o media.EchoOptions) (Playback, error) {
	if err := c.do("", "echo %v %v", o.Delay, o.Max); err != nil {
		return nil, err
	}
	return c.hearing().Echo(o)
}

func (c *fakeCall) Record(o media.RecordOptions) (Recording, error) {
	if err := c.do("", "record %s", o.Name); err != nil {
		return nil, err
	}
	if c.stuck != nil {
		return c.stuck, nil
	}
	return c.hearing().Record(o)
}

func (c *fakeCall) Listen(what media.Sought) (Listening, error) {
	if err := c.do("", "listen"); err != nil {
		return nil, err
	}
	return c.hearing().Listen(what)
}

func (c *fakeCall) TellTones() {
	if c.do("", "tell tones") == nil {
		c.hearing().TellTones()
	}
}

// heard takes an event of a session.
func (c *fakeCall) heard(e media.Event) {
	if e.Kind == media.EventTone {
		c.send(Event{Kind: EventTone, Duration: e.Duration, Frequency: e.Frequency, Level: e.Level})
	}
}

// line is both ends of the media of a fake call.
type line struct {
	engine       *media.Engine
	ours, theirs *media.Session
}

// hearing opens the line when it is first needed; it is closed with the call.
func (c *fakeCall) hearing() *media.Session {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.line != nil {
		return c.line.ours
	}
	var engine *media.Engine
	engine = media.NewVirtual(func(from, to netip.AddrPort, packet []byte) {
		packet = bytes.Clone(packet)
		time.AfterFunc(5*time.Millisecond, func() { engine.Inject(to, from, packet) })
	})
	c.line = &line{engine: engine}
	for _, s := range []**media.Session{&c.line.ours, &c.line.theirs} {
		var err error
		if *s, err = engine.Open(media.SessionOptions{Local: netip.MustParseAddr("192.0.2.1"), Event: c.heard}); err != nil {
			panic(err)
		}
	}
	for _, s := range [][2]*media.Session{{c.line.ours, c.line.theirs}, {c.line.theirs, c.line.ours}} {
		s[0].Configure(media.Params{Remote: s[1].Addr(), Send: true, Receive: true})
	}
	return c.line.ours
}

// says lets the caller speak: a tone.
func (c *fakeCall) says(hz float64, length time.Duration) {
	c.hearing()
	if _, err := c.line.theirs.Play(media.Tone(media.ToneOptions{Frequencies: []float64{hz}, Level: -10, Duration: length})); err != nil {
		panic(err)
	}
}

// sinkScript answers and runs what is given; what it returns is logged.
func sinkScript(body string) string {
	return "function on_call(call)\n call:answer{ wait_ack = false }\n local r, why = " + body +
		"\n log.info('got', type(r) == 'table' and r or { r = tostring(r), why = tostring(why) })\n call:hangup()\nend\n" +
		"function on_hangup(call, info) for i, r in ipairs(info.recordings) do log.info('left ' .. i, r) end end"
}

func TestSinkVerbs(t *testing.T) {
	cases := []struct {
		name, body string
		do         func(s *stage)
		log        []string
		files      []string
	}{
		{name: "record, as long as it may be", body: `call:record("a/b.wav", { max = 2 })`,
			log: []string{"msg=got", "bytes=32044 path=a/b.wav reason=max seconds=2", `msg="left 1"`, "msg=recording"}, files: []string{"a/b.wav"}},
		{name: "record until a digit", body: `call:record("a.wav", { finish = "12" })`,
			do:  func(s *stage) { s.wait(time.Second); s.call.press("9"); s.wait(time.Second); s.call.press("2") },
			log: []string{"digit=2 path=a.wav reason=digit seconds="}, files: []string{"a.wav"}},
		{name: "record until silence, trimmed", body: `call:record("a.wav", { silence = 2, trim = true })`,
			do:  func(s *stage) { s.wait(500 * time.Millisecond); s.call.says(440, time.Second) },
			log: []string{"reason=silence seconds=1.2"}, files: []string{"a.wav"}},
		{name: "record after a beep", body: `call:record("a.wav", { beep = true, max = 1 })`,
			log: []string{"reason=max seconds=1"}, files: []string{"a.wav"}},
		{name: "record, and the caller hangs up", body: `call:record("a.wav")`,
			do:  func(s *stage) { s.wait(3 * time.Second); s.call.hangUp(ByCaller); s.finish(); s.expectNoLog("msg=got") },
			log: []string{`msg="left 1"`, "path=a.wav reason=hangup seconds=3"}, files: []string{"a.wav"}},
		{name: "record, interrupted", body: `call:record("a.wav")`,
			do:  func(s *stage) { s.wait(time.Second); s.call.send(Event{Kind: EventInfo}); s.wait(3 * time.Second) },
			log: []string{"reason=interrupted seconds=1"}, files: []string{"a.wav"}},
		{name: "record the whole call", body: `call:record_start("a.wav", { stereo = true }) call:sleep("1990ms") r = call:record_stop()`,
			log: []string{"path=a.wav reason=stopped seconds=1.98"}, files: []string{"a.wav"}},
		{name: "record the whole call, to its end", body: `call:record_start("a.wav") call:sleep(2) r = "over"`,
			log: []string{"r=over", "path=a.wav reason=hangup seconds=2"}, files: []string{"a.wav"}},
		{name: "play a recording", body: `call:record("a/b.wav", { max = 1 }) r = call:play("recording:a/b.wav")`,
			log: []string{"status=done position=1"}, files: []string{"a/b.wav"}},
		{name: "stop what does not run", body: `call:record_stop()`, log: []string{"r=nil"}},
		{name: "echo", body: `call:echo{ delay = "200ms", max = 3 }`, log: []string{"seconds=3 status=done"}},
		{name: "echo until a digit", body: `call:echo()`, do: func(s *stage) { s.wait(2 * time.Second); s.call.press("#") },
			log: []string{"digit=# ", "seconds=2", "status=digit"}},
		{name: "echo, and the caller hangs up", body: `call:echo()`,
			do: func(s *stage) { s.wait(time.Second); s.call.hangUp(ByCaller); s.finish(); s.expectNoLog("msg=got") }},
		{name: "measure", body: `call:measure{ duration = 3 } r.dominant_hz = ("%.1f"):format(r.dominant_hz) r.level_dbm0 = ("%.1f"):format(r.level_dbm0) r.snr_db = r.snr_db > 30`,
			do:  func(s *stage) { s.call.says(1004, 10*time.Second) },
			log: []string{"clipped_pct=0 dominant_hz=1004.0 level_dbm0=-10.0", "snr_db=true"}},
		{name: "measure nothing", body: `call:measure{ duration = 3 }`, log: []string{"clipped_pct=0 peak_dbov=-96 rms_dbov=-96 silence_pct=100"}},
		{name: "wait for a tone", body: `call:wait_tone(1004, { timeout = 5, min = "500ms" }) r.hz = ("%.1f"):format(r.hz) r.level = ("%.1f"):format(r.level)`,
			do:  func(s *stage) { s.wait(time.Second); s.call.says(1004, time.Second) },
			log: []string{"hz=1004.0 level=-10."}},
		{name: "wait for a tone by its name", body: `call:wait_tone("milliwatt", { timeout = 5 }) r.hz = ("%.1f"):format(r.hz)`,
			do:  func(s *stage) { s.wait(time.Second); s.call.says(1004, time.Second) },
			log: []string{"hz=1004.0"}},
		{name: "wait for a tone of a country that does not come", body: `call:wait_tone("us.busy", { timeout = 5 })`,
			do: func(s *stage) { s.call.says(480, 3*time.Second) }, log: []string{"r=nil why=timeout"}},
		{name: "wait for a tone that does not come", body: `call:wait_tone({ 350, 440 }, { timeout = 5 })`,
			do: func(s *stage) { s.call.says(440, 3*time.Second) }, log: []string{"r=nil why=timeout"}},
		{name: "wait for silence", body: `call:wait_silence(1)`, do: func(s *stage) { s.call.says(440, 3*time.Second) }, log: []string{"r=4."}},
		{name: "wait for speech", body: `call:wait_speech("500ms", { timeout = 5 })`,
			do: func(s *stage) { s.wait(time.Second); s.call.says(440, 3*time.Second) }, log: []string{"r=1.5"}},
		{name: "wait for speech that does not come", body: `call:wait_speech("500ms", { timeout = 5 })`, log: []string{"r=nil"}},
		{name: "probe what does not echo", body: `call:probe_delay()`, log: []string{"r=nil"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			script := sinkScript(c.body) + "\nfunction on_info(call) call:tone(440, { duration = 1 }) end"
			performWith(t, Options{FS: files("default.lua", script), Recordings: dir}, nil, func(s *stage) {
				if c.do != nil {
					c.do(s)
				}
				s.finish()
				if s.outcome.Err != nil {
					t.Errorf("error %v", s.outcome.Err)
				}
				s.expectLog(c.log...)
			})
			var found []string
			_ = filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
				if err == nil && !d.IsDir() {
					found = append(found, strings.TrimPrefix(path, dir+"/"))
				}
				return err
			})
			if fmt.Sprint(found) != fmt.Sprint(c.files) {
				t.Errorf("files %v, want %v", found, c.files)
			}
		})
	}
}

func TestSinkVerbsRefuse(t *testing.T) {
	for body, want := range map[string]string{
		`call:record("../a.wav")`:                               `default.lua:3: call:record: record: recording "../a.wav": is not the path of a file NAME.wav below the folder of recordings`,
		`call:record("a.mp3")`:                                  "NAME.wav",
		`call:record("a.wav", { max = 0 })`:                     "option max: 0 is not a length",
		`call:record_start("a.wav") call:record_start("b.wav")`: "being recorded already",
		`call:play("recording:../a.wav")`:                       "is not a path below the folder of recordings",
		`call:echo{ delay = 11 }`:                               "a delay of 11s",
		`call:wait_tone("us.bussy")`:                            `did you mean "busy"?`,
		`call:wait_tone("us.info")`:                             "is more than one tone: write the frequencies to wait for",
		`call:wait_tone("7000")`:                                "7000 Hz is not within 20 to 3999 Hz",
		`call:wait_tone(true)`:                                  "is not a tone",
		`call:wait_silence()`:                                   "duration: is missing",
		`call:measure{ threshold = 5 }`:                         "5 is not within -80 to 0 dBm0",
	} {
		t.Run(body, func(t *testing.T) {
			dir := t.TempDir()
			performWith(t, Options{FS: files("default.lua", sinkScript(body)), Recordings: dir}, nil, func(s *stage) {
				s.finish()
				if err := s.outcome.Err; err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("error %v, want %s", err, want)
				}
			})
		})
	}
	perform(t, sinkScript(`call:record("a.wav")`), func(s *stage) {
		s.finish()
		if err := s.outcome.Err; err == nil || !strings.Contains(err.Error(), "no folder of recordings is configured") {
			t.Errorf("error %v", err)
		}
	})
}

// TestSensitiveDigitsAreNotRecorded: what is heard while gather collects sensitive digits is silence in the recording.
func TestSensitiveDigitsAreNotRecorded(t *testing.T) {
	dir := t.TempDir()
	script := sinkScript(`call:record_start("a.wav") call:sleep(1) call:gather{ max = 2, sensitive = true, timeout = 10 } call:sleep(1) r = call:record_stop()`)
	performWith(t, Options{FS: files("default.lua", script), Recordings: dir}, nil, func(s *stage) {
		s.call.says(440, 10*time.Second)
		s.wait(4 * time.Second)
		s.call.press("12")
		s.finish()
	})
	raw, err := os.ReadFile(dir + "/a.wav")
	if err != nil {
		t.Fatal(err)
	}
	loud := func(from, to int) (n int) { // samples, of milliseconds
		for i := 44 + from*16; i < 44+to*16; i += 2 {
			if x := int16(raw[i]) | int16(raw[i+1])<<8; x > 1000 || x < -1000 {
				n++
			}
		}
		return n
	}
	if before, during, after := loud(200, 900), loud(1100, 3900), loud(4100, 4900); before < 1000 || during > 0 || after < 1000 {
		t.Errorf("loud samples: %d before, %d during, %d after", before, during, after)
	}
}

// errNoAnswer is what a disk says that does not answer, in the end.
var errNoAnswer = errors.New("no answer")

type stuckRecording struct{ done chan struct{} }

func (r stuckRecording) Done() <-chan struct{}    { return r.done }
func (stuckRecording) Stop(media.RecordReason)    {}
func (stuckRecording) Mask(bool)                  {}
func (stuckRecording) Result() media.RecordResult { return media.RecordResult{Err: errNoAnswer} }

// TestDiskThatDoesNotAnswer: the end of a call waits for its files, but not for ever.
func TestDiskThatDoesNotAnswer(t *testing.T) {
	script := sinkScript(`call:record("a.wav")`)
	performWith(t, Options{FS: files("default.lua", script), Recordings: t.TempDir()}, func(c *fakeCall) {
		c.stuck = &stuckRecording{make(chan struct{})}
	}, func(s *stage) {
		s.wait(time.Second)
		began := time.Now()
		s.call.hangUp(ByCaller)
		s.finish()
		if d := time.Since(began); d > 2*lastWords {
			t.Errorf("the end took %v", d)
		}
		s.expectLog("the disk does not answer")
	})
}

// TestToneEvents: call:on and call:wait tell of tones, each once; a call that asks for none looks for none.
func TestToneEvents(t *testing.T) {
	round := `local function got(why, ev) log.info(why, { name = ev.name, hz = math.floor(ev.hz + 0.5), level = math.floor(ev.level + 0.5), soon = ev.ms >= 100 and ev.ms < 160 }) end
`
	const soon = " soon=true at=default.lua:1"
	t.Run("on", func(t *testing.T) {
		perform(t, round+`
function on_tone(ev) got("on_tone", ev) end
function on_call(call)
  call:answer{ wait_ack = false }
  local remove = call:on("tone", on_tone)
  call:sleep(5)
  remove()
  call:sleep(5)
  call:hangup()
end`, func(s *stage) {
			s.call.says(440, 2*time.Second)
			s.wait(3 * time.Second)
			s.call.says(1004, time.Second)
			s.wait(4 * time.Second)
			s.call.says(2100, time.Second)
			s.finish()
			s.expectLog("name=tone hz=440 level=-10"+soon, "name=tone hz=1004 level=-10"+soon)
			s.expectNoLog("hz=2100", "level=ERROR")
			if n := strings.Count(s.log.String(), "msg=on_tone"); n != 2 {
				t.Errorf("%d tones told:\n%s", n, s.log)
			}
		})
	})
	t.Run("wait", func(t *testing.T) {
		perform(t, round+`
function on_call(call)
  call:answer{ wait_ack = false }
  got("first", call:wait("tone", "5s"))
  log.info("second", { ev = tostring(call:wait({ "dtmf", "tone" }, "5s")) })
  got("third", call:wait({ "dtmf", "tone" }, "5s"))
  call:hangup()
end`, func(s *stage) {
			s.wait(2 * time.Second)
			s.call.says(440, time.Minute)
			s.wait(6 * time.Second)
			s.call.says(1004, time.Minute)
			s.finish()
			s.expectLog("name=tone hz=440 level=-10"+soon, "ev=nil", "name=tone hz=1004 level=-10"+soon)
			for i, msg := range []string{"msg=first", "msg=second", "msg=third"} {
				if at := strings.Index(s.log.String(), msg); at < 0 || strings.Count(s.log.String()[:at], "\n") != i {
					t.Errorf("%s is not line %d of\n%s", msg, i+1, s.log)
				}
			}
		})
	})
	t.Run("nobody asks", func(t *testing.T) {
		perform(t, `function on_call(call) call:answer() call:on("dtmf", print) call:wait("hold", "1s") call:hangup() end function on_tone() end`, func(s *stage) {
			s.finish()
			if told := s.call.told(); strings.Contains(told, "tell tones") {
				t.Errorf("the call saw\n%s", told)
			}
		})
	})
}
