package e2e

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// measured is what `offhook call --json` says.
type measured struct {
	Result   string  `json:"result"`
	Answered float64 `json:"answered_after_seconds"`
	Codec    string  `json:"codec"`
	Tone     struct {
		Hz      float64 `json:"hz"`
		DBm0    float64 `json:"dbm0"`
		Seconds float64 `json:"seconds"`
	} `json:"tone"`
	Received struct {
		Packets  int     `json:"packets"`
		Lost     int     `json:"lost"`
		JitterMs float64 `json:"jitter_ms"`
	} `json:"received"`
	EndedBy string `json:"ended_by"`
}

// The default call as a user makes it: two Offhooks, 30 s of tone.
func TestTwoOffhooksTheDefaultCall(t *testing.T) {
	s := start(t, "")
	out, code := command(t, time.Minute, binary, "call", "--json", "--expect-tone", "440", "sip:test@127.0.0.1:"+s.port)
	if code != 0 {
		t.Fatalf("exit code %d:\n%s", code, out)
	}
	var m measured
	if err := json.Unmarshal([]byte(out), &m); err != nil {
		t.Fatalf("%v:\n%s", err, out)
	}
	if math.Abs(m.Answered-1) > 0.1 || m.Codec != "PCMU" || math.Abs(m.Tone.Hz-440) > 0.1 || math.Abs(m.Tone.DBm0+10) > 0.2 ||
		math.Abs(m.Tone.Seconds-30) > 0.05 || m.Received.Packets != 1500 || m.Received.Lost != 0 || m.EndedBy != "far end" {
		t.Errorf("measured %+v\n%s", m, out)
	}
	eventually(t, 5*time.Second, "the server logs 1500 packets sent", func() bool {
		for _, l := range s.out.lines("call ended") {
			return l["sent"] == 1500.0
		}
		return false
	})
}

// Every other codec there is, measured and recorded at its own sample rate.
func TestTwoOffhooksEveryCodec(t *testing.T) {
	s := start(t, "", "behavior.auto_answer_delay_ms=0", "behavior.tone_frequency=1000", "behavior.tone_duration_seconds=2",
		"media.preferred_codecs=PCMU,PCMA,G722,L16/8000,L16/16000")
	for codec, rate := range map[string]float64{"PCMA": 8000, "G722": 16000, "L16/8000": 8000, "L16/16000": 16000} {
		t.Run(strings.ReplaceAll(codec, "/", "-"), func(t *testing.T) {
			wav := filepath.Join(t.TempDir(), "out.wav")
			out, code := command(t, time.Minute, binary, "call", "--json", "--codec", codec, "--expect-tone", "1000", "--record", wav, "sip:test@127.0.0.1:"+s.port)
			var m measured
			if err := json.Unmarshal([]byte(out), &m); err != nil || code != 0 {
				t.Fatalf("exit code %d, %v:\n%s", code, err, out)
			}
			if m.Codec != codec || math.Abs(m.Tone.Hz-1000) > 0.1 || math.Abs(m.Tone.DBm0+10) > 0.2 || math.Abs(m.Tone.Seconds-2) > 0.05 ||
				m.Received.Packets != 100 || m.Received.Lost != 0 {
				t.Errorf("measured %+v\n%s", m, out)
			}
			if hz := soxFrequency(t, wav, rate); math.Abs(hz-1000) > 5 {
				t.Errorf("sox hears %g Hz in the recording, want 1000", hz)
			}
		})
	}
}

func TestCallExpectationFails(t *testing.T) {
	s := start(t, "", "behavior.auto_answer_delay_ms=0", "behavior.tone_duration_seconds=1")
	out, code := command(t, time.Minute, binary, "call", "--expect-tone", "1000", "sip:test@127.0.0.1:"+s.port)
	if code != 1 || !strings.Contains(out, "440.0 Hz") {
		t.Errorf("exit code %d, want 1:\n%s", code, out)
	}
}

// soxFrequency is the frequency of a recording in Hz, from sox's rough estimate; rate is its sample rate. The estimate is the mean
// slope of the waveform against its mean level, sin(π·f/rate)·rate/π for a sine: at 8 kHz low by 2 Hz at 440 Hz and by 25 Hz at 1000 Hz.
func soxFrequency(t *testing.T, wav string, rate float64) float64 {
	t.Helper()
	// the middle second only: the estimate is over the whole file, and silence at its ends would count
	out, code := command(t, time.Minute, peer(t, "sox"), wav, "-n", "trim", "0.5", "1", "stat")
	m := regexp.MustCompile(`Rough +frequency: +(\d+)`).FindStringSubmatch(out)
	if code != 0 || m == nil {
		t.Fatalf("sox: exit code %d\n%s", code, out)
	}
	rough, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		t.Fatal(err)
	}
	return math.Asin(rough*math.Pi/rate) * rate / math.Pi
}

// baresip calls, listens for some seconds and hangs up; its sndfile module
// writes what it decoded.
func TestBaresipRecordsTheTone(t *testing.T) {
	path := peer(t, "baresip")
	s := start(t, "", "behavior.auto_answer_delay_ms=200", "media.preferred_codecs=PCMU,PCMA,G722,L16/8000,L16/16000")
	for codec, rate := range map[string]float64{"pcmu/8000/1": 8000, "pcma/8000/1": 8000, "g722/16000/1": 16000, "l16/16000/1": 16000} {
		t.Run(strings.ReplaceAll(codec, "/", "-"), func(t *testing.T) {
			dir := baresipConfig(t, codec, "")
			baresipHears(t, path, dir, s.port, "5", 440, rate)
			name, _, _ := strings.Cut(strings.ToUpper(codec), "/")
			eventually(t, 5*time.Second, "the server logs the codec "+name, func() bool {
				return slices.ContainsFunc(s.out.lines("answered"), func(l map[string]any) bool { return strings.HasPrefix(fmt.Sprint(l["codec"]), name) })
			})
		})
	}
}

// TestBaresipSRTP is TestBaresipRecordsTheTone with SRTP, offered as RTP/AVP and as RTP/SAVP with a=crypto.
func TestBaresipSRTP(t *testing.T) {
	path := peer(t, "baresip")
	s := start(t, "", "behavior.auto_answer_delay_ms=200", "media.srtp=required")
	for i, encryption := range []string{"srtp", "srtp-mand"} {
		t.Run(encryption, func(t *testing.T) {
			dir := baresipConfig(t, "pcmu", ";mediaenc="+encryption)
			baresipSpeaks(t, dir)
			baresipHears(t, path, dir, s.port, "5", 440, 8000)
			eventually(t, 5*time.Second, "the server logs the suite and what baresip sent", func() bool {
				ended := s.out.lines("call ended")
				return len(ended) > i && ended[i]["srtp"] != nil && ended[i]["received"].(float64) > 100
			})
		})
	}
}

// baresipSpeaks has the baresip of a configuration folder send a tone: over aubridge it sends nothing.
func baresipSpeaks(t *testing.T, dir string) {
	t.Helper()
	wav := filepath.Join(dir, "speech.wav")
	if out, code := command(t, time.Minute, peer(t, "sox"), "-n", "-r", "8000", "-c", "1", "-b", "16", wav, "synth", "20", "sine", "600"); code != 0 {
		t.Fatalf("sox: exit code %d\n%s", code, out)
	}
	baresipPlays(t, dir, wav)
}

// baresipPlays has the baresip of a configuration folder speak a WAV file.
func baresipPlays(t *testing.T, dir, wav string) {
	t.Helper()
	config := filepath.Join(dir, "config")
	text, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	with := strings.Replace(string(text), "audio_source aubridge,phone\n", "audio_source aufile,"+wav+"\nmodule aufile.so\n", 1)
	if err := os.WriteFile(config, []byte(with), 0o600); err != nil {
		t.Fatal(err)
	}
}

// baresipHears has a baresip call for some seconds and record, at a sample rate in Hz, and wants a tone of hz in it.
func baresipHears(t *testing.T, path, dir, port, seconds string, hz, rate float64) {
	t.Helper()
	cmd := exec.Command(path, "-f", dir, "-e", "d sip:test@127.0.0.1:"+port, "-t", seconds)
	cmd.Dir = dir
	log := newOutput()
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Run(); err != nil && cmd.ProcessState.ExitCode() < 0 {
		t.Fatalf("baresip: %v\n%s", err, log)
	}
	dumps, _ := filepath.Glob(filepath.Join(dir, "dump-*-dec.wav"))
	if len(dumps) != 1 {
		t.Fatalf("baresip recorded %d files:\n%s", len(dumps), log)
	}
	if heard := soxFrequency(t, dumps[0], rate); math.Abs(heard-hz) > 3 {
		t.Errorf("sox hears %g Hz in what baresip decoded, want %g\n%s", heard, hz, log)
	}
}

// baresipConfig writes a configuration folder for a baresip without sound
// hardware that prefers one codec; parameters are more of its account.
func baresipConfig(t *testing.T, codec, parameters string) string {
	t.Helper()
	dir := t.TempDir()
	modules := "/usr/lib/baresip/modules"
	// what it hears goes back to it over aubridge: there is no sound hardware
	config := fmt.Sprintf(`sip_listen 127.0.0.1:0
net_interface 127.0.0.1
audio_player aubridge,phone
audio_source aubridge,phone
audio_alert aubridge,alert
module_path %s
module g711.so
module g722.so
module l16.so
module aubridge.so
module sndfile.so
module srtp.so
module_app account.so
module_app menu.so
snd_path %s
rtp_ports 40000-41000
`, modules, dir)
	files := map[string]string{
		"config":   config,
		"accounts": fmt.Sprintf("<sip:baresip@127.0.0.1;transport=udp>;regint=0;audio_codecs=%s%s\n", codec, parameters),
		"contacts": "",
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
