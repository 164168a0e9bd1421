package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// dtmfLine is the shipped DTMF test line.
func dtmfLine(t *testing.T) string {
	t.Helper()
	script, err := os.ReadFile("../../../scripts/dtmf.lua")
	if err != nil {
		t.Fatal(err)
	}
	return string(script)
}

// keysRead are the keys that the test line logged, each with how it came.
func keysRead(s *server) string {
	var read []string
	for _, l := range s.out.lines("digit") {
		read = append(read, fmt.Sprintf("%v:%v", l["digit"], l["via"]))
	}
	return strings.Join(read, " ")
}

// Two Offhooks: keys in each way, and as sound in each codec.
func TestTwoOffhooksKeys(t *testing.T) {
	for _, c := range []struct{ via, codec string }{
		{"rfc4733", "PCMU"}, {"info", "PCMU"}, {"inband", "PCMU"}, {"inband", "PCMA"}, {"inband", "G722"}, {"inband", "L16/8000"}, {"inband", "L16/16000"},
	} {
		t.Run(c.via+" "+strings.ReplaceAll(c.codec, "/", "-"), func(t *testing.T) {
			t.Parallel()
			s := start(t, dtmfLine(t), "media.preferred_codecs=PCMU,PCMA,G722,L16/8000,L16/16000")
			out, code := command(t, time.Minute, binary, "call", "--codec", c.codec, "--dtmf", "15w5#D", "--dtmf-via", c.via, "sip:test@127.0.0.1:"+s.port)
			if code != 0 {
				t.Fatalf("exit code %d:\n%s", code, out)
			}
			want := strings.ReplaceAll("1:x 5:x 5:x #:x D:x", "x", c.via)
			if got := keysRead(s); got != want {
				t.Errorf("read %s, want %s\n%s", got, want, out)
			}
		})
	}
}

// baresip says the keys, as sox makes them, in a call without telephone-event.
func TestBaresipSaysKeys(t *testing.T) {
	path := peer(t, "baresip")
	s := start(t, dtmfLine(t), "media.enable_dtmf=false")
	dir := baresipConfig(t, "pcma", "")
	baresipPlays(t, dir, soxKeys(t, dir))
	cmd := exec.Command(path, "-f", dir, "-e", "d sip:test@127.0.0.1:"+s.port, "-t", "8")
	cmd.Dir = dir
	log := newOutput()
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Run(); err != nil && cmd.ProcessState.ExitCode() < 0 {
		t.Fatalf("baresip: %v\n%s", err, log)
	}
	if got, want := keysRead(s), "4:inband 7:inband 7:inband *:inband"; got != want {
		t.Errorf("read %s, want %s\n%s", got, want, log)
	}
}

// soxKeys is a WAV file of 4, 7, 7 and * after a second of silence, and of much silence at the end.
func soxKeys(t *testing.T, dir string) string {
	t.Helper()
	run := func(args ...string) {
		t.Helper()
		if out, code := command(t, time.Minute, peer(t, "sox"), args...); code != 0 {
			t.Fatalf("sox: exit code %d\n%s", code, out)
		}
	}
	join := []string{}
	for i, hz := range [][2]string{{"770", "1209"}, {"852", "1209"}, {"852", "1209"}, {"941", "1209"}} {
		key := filepath.Join(dir, fmt.Sprintf("key%d.wav", i))
		pad := []string{"pad", "0", "0.1"}
		switch i {
		case 0:
			pad = []string{"pad", "1", "0.1"}
		case 3:
			pad = []string{"pad", "0", "20"}
		}
		run(append([]string{"-n", "-r", "8000", "-c", "1", "-b", "16", key, "synth", "0.08", "sine", hz[0], "synth", "sine", "mix", hz[1], "gain", "-10"}, pad...)...)
		join = append(join, key)
	}
	keys := filepath.Join(dir, "keys.wav")
	run(append(join, keys)...)
	return keys
}
