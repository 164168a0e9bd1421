package main

import (
	"encoding/json"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"offhook/config"
)

// examined runs the doctor and returns the diagnoses of a check, by "result: detail (advice)".
func examined(t *testing.T, wantCode int, args ...string) func(check string) string {
	t.Helper()
	code, out, stderr := commandLine(append([]string{"doctor", "--json"}, args...)...)
	var all []diagnosis
	if err := json.Unmarshal([]byte(out), &all); err != nil || code != wantCode {
		t.Errorf("exit code %d, want %d; %v: %s%s", code, wantCode, err, out, stderr)
	}
	return func(check string) (found string) {
		for _, d := range all {
			if d.Check == check {
				found += d.Result + ": " + d.Detail + " (" + d.Advice + ")\n"
			}
		}
		return found
	}
}

// systemTools takes the programs away that tell of this machine, so that the tests are the same on all.
func systemTools(t *testing.T, scripts map[string]string) {
	t.Helper()
	bin := t.TempDir()
	for name, text := range scripts {
		if err := os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", bin)
}

func TestDoctorBesideAServer(t *testing.T) {
	systemTools(t, map[string]string{"ufw": "echo 'Status: active'"})
	a, socket := running(t, io.Discard, "sip.transport=udp,tcp")
	health := strconv.Itoa(a.console.Addr().(*net.TCPAddr).Port)
	args := []string{
		"--socket", socket, "--set", "sip.bind_address=127.0.0.1", "--set", "sip.port=" + strconv.Itoa(a.config.SIP.Port), "--set", "sip.transport=udp,tcp",
		"--set", "health.health_check_port=" + health, "--scripts", t.TempDir(),
	}
	write(t, args[len(args)-1], "default.lua", rejects)
	said := examined(t, 1, append(args, "--no-call")...) // ufw lets nothing through
	for check, want := range map[string]string{
		"server": "ok: pid " + strconv.Itoa(os.Getpid()) + ", 0 calls now, scripts generation 1", "SIP udp": "ok: 127.0.0.1:", "SIP tcp": "ok: 127.0.0.1:",
		"health": "ok: 127.0.0.1:" + health + " answers", "scripts": "ok: ", "RTP ports": "ok: 10000 to 20000 are 5000 pairs, for up to 100 calls; ",
		"address": "warn: 127.0.0.1: callers on this machine only", "firewall": "fail: ufw is active and lets through no " + strconv.Itoa(a.config.SIP.Port) + "/udp, no ",
	} {
		if got := said(check); !strings.HasPrefix(got, want) {
			t.Errorf("%s: got %q, want %q", check, got, want)
		}
	}
	a.pause(true)
	said = examined(t, 1, append(args, "--no-call")...)
	if got := said("SIP udp"); !strings.Contains(got, `OPTIONS gets "SIP/2.0 503 Service Unavailable"`) || !strings.HasPrefix(said("server"), "warn: ") {
		t.Errorf("a server that drains: %q, %q", said("server"), got)
	}
}

func TestDoctorAlone(t *testing.T) {
	systemTools(t, nil)
	t.Chdir(t.TempDir())
	l, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	taken := l.LocalAddr().(*net.UDPAddr).Port
	args := []string{"--socket", filepath.Join(t.TempDir(), "none"), "--set", "sip.bind_address=127.0.0.1", "--set", "health.health_check_port=0"}
	said := examined(t, 1, append(args, "--set", "sip.port="+strconv.Itoa(taken), "--set", "behavior.max_concurrent_calls=6000", "--no-call")...)
	for check, want := range map[string]string{
		"server": "ok: the ports are tried, as no server answers on ", "SIP udp": "fail: another program has udp 127.0.0.1:" + strconv.Itoa(taken),
		"health": "ok: any free port", "scripts": "warn: there is no folder scripts", "RTP ports": "fail: 10000 to 20000 are 5000 pairs, but 6000 calls are allowed",
		"firewall": "ok: no rules", "configuration": "ok: the defaults", "call": "",
	} {
		if got := said(check); !strings.HasPrefix(got, want) || want == "" && got != "" {
			t.Errorf("%s: got %q, want %q", check, got, want)
		}
	}
	write(t, ".", "default.lua", "function on_call(call) call:rign() end")
	said = examined(t, 1, append(args, "--scripts", ".", "--set", "sip.port=0", "--no-call")...)
	if got := said("scripts"); !strings.HasPrefix(got, `fail: default.lua:1:29: call has no "rign"; did you mean "ring"? ('offhook check'`) {
		t.Errorf("scripts: %q", got)
	}
	if got := examined(t, 1, "--set", "sip.prot=1")("configuration"); !strings.HasPrefix(got, "fail: flag --set: sip.prot: unknown key, did you mean sip.port?") {
		t.Errorf("configuration: %q", got)
	}
}

// TestDoctorCalls measures a call to a server of its own, whatever the scripts of the configuration do.
func TestDoctorCalls(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, ".", "default.lua", rejects)
	code, out, stderr := commandLine("doctor", "--socket", "", "--scripts", ".", "--set", "sip.port=0", "--set", "health.health_check_port=0", "--set", "sip.bind_address=127.0.0.1")
	if !strings.Contains(out, " · 440.0 Hz at -10.0 dBm0 for ") || !strings.Contains(out, "                    → ") || !strings.HasSuffix(out, " failures\n") {
		t.Errorf("exit code %d:\n%s%s", code, out, stderr)
	}
}

func TestMissingRules(t *testing.T) {
	c, err := config.Load(config.Options{Flags: []config.Flag{{Name: "--set", Key: "sip.transport", Value: "udp,tcp"}}})
	if err != nil {
		t.Fatal(err)
	}
	const head = "Status: active\n\nTo                         Action      From\n--                         ------      ----\n"
	for _, tt := range []struct {
		rules string
		want  []string
	}{
		{"", []string{"5060/udp", "5060/tcp", "10000:20000/udp"}},
		{"5060/udp                   ALLOW       Anywhere\n10000:20000/udp            ALLOW       Anywhere                   # offhook\n", []string{"5060/tcp"}},
		{"5060                       LIMIT       Anywhere\n10000:20000/udp            ALLOW       10.0.0.0/8\n", nil},
		{"5060                       DENY        Anywhere\n10000:20000/udp            ALLOW       Anywhere\n", []string{"5060/udp", "5060/tcp"}},
	} {
		if got := missingRules(head+tt.rules, c); !slices.Equal(got, tt.want) {
			t.Errorf("%q: got %v, want %v", tt.rules, got, tt.want)
		}
	}
}
