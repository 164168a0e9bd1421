package e2e

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

const answers = `
-- edit %d
function on_call(call)
  call:ring()
  call:reject(%d)
end
`

// operate runs a command against the server's control socket.
func (s *server) operate(wantCode int, want string, args ...string) string {
	s.t.Helper()
	out, code := command(s.t, 10*time.Second, binary, append(args, "--socket", s.socket)...)
	if code != wantCode || !strings.Contains(out, want) {
		s.t.Errorf("offhook %s: exit code %d, want %d and %q:\n%s", strings.Join(args, " "), code, wantCode, want, out)
	}
	return out
}

// call calls the server and expects a response.
func (s *server) call(want int) {
	s.t.Helper()
	if out, _ := command(s.t, 10*time.Second, binary, "call", "sip:test@127.0.0.1:"+s.port); !strings.Contains(out, fmt.Sprint(want)) {
		s.t.Errorf("no %d:\n%s", want, out)
	}
}

func TestOperateScripts(t *testing.T) {
	s := start(t, fmt.Sprintf(answers, 1, 480))
	if info, err := os.Stat(s.socket); err != nil || info.Mode().Type() != fs.ModeSocket || info.Mode().Perm() != 0o600 {
		t.Errorf("the control socket: %v, %v", info, err)
	}
	s.operate(0, "generation 1 ", "reload")
	s.call(480)

	s.save(fmt.Sprintf(answers, 2, 481))
	s.operate(0, "generation 2 ", "reload")
	s.call(481)

	s.save(fmt.Sprintf(answers, 3, 482) + "function on_dmtf() end")
	s.operate(1, "default.lua:7:10: no handler is called on_dmtf; did you mean \"on_dtmf\"?", "reload")
	s.call(481)

	s.operate(0, "generation 3 ", "rollback", "1")
	s.call(480)
	refused := len(s.out.lines("scripts refused, the loaded ones stay"))
	hup(t, s) // who asks for the folder gets it, also after a rollback: it is still refused
	eventually(t, 5*time.Second, "SIGHUP tries the folder", func() bool { return len(s.out.lines("scripts refused, the loaded ones stay")) > refused })
	s.call(480)
	s.save(strings.Replace(fmt.Sprintf(answers, 4, 484), "call:reject(484)", "call:answer() call:hangup()", 1))
	hup(t, s)
	eventually(t, 5*time.Second, "SIGHUP or the watcher loads the change", func() bool {
		_, h := s.status()
		return h["generation"] == 4.0
	})
	s.call(200)

	s.history()
	s.everyLineHasItsGeneration()
}

func hup(t *testing.T, s *server) {
	t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
}

// history looks at what the server tells of all this.
func (s *server) history() {
	s.t.Helper()
	var all []struct {
		Generation int
		Outcome    string
		Of         int `json:"rollback_of"`
		Current    bool
	}
	text := s.operate(0, "[", "generations", "--json")
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		s.t.Fatalf("%v:\n%s", err, text)
	}
	var told []string
	for _, g := range all {
		if g.Outcome != "refused" { // the watcher may have tried the broken one, too
			told = append(told, fmt.Sprintf("%d %s %d %v", g.Generation, g.Outcome, g.Of, g.Current))
		}
	}
	if got, want := strings.Join(told, "; "), "4 loaded 0 true; 3 rolled back 1 false; 2 loaded 0 false; 1 loaded 0 false"; got != want {
		s.t.Errorf("generations\n%s\nwant\n%s", got, want)
	}
}

// everyLineHasItsGeneration looks at the lines of calls in the log.
func (s *server) everyLineHasItsGeneration() {
	s.t.Helper()
	seen := map[any]map[any]bool{} // call → generations
	for line := range strings.Lines(s.out.String()) {
		record := map[string]any{}
		if json.Unmarshal([]byte(line), &record) != nil || record["call"] == nil {
			continue
		}
		if record["generation"] == nil || record["script"] != "default" {
			s.t.Errorf("a line of a call without its generation or script: %s", line)
		}
		if seen[record["call"]] == nil {
			seen[record["call"]] = map[any]bool{}
		}
		seen[record["call"]][record["generation"]] = true
	}
	if len(seen) != 6 {
		s.t.Errorf("%d calls in the log, want 6", len(seen))
	}
	for call, generations := range seen {
		if len(generations) != 1 {
			s.t.Errorf("call %v is in generations %v", call, generations)
		}
	}
}
