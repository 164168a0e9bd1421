package e2e

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// answersTrunk answers and says which trunk the call came in on.
const answersTrunk = `function on_call(call)
	log.info("on trunk", {trunk = call.trunk or "none", did = call.did})
	call:answer()
	call:sleep(2)
	call:hangup()
end`

// trunk is the part of /health about the first trunk.
func (s *server) trunk() map[string]any {
	s.t.Helper()
	_, h := s.status()
	trunks, _ := h["trunks"].([]any)
	if len(trunks) == 0 {
		s.t.Fatalf("/health shows no trunk: %v", h)
	}
	return trunks[0].(map[string]any)
}

func TestSIPpDigest(t *testing.T) {
	s := startFiles(t, map[string]string{"default.lua": answersTrunk, "offhook.toml": `
[[trunk]]
name = "carrier"
source = "127.0.0.0/8"
auth = { user = "sipp", password_env = "OFFHOOK_E2E_PASSWORD" }
codecs = ["PCMA"]
`}, "sip.require_trunk=true")
	sipp(t, s, time.Minute, "-sf", scenario(t, "digest.xml"), "-m", "10", "-r", "10", "-au", "sipp", "-ap", e2ePassword).clean(t, 10)
	if r := sipp(t, s, time.Minute, "-sf", scenario(t, "digest.xml"), "-m", "1", "-au", "sipp", "-ap", "wrong"); r.failed != 1 {
		t.Errorf("a wrong password: SIPp: exit code %d, %d failed\n%s", r.code, r.failed, r.out)
	}
	eventually(t, 5*time.Second, "health and metrics tell of them", func() bool {
		trunk := s.trunk()
		return trunk["total_calls"] == 10.0 && trunk["active_calls"] == 0.0 &&
			trunk["unauthorized_calls"].(float64) >= 1 && // copies of a refused INVITE count again: nothing is kept of it
			strings.Contains(s.metrics(), `offhook_trunk_calls_total{trunk="carrier"} 10`)
	})
	if lines := s.out.lines("on trunk"); len(lines) != 10 || lines[0]["trunk"] != "carrier" {
		t.Errorf("%d calls, of trunk %v", len(lines), lines)
	}
	if strings.Contains(s.out.String(), e2ePassword) {
		t.Error("the password is in the log")
	}
}

// A phone with a password, which may come from anywhere.
func TestBaresipDigest(t *testing.T) {
	path := peer(t, "baresip")
	s := startFiles(t, map[string]string{"default.lua": tone440, "offhook.toml": `
[[trunk]]
name = "phones"
auth = { user = "phone", password_env = "OFFHOOK_E2E_PASSWORD" }
`})
	dir := baresipConfig(t, "pcmu/8000/1", ";auth_user=phone;auth_pass="+e2ePassword)
	baresipHears(t, path, dir, s.port, "5", 440, 8000)
	if got := s.trunk()["total_calls"]; got != 1.0 {
		t.Errorf("%v calls of the trunk", got)
	}
}

const tone440 = `function on_call(call) call:answer() call:tone(440, {duration = 10}) end`

func TestOffhookCallsWithPassword(t *testing.T) {
	s := startFiles(t, map[string]string{"default.lua": answersTrunk, "offhook.toml": `
[[trunk]]
name = "carrier"
source = "127.0.0.1"
auth = { user = "us", password_env = "OFFHOOK_E2E_PASSWORD", algorithms = ["MD5", "SHA-512-256", "SHA-256"] }
`})
	uri := "sip:test@127.0.0.1:" + s.port
	if out, code := command(t, time.Minute, binary, "call", "--user", "us", "--password", e2ePassword, uri); code != 0 || strings.Contains(out, e2ePassword) {
		t.Errorf("exit code %d\n%s", code, out)
	}
	for _, args := range [][]string{{}, {"--user", "us", "--password", "wrong"}, {"--user", "them", "--password", e2ePassword}} {
		if out, code := command(t, time.Minute, binary, append(append([]string{"call"}, args...), uri)...); code != 1 || !strings.Contains(out, "401") {
			t.Errorf("%q: exit code %d, want 1 and a 401\n%s", args, code, out)
		}
	}
}

// kamailio is a registrar and proxy that runs until the test ends; see testdata/kamailio.cfg.
func kamailio(t *testing.T, algorithm string) (port string) {
	t.Helper()
	port, _ = startKamailio(t, "kamailio.cfg", "ALGORITHM", algorithm)
	return port
}

// startKamailio starts one with a file of testdata, in which PORT and what else is given are replaced.
func startKamailio(t *testing.T, file string, replace ...string) (port string, log *output) {
	t.Helper()
	path := peer(t, "kamailio")
	text, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port = strconv.Itoa(conn.LocalAddr().(*net.UDPAddr).Port)
	conn.Close()
	dir := t.TempDir()
	config := filepath.Join(dir, "kamailio.cfg")
	replaced := strings.NewReplacer(append(replace, "PORT", port)...).Replace(string(text))
	if err := os.WriteFile(config, []byte(replaced), 0o600); err != nil {
		t.Fatal(err)
	}
	return port, runKamailio(t, path, config)
}

// runKamailio runs Kamailio with this configuration until the test ends.
func runKamailio(t *testing.T, path, config string) *output {
	t.Helper()
	dir := filepath.Dir(config)
	cmd := exec.Command(path, "-f", config, "-DD", "-E", "-m", "32", "-M", "4", "-Y", dir)
	log := newOutput()
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM) // it ends its own processes
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("kamailio:\n%s", log)
		}
	})
	return log
}

// Offhook registers with Kamailio, the first registrar of the list being dead; a call through Kamailio, which wants a
// password of the caller and stays in the dialog with Record-Route, comes in on the trunk; the end takes the binding away.
func TestRegisterWithKamailio(t *testing.T) {
	for _, algorithm := range []string{"MD5", "SHA-256"} {
		t.Run(algorithm, func(t *testing.T) {
			port := kamailio(t, algorithm)
			registrar := "sip:127.0.0.1:" + port
			s := startFiles(t, map[string]string{"default.lua": answersTrunk, "offhook.toml": `
[[trunk]]
name = "carrier"
account = { user = "us", password_env = "OFFHOOK_E2E_REGISTRAR" }
register = { registrar = ["sip:127.0.0.9:9", "` + registrar + `"], domain = "127.0.0.1", contact = "in", expires_seconds = 10 }
`}, "sip.require_trunk=true", "sip.t1_ms=20", "sip.t2_ms=80")
			eventually(t, 20*time.Second, "it is registered", func() bool {
				r, _ := s.trunk()["registration"].(map[string]any)
				return r["state"] == "registered" && r["registrar"] == registrar
			})
			if !strings.Contains(s.metrics(), `offhook_trunk_registered{trunk="carrier"} 1`) {
				t.Errorf("metrics:\n%s", s.metrics())
			}
			call := func(want int) string {
				out, code := command(t, time.Minute, binary, "call", "--from", "caller", "--user", "caller", "--password", "secret", "sip:us@127.0.0.1:"+port)
				if code != want {
					t.Fatalf("exit code %d, want %d\n%s", code, want, out)
				}
				return out
			}
			if out := call(0); !strings.Contains(out, "407") || !strings.Contains(out, "BYE from far end") {
				t.Errorf("the call:\n%s", out)
			}
			if lines := s.out.lines("on trunk"); len(lines) != 1 || lines[0]["trunk"] != "carrier" || lines[0]["did"] != "in" {
				t.Errorf("it came in as %v", lines)
			}
			if lines := s.out.lines("call ended"); len(lines) != 1 || lines[0]["trunk"] != "carrier" {
				t.Errorf("its end: %v", lines)
			}
			if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			s.find(`"msg":"unregistered","trunk":"carrier"`)
			if out := call(1); !strings.Contains(out, "404") {
				t.Errorf("a call after the end:\n%s", out)
			}
			if strings.Contains(s.out.String(), `"secret"`) {
				t.Errorf("the password is in the log")
			}
		})
	}
}
