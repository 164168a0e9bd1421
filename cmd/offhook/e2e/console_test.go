package e2e

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// consoleURL is where the server's console is.
func (s *server) consoleURL() string { return strings.TrimSuffix(s.health, "/health") }

// TestConsole: a call of SIPp appears in the console, its ladder has every message, hanging up ends it, and an edit of the
// script shows as a new generation, with what is wrong in it when something is. Nothing is loaded again for all that.
func TestConsole(t *testing.T) {
	s := start(t, "", "behavior.auto_answer_delay_ms=100", "behavior.tone_duration_seconds=60")
	b := browse(t)
	b.window(1280, 900, false)
	b.open(s.consoleURL() + "/")
	b.until("the page listens", `document.querySelector("#link").dataset.state === "live"`)
	b.eval("window.sameDocument = true", nil)
	b.until("there are no calls", `document.querySelector(".empty")?.innerText.includes("No calls yet")`)

	called := make(chan sippRun, 1)
	go func() { called <- sipp(t, s, time.Minute, "-sf", scenario(t, "hung_up.xml"), "-m", "1") }() // ends with its call
	b.until("the call appears", `document.querySelector("table.calls tbody tr")?.innerText.includes("talking")`)
	b.key("j")
	b.key("Enter")
	b.until("its page shows", `location.pathname.startsWith("/calls/") && document.querySelectorAll(".row.ladder").length >= 5`)
	hasLadder(t, b, "INVITE, SDP", "100 Trying", "180 Ringing", "200 OK, SDP", "ACK")
	b.until("the script's lines are beside it", `[...document.querySelectorAll(".row.script")].some(r => /default\.lua:\d+\s+call:answer\(\)/.test(r.innerText))`)
	b.until("what is sent is drawn", `document.querySelector("svg .sent")`)
	b.click(".row.ladder button")
	b.until("the message is shown whole", `/^INVITE sip:.*\nVia: .*[^]*m=audio/.test(document.querySelector(".drawer pre").textContent)`)
	b.key("Escape")
	b.until("Esc closes it", `document.querySelector(".drawer").hidden`)

	b.click(".button.danger")
	b.until("it asks first", `document.querySelector(".button.danger").textContent === "Really hang up?"`)
	b.click(".button.danger")
	b.until("the page says how it ended", `document.querySelector(".calltop .pill").innerText.includes("operator")`)
	if r := <-called; r.code != 0 || r.successful != 1 {
		t.Errorf("SIPp: exit code %d\n%s", r.code, r.out)
	}
	hasLadder(t, b, "INVITE, SDP", "100 Trying", "180 Ringing", "200 OK, SDP", "ACK", "BYE", "200 OK")
	if lines := s.out.lines("console"); len(lines) != 1 || !strings.Contains(fmt.Sprint(lines[0]["audit"]), "action:hangup") {
		t.Errorf("the audit lines: %v", lines)
	}
	generations(t, s, b)
	var same bool
	if b.eval("window.sameDocument === true", &same); !same {
		t.Error("a page was loaded on the way")
	}
	b.clean()
}

// hasLadder compares the messages of a call's page.
func hasLadder(t *testing.T, b *browser, want ...string) {
	t.Helper()
	b.until("the ladder has "+want[len(want)-1], fmt.Sprintf(`document.querySelectorAll(".row.ladder").length >= %d`, len(want)))
	var got []string
	b.eval(`[...document.querySelectorAll(".row.ladder b")].map(m => m.innerText)`, &got)
	if strings.Join(got, "; ") != strings.Join(want, "; ") {
		t.Errorf("the ladder is %q, want %q", got, want)
	}
}

// generations edits the script, well and badly, and looks at what the console shows of it.
func generations(t *testing.T, s *server, b *browser) {
	t.Helper()
	b.key("2")
	b.until("the scripts show", `document.querySelector(".generations .n")?.innerText === "1"`)
	s.save(fmt.Sprintf(answers, 1, 480))
	b.until("the edit is generation 2", `document.querySelector(".generations .n")?.innerText === "2"`)
	b.until("its difference shows", `document.querySelector(".diff .add")?.innerText.includes("edit 1")`)
	s.save("function on_call(call)\n  call:rign()\nend\n")
	b.until("the refusal shows at its line", `document.querySelector(".diff .wrong")?.innerText.includes("did you mean \"ring\"?")`)
	b.eval(`[...document.querySelectorAll(".generations button")].find(g => g.querySelector(".n").innerText === "1").click()`, nil)
	b.click(".generation .head .button")
	b.until("the rollback is generation 3", `[...document.querySelectorAll(".generations li")].some(g => /3[^]*rolled back to 1[^]*current/.test(g.innerText))`)
}

// TestConsoleWindows: no page is wider than a telephone, in light and dark, with no call and with 1,000. OFFHOOK_SCREENS=folder
// keeps pictures of them, for people to look at.
func TestConsoleWindows(t *testing.T) {
	s := start(t, fmt.Sprintf(answers, 1, 486), "behavior.max_concurrent_calls=1000")
	b := browse(t)
	fits := func(name string, width int, dark bool) {
		t.Helper()
		b.window(width, 844, dark)
		for _, page := range []string{"/", "/scripts", "/charts", "/log"} {
			b.open(s.consoleURL() + page)
			b.until(page+" is drawn", `document.querySelector("main h1") && !document.querySelector(".skeleton")`)
			var over int
			if b.eval("document.documentElement.scrollWidth - innerWidth", &over); over > 0 {
				t.Errorf("%s is %d px too wide", page, over)
			}
			if dir := os.Getenv("OFFHOOK_SCREENS"); dir != "" {
				b.screenshot(filepath.Join(dir, name+strings.ReplaceAll(page, "/", "-")+".png"))
			}
		}
	}
	fits("empty-390-dark", 390, true)
	if r := sipp(t, s, time.Minute, "-sf", scenario(t, "refused.xml"), "-m", "1000", "-r", "200"); r.successful < 950 { // a 180 may be lost
		t.Errorf("SIPp: %d of 1,000 calls\n%s", r.successful, r.out)
	}
	fits("full-390-light", 390, false)
	fits("full-1280-dark", 1280, true)
	b.open(s.consoleURL() + "/")
	b.until("the list is cut", `document.querySelectorAll("table.calls tbody tr").length === 100 && document.querySelector(".more")`)
	b.clean()
}

// TestConsoleToken: with a token nobody gets in without it, and who only reads can hang up nothing.
func TestConsoleToken(t *testing.T) {
	audit := filepath.Join(t.TempDir(), "audit.log")
	s := start(t, "", "console.local_role=none", "console.token=reader-0123456789", "console.operator_token=operator-0123456789", "console.audit_file="+audit)
	b := browse(t)
	b.open(s.consoleURL() + "/login")
	enter := func(token string) {
		b.until("the form shows", `document.querySelector("#token")`)
		b.eval(`document.querySelector("#token").value = `+quoted(token)+`; document.querySelector("form.login").requestSubmit()`, nil)
	}
	enter("something-else-0000")
	b.until("a wrong one is told", `document.querySelector(".login .error").innerText.includes("not a token")`)
	enter("reader-0123456789")
	b.until("the calls show", `location.pathname === "/" && document.querySelector("main h1")?.innerText === "Calls" && document.querySelector("#who").innerText.includes("read only")`)
	var status int
	b.eval(`fetch("/api/v1/scripts/reload", {method: "POST", headers: {"X-Offhook": "1"}}).then(r => r.status)`, &status)
	if status != http.StatusForbidden {
		t.Errorf("a reader reloads: %d", status)
	}
	if text, err := os.ReadFile(audit); err != nil || !strings.Contains(string(text), `"action":"refused","target":"POST /api/v1/scripts/reload","who":"reader token"`) {
		t.Errorf("the audit file: %v\n%s", err, text)
	}
}
