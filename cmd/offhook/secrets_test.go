package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"offhook/core/journal"
)

// farHomer takes HEP packets.
type farHomer struct {
	net.PacketConn
	mu      sync.Mutex
	packets [][]byte
}

func newFarHomer(t *testing.T) *farHomer {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := &farHomer{PacketConn: conn}
	var reading sync.WaitGroup
	reading.Go(func() { // ends when conn is closed
		buffer := make([]byte, 1<<16)
		for {
			n, _, err := conn.ReadFrom(buffer)
			if err != nil {
				return
			}
			h.mu.Lock()
			h.packets = append(h.packets, bytes.Clone(buffer[:n]))
			h.mu.Unlock()
		}
	})
	t.Cleanup(func() {
		conn.Close()
		reading.Wait()
	})
	return h
}

// all are the chunks of each packet, type → value, when there are n of them.
func (h *farHomer) all(t *testing.T, n int) (all []map[uint16]string) {
	t.Helper()
	soon(t, fmt.Sprintf("%d HEP packets", n), func() bool {
		h.mu.Lock()
		defer h.mu.Unlock()
		return len(h.packets) >= n
	})
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, p := range h.packets {
		if string(p[:4]) != "HEP3" || int(binary.BigEndian.Uint16(p[4:])) != len(p) {
			t.Fatalf("not a HEP3 packet: %q", p)
		}
		chunks := map[uint16]string{}
		for p = p[6:]; len(p) > 0; p = p[binary.BigEndian.Uint16(p[4:]):] {
			chunks[binary.BigEndian.Uint16(p[2:])] = string(p[6:binary.BigEndian.Uint16(p[4:])])
		}
		all = append(all, chunks)
	}
	return all
}

// soon waits until ok.
func soon(t *testing.T, what string, ok func() bool) {
	t.Helper()
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for deadline := time.After(20 * time.Second); !ok(); {
		select {
		case <-look.C:
		case <-deadline:
			t.Fatal(what + ": not in 20 s")
		}
	}
}

// logBuffer is a log that can be read while it is written to.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// Homer gets each message of a call, with its addresses, its time and its Call-ID.
func TestHomer(t *testing.T) {
	homer := newFarHomer(t)
	began := time.Now()
	a, _ := running(t, io.Discard, "behavior.auto_answer_delay_ms=0", "behavior.tone_duration_seconds=0.1",
		"journal.hep="+homer.LocalAddr().String(), "journal.hep_id=77", "journal.hep_password=homeward")
	if code, out, errs := commandLine("call", a.sip[0].uri()); code != 0 {
		t.Fatalf("exit code %d: %s%s", code, out, errs)
	}
	var calls []journal.Call
	soon(t, "the call ends", func() bool {
		calls = a.outside.journal.List(journal.Filter{State: "ended"})
		return len(calls) == 1
	})
	soon(t, "the last message is noted", func() bool {
		r, _ := a.outside.journal.Get(calls[0].ID)
		return strings.HasPrefix(r.Entries[len(r.Entries)-1].Text, "200 OK") || strings.HasPrefix(r.Entries[len(r.Entries)-2].Text, "200 OK")
	})
	record, _ := a.outside.journal.Get(calls[0].ID)
	var want []journal.Entry
	for _, e := range record.Entries {
		if e.Kind == journal.KindMessage {
			want = append(want, e)
		}
	}
	got := homer.all(t, len(want))
	if len(want) < 7 || len(got) != len(want) {
		t.Fatalf("%d packets, the journal has %d messages", len(got), len(want))
	}
	for i, e := range want {
		from, to := e.Peer.Remote, e.Peer.Local
		if e.Sent {
			from, to = to, from
		}
		c := got[i]
		at := time.Unix(int64(binary.BigEndian.Uint32([]byte(c[9]))), int64(binary.BigEndian.Uint32([]byte(c[10])))*1000)
		if c[15] != string(e.Raw) || c[3] != string(from.Addr().AsSlice()) || c[4] != string(to.Addr().AsSlice()) ||
			binary.BigEndian.Uint16([]byte(c[7])) != from.Port() || binary.BigEndian.Uint16([]byte(c[8])) != to.Port() ||
			c[1] != "\x02" || c[2] != "\x11" || c[11] != "\x01" || c[12] != "\x00\x00\x00\x4d" || c[14] != "homeward" || c[17] != calls[0].SIPCallID ||
			at.Before(began.Truncate(time.Millisecond)) || at.After(time.Now()) {
			t.Errorf("message %d, %s: chunks %v at %v", i, e.Text, c, at)
		}
	}
	scrape, err := http.Get("http://" + a.console.Addr().String() + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer scrape.Body.Close()
	if text, _ := io.ReadAll(scrape.Body); !strings.Contains(string(text), fmt.Sprintf("\noffhook_hep_messages_sent_total %d\n", len(want))) {
		t.Errorf("GET /metrics lacks the %d messages that were sent to Homer", len(want))
	}
}

const (
	pin      = "48127395"
	password = "open-sesame-7"
	ourKey   = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNk"
)

// secrets is what must be seen nowhere.
var secrets = regexp.MustCompile(`(?i)` + pin + `|` + password + `|response=\\?"[0-9a-f]|inline:[^*\s]|signal=\s*[0-9]`)

// TestSecretsStayInside: whoever reads logs, records, the journal, the console, a trace or Homer learns no password, no digest, no
// SRTP key and no digit that a script has called sensitive, whichever way it came.
func TestSecretsStayInside(t *testing.T) {
	homer, log, dir := newFarHomer(t), &logBuffer{}, t.TempDir()
	write(t, dir, "default.lua", `
function on_call(call)
  call:answer()
  local got = call:gather{ max = 8, sensitive = true, timeout = 10 }
  if got ~= "`+pin+`" then call:verdict("fail", "got " .. #got .. " digits") end
end`)
	write(t, dir, "offhook.toml", "[[trunk]]\nname = \"t\"\nauth = { user = \"alice\", password = \""+password+"\" }\n")
	records := filepath.Join(dir, "records")
	set := []string{"scripting.dir=" + dir, "logging.level=debug", "journal.rtp=headers", "records.dir=" + records, "journal.hep=" + homer.LocalAddr().String()}
	a, socket := runningFile(t, log, dir+"/offhook.toml", set...)
	ways := []string{"rfc4733", "info", "inband"}
	for _, way := range ways {
		if code, out, errs := commandLine("call", "--user", "alice", "--password", password, "--from", "alice", "--dtmf", "w"+pin, "--dtmf-via", way, a.sip[0].uri()); code != 0 {
			t.Fatalf("%s: exit code %d: %s%s", way, code, out, errs)
		}
	}
	soon(t, "the calls end", func() bool { return len(a.outside.journal.List(journal.Filter{State: "ended"})) == len(ways) })
	outputs := seenOf(t, a, socket)
	for _, c := range a.outside.journal.List(journal.Filter{}) {
		if c.Trunk != "t" || c.By != "script" || c.Verdict != nil || c.Digits != strings.Repeat(journal.Masked, len(pin)) {
			t.Errorf("call %+v, verdict %+v", c, c.Verdict)
		}
		r, _ := a.outside.journal.Get(c.ID)
		for _, e := range r.Entries {
			if e.Kind == journal.KindDigit && e.Text != journal.Masked {
				t.Errorf("the journal has digit %q", e.Text)
			}
		}
	}

	b, socket := running(t, log, append(set, "records.dir="+records+"2", "media.srtp=optional")...)
	theirKey := callWithSDES(t, b.sip[0].addr.String())
	soon(t, "the call with SRTP ends", func() bool { return len(b.outside.journal.List(journal.Filter{State: "ended"})) == 1 })
	for name, text := range seenOf(t, b, socket) {
		outputs["SRTP: "+name] = text
		if strings.Contains(text, theirKey) {
			t.Errorf("%s has our SRTP key", name)
		}
	}
	var sent strings.Builder
	for _, chunks := range homer.all(t, 10) {
		sent.WriteString(chunks[15])
	}
	outputs["Homer"], outputs["log"] = sent.String(), log.String()
	for _, name := range []string{records, records + "2"} {
		files, _ := filepath.Glob(name + "/calls-*")
		for _, f := range files {
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			outputs[name] += string(text)
		}
	}
	for name, text := range outputs {
		if len(text) < 200 {
			t.Errorf("%s says too little: %q", name, text)
		}
		if at := secrets.FindStringIndex(text); at != nil {
			t.Errorf("%s has a secret: …%q…", name, text[max(0, at[0]-100):min(len(text), at[1]+40)])
		}
	}
	for _, want := range []string{"Authorization: Digest ***", "inline:***", "Signal=x"} {
		if !strings.Contains(sent.String(), want) {
			t.Errorf("Homer did not get %q: the test looks at the wrong calls", want)
		}
	}
	checkLabels(t, log.String())
}

// seenOf is what people see of a server's calls, by where.
func seenOf(t *testing.T, a *app, socket string) map[string]string {
	t.Helper()
	seen := map[string]string{}
	_, port, _ := net.SplitHostPort(a.console.Addr().String())
	get := func(path string) {
		res, err := http.Get("http://127.0.0.1:" + port + path)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		text, _ := io.ReadAll(res.Body)
		seen["console "+path] = string(text)
	}
	get("/metrics")
	get("/api/v1/calls")
	get("/api/v1/log?level=debug")
	for _, c := range a.outside.journal.List(journal.Filter{}) {
		get("/api/v1/calls/" + c.ID)
		var file bytes.Buffer
		if _, err := a.outside.journal.WritePcap(&file, c.ID); err != nil {
			t.Fatal(err)
		}
		seen["pcap "+c.ID] = file.String()
		_, seen["show "+c.ID], _ = commandLine("calls", "show", c.ID, "--socket", socket)
		_, seen["show --json "+c.ID], _ = commandLine("calls", "show", c.ID, "--json", "--socket", socket)
	}
	return seen
}

// callWithSDES makes a call with SRTP over UDP, and returns the server's key.
func callWithSDES(t *testing.T, server string) string {
	t.Helper()
	conn, err := net.Dial("udp", server)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	us := conn.LocalAddr()
	send := func(method, branch, toTag, body string) {
		kind := ""
		if body != "" {
			kind = "Content-Type: application/sdp\r\n"
		}
		seq := map[string]int{"BYE": 2}[method]
		_, err := fmt.Fprintf(conn, "%[1]s sip:100@%[2]s SIP/2.0\r\nVia: SIP/2.0/UDP %[3]s;branch=z9hG4bK%[4]s\r\nMax-Forwards: 70\r\nFrom: <sip:a@%[3]s>;tag=a\r\n"+
			"To: <sip:100@%[2]s>%[5]s\r\nCall-ID: sdes@test\r\nCSeq: %[6]d %[1]s\r\nContact: <sip:a@%[3]s>\r\n%[7]sContent-Length: %[8]d\r\n\r\n%[9]s",
			method, server, us, branch, toTag, 1+seq, kind, len(body), body)
		if err != nil {
			t.Fatal(err)
		}
	}
	send("INVITE", "1", "", "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40000 RTP/SAVP 0\r\n"+
		"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:"+ourKey+"\r\n")
	buffer := make([]byte, 1<<16)
	for {
		n, err := conn.Read(buffer)
		if err != nil {
			t.Fatal(err)
		}
		text := string(buffer[:n])
		key := regexp.MustCompile(`inline:([^\s|]+)`).FindStringSubmatch(text)
		tag := regexp.MustCompile(`To: [^\r]*(;tag=[^;\r]+)`).FindStringSubmatch(text)
		if strings.HasPrefix(text, "SIP/2.0 200") && key != nil && tag != nil {
			send("ACK", "2", tag[1], "")
			send("BYE", "3", tag[1], "")
			return key[1]
		}
		if !strings.HasPrefix(text, "SIP/2.0 1") {
			t.Fatalf("INVITE is answered with %s", text)
		}
	}
}

// checkLabels wants to know of each line which call it belongs to, but for those of the server.
func checkLabels(t *testing.T, log string) {
	t.Helper()
	ofServer := regexp.MustCompile(`msg="?(scripts loaded|request refused|scripts refused|media: |registered|console|draining|calls total)`)
	for line := range strings.Lines(log) {
		if !strings.Contains(line, " call=") && !strings.Contains(line, " sip_call_id=") && !ofServer.MatchString(line) {
			t.Errorf("a line belongs to no call: %s", line)
		}
	}
}
