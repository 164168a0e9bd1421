package e2e

import (
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestSIPpFaults calls each script of examples/faults that does something to the wire, and SIPp sees what is wrong. A
// message that is not in the flow fails it, as the 180 would that is dropped.
func TestSIPpFaults(t *testing.T) {
	for _, c := range []struct {
		script string
		flow   []string // see faultScenario
		atLeast,
		atMost time.Duration // that a call takes
		copies int // that SIPp sends again, of requests of its own
	}{
		{"no_180", []string{"INVITE", "<200", "ACK", "BYE", "<200"}, 0, 1500 * time.Millisecond, 0},
		{"slow_200", []string{"INVITE", "<200", "ACK", "BYE", "<200"}, 2 * time.Second, 4 * time.Second, 0},
		{"two_answers", []string{"INVITE", `<200 c=IN IP4 127\.0\.0\.1`, "ACK", `<200 c=IN IP4 192\.0\.2\.66`, "ACK", "BYE", "<200"}, 0, 2 * time.Second, 0},
		{"busy_after_answer", []string{"INVITE", "<200", "ACK", "<486 CSeq: 1 INVITE", "BYE", "<200"}, 0, 2 * time.Second, 0},
		{"late_200", []string{"INVITE", "<180", "CANCEL", "<200 CSeq: 1 CANCEL", "<487", "ACK", "<200 CSeq: 1 INVITE", "ACK"}, 300 * time.Millisecond, 2 * time.Second, 0},
		{"no_cancel", []string{"INVITE", "<180", "CANCEL once", "<200 CSeq: 1 INVITE", "ACK", "BYE", "<200"}, time.Second, 3 * time.Second, 0},
		{"wrong_cseq", []string{"INVITE", "<200 CSeq: 4711 INVITE", "<200 CSeq: 1 INVITE", "ACK", "BYE", "<200"}, 0, 2 * time.Second, 0},
		{"no_bye", []string{"INVITE", "<200", "ACK", "BYE", "<200"}, time.Second, 4 * time.Second, 2},
		{"headers", []string{"INVITE", "<200 X-Call: [0-9]", "ACK", "BYE", "<200"}, 0, 2 * time.Second, 0},
	} {
		t.Run(c.script, func(t *testing.T) {
			s := startFaults(t)
			began := time.Now()
			r := sipp(t, s, time.Minute, "-sf", faultScenario(t, c.flow), "-s", c.script, "-m", "1")
			took := time.Since(began)
			if r.code != 0 || r.successful != 1 || r.retransmission != c.copies || took < c.atLeast || took > c.atMost {
				t.Errorf("SIPp: exit code %d, %d of 1 successful, %d retransmissions, want %d, in %v\n%s\n%s",
					r.code, r.successful, r.retransmission, c.copies, took, r.out, s.out)
			}
		})
	}
}

// The ACK is sent each time and never heard: the 200 comes as in TestSIPpLostACK.
func TestSIPpFaultNoACK(t *testing.T) {
	s := startFaults(t)
	messages := filepath.Join(t.TempDir(), "messages.log")
	flow := faultScenario(t, []string{"INVITE", "<200", "ACK", "<BYE", "200"})
	r := sipp(t, s, time.Minute, "-sf", flow, "-s", "no_ack", "-m", "1", "-trace_msg", "-message_file", messages)
	log, err := os.ReadFile(messages)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(log), "CSeq: 1 INVITE\r\n") - 1 - strings.Count(string(log), "\nSIP/2.0 100 "); r.code != 0 || r.successful != 1 || n != 11 {
		t.Errorf("SIPp: exit code %d, %d of 1 successful, %d messages 200, want 11\n%s\n%s", r.code, r.successful, n, r.out, log)
	}
	if acks := strings.Count(string(log), "\nACK sip:"); acks < 10 {
		t.Errorf("SIPp has sent %d ACKs, want one for each 200\n%s", acks, log)
	}
}

// startFaults serves examples/faults, with its configuration.
func startFaults(t *testing.T) *server {
	t.Helper()
	peer(t, "sipp")
	s, dir := newServer(t), "../../../examples/faults"
	s.serve([]string{"serve", "--config", filepath.Join(dir, "offhook.toml"), "--scripts", dir, "--log-format", "json"})
	return s
}

// faultScenario writes a scenario of SIPp's: a method or a status is sent, once if that word follows, "<" with a status
// or BYE is expected, with a regular expression that the message must match behind it.
func faultScenario(t *testing.T, flow []string) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("<?xml version=\"1.0\" encoding=\"ISO-8859-1\" ?>\n<scenario name=\"faults\">\n")
	for i, step := range flow {
		what, rest, _ := strings.Cut(step, " ")
		switch expected, receives := strings.CutPrefix(what, "<"); {
		case receives && expected == "BYE":
			b.WriteString("<recv request=\"BYE\" timeout=\"5000\"/>\n")
		case receives:
			fmt.Fprintf(&b, "<recv response=%q timeout=\"5000\">%s</recv>\n", expected, matching(rest))
		default:
			b.WriteString(sending(what, rest == "once", i+1)) // the 100 is one, too
		}
	}
	if strings.Contains(b.String(), "matched") {
		b.WriteString("<Reference variables=\"matched\"/>\n")
	}
	b.WriteString("</scenario>\n")
	file := filepath.Join(t.TempDir(), "faults.xml")
	if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func matching(pattern string) string {
	if pattern == "" {
		return ""
	}
	var escaped strings.Builder
	_ = xml.EscapeText(&escaped, []byte(pattern)) // into memory
	return `<action><ereg regexp="` + escaped.String() + `" search_in="msg" check_it="true" assign_to="matched"/></action>`
}

// sending is a message of SIPp's. ACK and CANCEL have the branch of the INVITE, whatever comes between.
func sending(what string, once bool, step int) string {
	retrans := ` retrans="500"`
	if once || what == "ACK" || what == "200" {
		retrans = ""
	}
	if what == "200" {
		return "<send><![CDATA[\n\nSIP/2.0 200 OK\n[last_Via:]\n[last_From:]\n[last_To:]\n[last_Call-ID:]\n[last_CSeq:]\nContent-Length: 0\n\n]]></send>\n"
	}
	branch, to, seq, body := fmt.Sprintf("[branch-%d]", step), "[last_To:]", 1, "Content-Length: 0\n\n"
	switch what {
	case "INVITE":
		branch, to = "[branch]", "To: <sip:[service]@[remote_ip]:[remote_port]>"
		body = "Content-Type: application/sdp\nContent-Length: [len]\n\nv=0\no=sipp 1 1 IN IP4 [local_ip]\ns=-\nc=IN IP4 [media_ip]\nt=0 0\nm=audio [media_port] RTP/AVP 0\n"
	case "CANCEL":
		to = "To: <sip:[service]@[remote_ip]:[remote_port]>"
	case "BYE":
		branch, seq = "[branch]", 2
	}
	message := fmt.Sprintf("<send%s><![CDATA[\n\n%s sip:[service]@[remote_ip]:[remote_port] SIP/2.0\nVia: SIP/2.0/[transport] [local_ip]:[local_port];branch=%s\n"+
		"From: <sip:sipp@[local_ip]:[local_port]>;tag=[pid]T[call_number]\n%s\nCall-ID: [call_id]\nCSeq: %d %s\n"+
		"Contact: <sip:sipp@[local_ip]:[local_port]>\nMax-Forwards: 70\n%s]]></send>\n", retrans, what, branch, to, seq, what, body)
	if what == "INVITE" {
		message += "<recv response=\"100\" optional=\"true\"/>\n"
	}
	return message
}
