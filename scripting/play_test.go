package scripting

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"offhook/media/wav"
)

// record makes a WAV file of silence.
func record(t *testing.T, path string, length time.Duration) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(path), 0o755))
	f, err := os.Create(path)
	must(t, err)
	w, err := wav.NewWriter(f, 8000)
	must(t, err)
	must(t, w.Write(make([]int16, length.Milliseconds()*8)), w.Close(), f.Close())
}

// soundsFolder has one.wav (1 s), two.wav (2 s) and de/one.wav (3 s), and links that lead out of it.
func soundsFolder(t *testing.T) string {
	t.Helper()
	parent := t.TempDir()
	dir := filepath.Join(parent, "sounds")
	record(t, filepath.Join(parent, "secret.wav"), time.Second)
	record(t, filepath.Join(dir, "one.wav"), time.Second)
	record(t, filepath.Join(dir, "two.wav"), 2*time.Second)
	record(t, filepath.Join(dir, "de", "one.wav"), 3*time.Second)
	must(t, os.Symlink("../secret.wav", filepath.Join(dir, "out.wav")), os.Symlink("one.wav", filepath.Join(dir, "in.wav")))
	must(t, os.WriteFile(filepath.Join(dir, "text.wav"), []byte("no sound"), 0o644))
	return dir
}

func TestPlay(t *testing.T) {
	cases := []struct {
		name, script string
		do           func(s *stage)
		saw          []string // after the answer
		log          string
	}{
		{name: "one", script: `call:play("one.wav")`, saw: []string{"0s play 1s", "1s play done"}, log: "status=done position=1"},
		{name: "a list", script: `call:play({ "one.wav", "de/one.wav" })`, saw: []string{"0s play 4s", "4s play done"}, log: "status=done position=4"},
		{name: "a loop", script: `call:play("in.wav", { loop = 2 })`, saw: []string{"0s play 2s", "2s play done"}, log: "status=done position=2"},
		{name: "a loop without end", script: `call:play("one.wav", { loop = true, max = "10s" })`, saw: []string{"0s play 0s", "10s play stopped"}, log: "status=timeout position=10"},
		{name: "a list without end", script: `call:play({ "one.wav", "two.wav" }, { loop = true, max = "3500ms" })`,
			saw: []string{"0s play 0s", "3.5s play stopped"}, log: "status=timeout position=3.5"},
		{name: "a list in the background", script: `call:start({ "one.wav", "two.wav" }):wait()`, saw: []string{"0s play 3s", "3s play done"}, log: "status=done position=3"},
		{name: "once, as false", script: `call:play("one.wav", { loop = false })`, saw: []string{"0s play 1s", "1s play done"}, log: "status=done position=1"},
		{name: "from", script: `call:play("two.wav", { from = "1500ms", volume = -6 })`, saw: []string{"0s play 500ms", "500ms play done"}, log: "status=done position=2"},
		{name: "from, in a loop", script: `call:play("two.wav", { from = 1, loop = 2 })`, saw: []string{"0s play 3s", "3s play done"}, log: "status=done position=4"},
		{name: "from, in a list", script: `call:play({ "one.wav", "two.wav" }, { from = "1250ms" })`, saw: []string{"0s play 1.76s", "1.76s play done"}, log: "status=done"},
		{name: "from beyond the end", script: `call:play("one.wav", { from = 5 })`, saw: []string{}, log: "status=done position=5"},
		{name: "no longer than", script: `call:play({ "one.wav", "two.wav" }, { max = "2500ms" })`,
			saw: []string{"0s play 3s", "2.5s play stopped"}, log: "status=timeout position=2.5"},
		{name: "barge", script: `call:play({ "one.wav", "two.wav" }, { barge = true })`, do: func(s *stage) { s.wait(1500 * time.Millisecond); s.call.press("4") },
			saw: []string{"0s play 3s", "1.5s play stopped"}, log: "status=barge digit=4 position=1.5"},
		{name: "prompt of gather", script: `{ digits = call:gather{ prompt = "two.wav", max = 2 } }`, do: func(s *stage) { s.wait(time.Second); s.call.press("42") },
			saw: []string{"0s play 2s", "1s play stopped"}, log: "digits=42"},
		{name: "prompt that no digit ends", script: `{ digits = call:gather{ prompt = "two.wav", max = 2, barge = false } }`, do: func(s *stage) { s.wait(time.Second); s.call.press("42") },
			saw: []string{"0s play 2s", "2s play done"}, log: "digits=42"},
		{name: "prompts of gather", script: `{ digits = call:gather{ prompt = "one.wav", invalid = "two.wav", max = 1, match = "1", tries = 2, timeout = 1 } }`,
			do: func(s *stage) {
				s.wait(500 * time.Millisecond)
				s.call.press("9")
				s.wait(3500 * time.Millisecond)
				s.call.press("1")
			},
			saw: []string{"0s play 1s", "500ms play stopped", "500ms play 2s", "2.5s play done", "2.5s play 1s", "3.5s play done"}, log: "digits=1"},
	}
	dir := soundsFolder(t)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			script := "function on_call(call) call:answer{ wait_ack = false } log.info('got', " + c.script + ") call:hangup() end"
			performWith(t, Options{FS: files("default.lua", script), Sounds: dir}, nil, func(s *stage) {
				if c.do != nil {
					c.do(s)
				}
				s.finish()
				end := s.outcome.Ending.Duration.String() + ` hangup 16 ""`
				s.expect(append(append([]string{"0s answer []"}, c.saw...), end)...)
				s.expectLog(c.log)
			})
		})
	}
}

func TestPlayStaysInTheFolder(t *testing.T) {
	dir := soundsFolder(t)
	for name, want := range map[string]string{
		"../secret.wav":                        "is not a path below the folder of sounds",
		"de/../../secret.wav":                  "is not a path below the folder of sounds",
		filepath.Join(dir, "..", "secret.wav"): "is not a path below the folder of sounds",
		filepath.Join(dir, "one.wav"):          "is not a path below the folder of sounds",
		"out.wav":                              "escapes",
		"missing.wav":                          "missing.wav",
		"text.wav":                             "text.wav",
		"":                                     "is not a path below",
		"de":                                   "de",
		"one.wav\x00":                          "one.wav",
	} {
		t.Run(name, func(t *testing.T) {
			script := "function on_call(call)\n  call:play(config.get('name'))\nend"
			o := Options{FS: files("default.lua", script), Sounds: dir, Config: func(_, _ string) (any, bool) { return name, true }}
			performWith(t, o, nil, func(s *stage) {
				s.finish()
				if err := s.outcome.Err; err == nil || !contains(err.Error(), "default.lua:2: call:play: sound ", want) {
					t.Errorf("got %v, want %q", err, want)
				}
			})
		})
	}
}
