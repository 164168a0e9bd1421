package e2e

import (
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestDrain(t *testing.T) {
	s := start(t, "", "behavior.auto_answer_delay_ms=0", "behavior.tone_duration_seconds=3")
	done := make(chan string)
	go func() { // ends with the call, after 3 s of tone
		defer close(done)
		out, _ := command(t, time.Minute, binary, "call", "sip:test@127.0.0.1:"+s.port)
		done <- out
	}()
	eventually(t, 10*time.Second, "the call is answered", func() bool {
		_, h := s.status()
		return h["answered_calls"] == 1.0
	})
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	eventually(t, 5*time.Second, "health says draining", func() bool {
		code, h := s.status()
		return code == 503 && h["status"] == "draining"
	})
	if out, code := command(t, time.Minute, binary, "call", "sip:test@127.0.0.1:"+s.port); code != 1 || !strings.Contains(out, "503") {
		t.Errorf("a new call while draining: exit code %d, want 1 and a 503:\n%s", code, out)
	}
	if out := <-done; !strings.Contains(out, "for 3.0 s") {
		t.Errorf("the call in progress was cut:\n%s", out)
	}
	select {
	case err := <-s.exited:
		if err != nil {
			t.Errorf("exit: %v, want code 0", err)
		}
	case <-time.After(10 * time.Second):
		t.Error("the server goes on although its last call has ended")
	}
}

func TestSecondSignalEndsAtOnce(t *testing.T) {
	s := start(t, "", "behavior.auto_answer_delay_ms=0")
	done := make(chan string)
	go func() { // ends with the call, which the server ends
		defer close(done)
		out, _ := command(t, time.Minute, binary, "call", "sip:test@127.0.0.1:"+s.port)
		done <- out
	}()
	eventually(t, 10*time.Second, "the call is answered", func() bool {
		_, h := s.status()
		return h["answered_calls"] == 1.0
	})
	for range 2 {
		if err := s.cmd.Process.Signal(syscall.SIGINT); err != nil {
			t.Fatal(err)
		}
		eventually(t, 2*time.Second, "the signal is taken", func() bool { return strings.Contains(s.out.String(), "draining") })
	}
	select {
	case err := <-s.exited:
		if err != nil {
			t.Errorf("exit: %v, want code 0", err)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("the server goes on after the second signal")
	}
	if out := <-done; !strings.Contains(out, "BYE from far end") {
		t.Errorf("the call got no BYE:\n%s", out)
	}
}

func TestBadUsageIsExitCode2(t *testing.T) {
	if testing.Short() {
		t.Skip("end-to-end test in -short mode")
	}
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"sevre"}, `unknown command "sevre"`},
		{[]string{"--prot", "5"}, "unknown flag: --prot"},
		{[]string{"--set", "sip.prot=5"}, "sip.prot: unknown key, did you mean sip.port?"},
		{[]string{"--config", "/nowhere.toml"}, "open /nowhere.toml"},
		{[]string{"--set", "media.rtp_port_range_start=20000"}, "holds no pair"},
		{[]string{"call"}, "SIP-URI"},
		{[]string{"call", "test@127.0.0.1"}, "sip:"},
		{[]string{"call", "--dtmf", "1", "--dtmf-via", "sound", "sip:test@127.0.0.1"}, `--dtmf-via: "sound" is not a way: write rfc4733, info or inband`},
		{[]string{"--drain", "soon"}, "--drain"},
	} {
		out, code := command(t, 10*time.Second, binary, tt.args...)
		if code != 2 || !strings.Contains(out, tt.want) {
			t.Errorf("offhook %s: exit code %d, want 2 and %q:\n%s", strings.Join(tt.args, " "), code, tt.want, out)
		}
	}
}

func TestAPortInUseIsExitCode1(t *testing.T) {
	s := start(t, "")
	out, code := command(t, 10*time.Second, binary, "--set", "sip.bind_address=127.0.0.1", "--port", s.port, "--health-port", "0", "--set", "control.socket=")
	if code != 1 || !strings.Contains(out, "127.0.0.1:"+s.port) || !strings.Contains(out, "in use") {
		t.Errorf("exit code %d, want 1 and the address:\n%s", code, out)
	}
}
