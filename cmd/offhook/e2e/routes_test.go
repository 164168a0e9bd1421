package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

const routed = `
[[route]]
to = "_9X."
source = "127.0.0.0/8"
script = "emergency"

[[route]]
header = { User-Agent = "/nobody/" }
script = "busy"

[[route]]
from = "sales"
script = "busy"

[routing]
by_user = true

[script.emergency]
hz = 1000
`

// statusOf calls a user and returns the final response.
func (s *server) statusOf(user string, flags ...string) int {
	s.t.Helper()
	out, _ := command(s.t, time.Minute, binary, append([]string{"call", "--json", "sip:" + user + "@127.0.0.1:" + s.port}, flags...)...)
	var outcome struct{ Status int }
	if err := json.Unmarshal([]byte(out), &outcome); err != nil {
		s.t.Fatalf("call to %s: %v\n%s", user, err, out)
	}
	return outcome.Status
}

// Each call gets its script: by a route, by its user, else default, with the
// script's own settings. A script that a reload takes away harms its own calls only.
func TestRoutes(t *testing.T) {
	peer(t, "sipp")
	s := startFiles(t, map[string]string{
		"offhook.toml":  routed,
		"emergency.lua": `function on_call(call) call:answer() call:tone(config.get("hz"), { duration = "1s" }) call:hangup() end`,
		"busy.lua":      `function on_call(call) call:reject(486) end`,
		"menu.lua":      `function on_call(call) call:reject(603) end`,
		"default.lua":   `function on_call(call) call:reject(480) end`,
	})
	if out, code := command(t, time.Minute, binary, "call", "--expect-tone", "1000", "sip:911@127.0.0.1:"+s.port); code != 0 {
		t.Errorf("a call to 911 does not get emergency.lua with its settings:\n%s", out)
	}
	sipp(t, s, time.Minute, "-sn", "uac", "-s", "%39%311", "-m", "20", "-r", "20", "-d", "200").clean(t, 20) // 911, written otherwise
	if r := sipp(t, s, time.Minute, "-sn", "uac", "-s", "811", "-m", "1"); r.successful != 0 {
		t.Errorf("SIPp's call to 811 was answered:\n%s", r.out)
	}
	for _, tt := range []struct {
		user   string
		flags  []string
		status int
	}{
		{"911", nil, 200},
		{"811", []string{"--from", "sales"}, 486},
		{"menu", nil, 603},
		{"menu", []string{"--from", "sales", "--transport", "tcp"}, 486},
		{"nobody", nil, 480},
		{"..%2Fmenu", nil, 480},
		{strings.Repeat("9", 900), nil, 200},
	} {
		if got := s.statusOf(tt.user, tt.flags...); got != tt.status {
			t.Errorf("a call to %.20s %q got %d, want %d", tt.user, tt.flags, got, tt.status)
		}
	}
	config := filepath.Join(s.scripts, "offhook.toml")
	if out, code := command(t, 10*time.Second, binary, "routes", "explain", "--config", config, "--scripts", s.scripts, "--to", "menu", "--from", "sales"); code != 0 ||
		!strings.Contains(out, "offhook.toml:11  yes  from sales\nscript: busy\n") {
		t.Errorf("explain, exit code %d:\n%s", code, out)
	}

	for _, name := range []string{"busy.lua", "default.lua"} {
		if err := os.Remove(filepath.Join(s.scripts, name)); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, 5*time.Second, "the scripts are gone", func() bool { _, h := s.status(); return h["generation"].(float64) > 1 })
	for user, want := range map[string]int{"sales": 500, "nobody": 404} {
		flags := []string{"--from", user}
		eventually(t, 5*time.Second, "calls are refused", func() bool { return s.statusOf("x", flags...) == want })
	}
	if got := s.statusOf("911"); got != 200 {
		t.Errorf("a call to a script that is there got %d", got)
	}
	refused := map[any]any{}
	for _, line := range s.out.lines("call refused") {
		refused[line["script"]] = line["status"]
	}
	if !reflect.DeepEqual(refused, map[any]any{"busy": 500.0, "": 404.0}) {
		t.Errorf("the refused calls are not told: %v", refused)
	}
	out, code := command(t, 10*time.Second, binary, "serve", "--config", config, "--scripts", s.scripts, "--port", "0", "--health-port", "0")
	if code != 2 || !strings.Contains(out, `offhook.toml:9: route 2: script: there is no script "busy", only emergency, menu`) {
		t.Errorf("a start without a script that a route names: exit code %d\n%s", code, out)
	}
}
