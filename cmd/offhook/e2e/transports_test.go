package e2e

import (
	"crypto/tls"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"offhook/core/transport/certtest"
)

// everywhere is a server on all transports, on free ports of 127.0.0.1, with a certificate of that authority.
type everywhere struct {
	*server
	ca        *certtest.Authority
	cert, key string
	ports     map[string]string // by transport
}

func startEverywhere(t *testing.T, files map[string]string) *everywhere {
	t.Helper()
	e := &everywhere{ca: certtest.NewAuthority(t), ports: map[string]string{}}
	e.cert, e.key = e.ca.Issue("127.0.0.1")
	e.server = startFiles(t, files, "sip.transport=udp,tcp,tls,ws,wss", "sip.tls_port=0", "sip.ws_port=0", "sip.wss_port=0",
		"tls.certificate="+e.cert, "tls.key="+e.key)
	for _, transport := range []string{"udp", "tcp", "tls", "ws", "wss"} {
		e.ports[transport] = e.find(`SIP +` + transport + ` 127\.0\.0\.1:(\d+)`)
	}
	return e
}

const answerAtOnce = `
function on_call(call)
  log.info("from " .. call.source.transport)
  call:answer()
  call:tone(1000, { duration = 2.5 })
  call:hangup()
end
`

// TestOffhookCallsOverEveryTransport: a call with media over each, with the certificate verified where there is one.
func TestOffhookCallsOverEveryTransport(t *testing.T) {
	s := startEverywhere(t, map[string]string{"default.lua": answerAtOnce})
	for transport, port := range s.ports {
		t.Run(transport, func(t *testing.T) {
			out, code := command(t, time.Minute, binary, "call", "--json", "--ca", s.ca.File, "--expect-tone", "1000", "--max", "2s", "--transport", transport, "sip:test@127.0.0.1:"+port)
			var result struct{ Failure string }
			if err := json.Unmarshal([]byte(out), &result); err != nil || code != 0 {
				t.Fatalf("exit code %d, %v\n%s", code, err, out)
			}
			if log := s.out.String(); !strings.Contains(log, "from "+strings.ToUpper(transport)) && !strings.Contains(log, "from "+transport) {
				t.Errorf("the script saw no call over %s", transport)
			}
		})
	}
	for _, transport := range []string{"tls", "wss"} {
		uri := "sip:test@127.0.0.1:" + s.ports[transport] + ";transport=" + transport
		if out, code := command(t, time.Minute, binary, "call", uri); code != 1 || !strings.Contains(out, "certificate signed by unknown authority") {
			t.Errorf("%s, an unknown authority: exit code %d\n%s", transport, code, out)
		}
		if out, code := command(t, time.Minute, binary, "call", "--insecure", "--max", "100ms", uri); code != 0 {
			t.Errorf("%s, --insecure: exit code %d\n%s", transport, code, out)
		}
	}
	if out, code := command(t, time.Minute, binary, "call", "--ca", s.ca.File, "--max", "100ms", "sips:test@127.0.0.1:"+s.ports["tls"]); code != 0 {
		t.Errorf("sips: exit code %d\n%s", code, out)
	}
}

// TestBaresipOverStreams has baresip verify our certificate and hear our tone.
func TestBaresipOverStreams(t *testing.T) {
	path := peer(t, "baresip")
	peer(t, "sox")
	s := startEverywhere(t, map[string]string{"default.lua": answerAtOnce})
	for _, transport := range []string{"udp", "tcp", "tls"} { // Debian's has no WebSocket
		port := s.ports[transport]
		t.Run(transport, func(t *testing.T) {
			dir := baresipConfig(t, "pcmu", "")
			edit(t, filepath.Join(dir, "accounts"), ";transport=udp", ";transport="+transport)
			edit(t, filepath.Join(dir, "config"), "net_interface", "sip_cafile "+s.ca.File+"\nsip_verify_server yes\nnet_interface")
			baresipHears(t, path, dir, port+";transport="+transport, "4", 1000, 8000)
		})
	}
}

func edit(t *testing.T, file, old, with string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), old) {
		t.Fatalf("%s has no %q", file, old)
	}
	if err := os.WriteFile(file, []byte(strings.Replace(string(text), old, with, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestCertificateRenewed: SIGHUP takes the new one, and leaves the old one where the new one is broken.
func TestCertificateRenewed(t *testing.T) {
	s := startEverywhere(t, map[string]string{"default.lua": answerAtOnce})
	shown := func() string {
		t.Helper()
		conn, err := tls.Dial("tcp", "127.0.0.1:"+s.ports["tls"], &tls.Config{InsecureSkipVerify: true})
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		return conn.ConnectionState().PeerCertificates[0].Subject.CommonName
	}
	hangup := func() {
		t.Helper()
		if err := s.cmd.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
	}
	if got := shown(); got != "127.0.0.1" {
		t.Fatalf("shows %s", got)
	}
	s.ca.Renew(s.cert, s.key, "renewed.example.com")
	hangup()
	eventually(t, 10*time.Second, "the new certificate", func() bool { return shown() == "renewed.example.com" })
	if err := os.WriteFile(s.key, []byte("no key"), 0o600); err != nil {
		t.Fatal(err)
	}
	hangup()
	s.find(`certificate not loaded, the one before stays in use.*(` + s.key + `)`)
	if got := shown(); got != "renewed.example.com" {
		t.Errorf("shows %s", got)
	}
}

// TestListeners: blocks besides the [sip] section, on IPv6 too, each with its own advertised address.
func TestListeners(t *testing.T) {
	s := startFiles(t, map[string]string{"default.lua": answerAtOnce, "offhook.toml": `
[sip]
local_nets = []
[[listener]]
transport = "udp"
bind_address = "::1"
port = 0
[[listener]]
transport = "tcp"
port = 0
external_ip = "203.0.113.5:5070"
`})
	v6, tcp := s.find(`SIP +udp \[::1\]:(\d+)`), s.find(`(?s)SIP +udp \[::1\].*SIP +tcp 127\.0\.0\.1:(\d+)`)
	if out, code := command(t, time.Minute, binary, "call", "--expect-tone", "1000", "--max", "2s", "sip:test@[::1]:"+v6); code != 0 {
		t.Errorf("IPv6: exit code %d\n%s", code, out)
	}
	out, _ := command(t, time.Minute, binary, "call", "-v", "--max", "100ms", "sip:test@127.0.0.1:"+tcp+";transport=tcp")
	if !strings.Contains(out, "200") {
		t.Errorf("TCP:\n%s", out)
	}
}

// TestMissingCertificate: the error names the place and the file.
func TestMissingCertificate(t *testing.T) {
	file := filepath.Join(t.TempDir(), "offhook.toml")
	if err := os.WriteFile(file, []byte("[sip]\ntransport = \"tls\"\n[tls]\ncertificate = \"nowhere.pem\"\nkey = \"nowhere.key\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, code := command(t, time.Minute, binary, "serve", "--config", file)
	if code != 2 || !strings.Contains(out, file+":4: tls.certificate: certificate nowhere.pem with key nowhere.key: open nowhere.pem: no such file") {
		t.Errorf("exit code %d\n%s", code, out)
	}
}
