package main

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
)

// commandLine runs one.
func commandLine(args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	code = run(args, &out, &errs)
	return code, out.String(), errs.String()
}

const rejects = "function on_call(call) call:reject() end\n"

func TestCheck(t *testing.T) {
	dir := t.TempDir()
	good := t.TempDir()
	write(t, good, "default.lua", rejects)
	write(t, dir, "default.lua", "function on_call(call)\n  call:rign()\nend\n")
	write(t, dir, "a, 100%.lua", rejects+"x = nil + 1\n")
	write(t, dir, "offhook.toml", "[sip]\nprot = 1\n")
	write(t, good, "routes.toml", "[[route]]\nto = \"_9X.\"\nscript = \"meun\"\n")
	write(t, good, "tls.toml", "[sip]\ntransport = \"tls\"\n[tls]\ncertificate = \"/none.pem\"\nkey = \"/none.key\"\n")
	write(t, good, "listener.toml", "[[listener]]\ntransport = \"wss\"\ncertificate = \"/none.pem\"\nkey = \"/none.key\"\n")
	write(t, good, "authorities.toml", "[tls]\nserver_ca = \"/none.pem\"\n")
	unread := "certificate /none.pem with key /none.key: open /none.pem: no such file or directory"
	toml, routes := filepath.Join(dir, "offhook.toml"), filepath.Join(good, "routes.toml")
	odd := filepath.Join(dir, "a, 100%.lua")
	for _, tt := range []struct {
		name   string
		args   []string
		code   int
		out    []string // each is a line
		stderr string
	}{
		{"nothing", []string{good}, 0, []string{good + ": nothing found"}, ""},
		{"scripts by flag", []string{"--scripts", good}, 0, []string{good + ": nothing found"}, ""},
		{"static checks come before the dry run", []string{dir}, 1, []string{dir + `/default.lua:2:8: call has no "rign"; did you mean "ring"?`}, ""},
		{"configuration too", []string{"--config", toml, dir}, 1, []string{
			toml + ":2: sip.prot: unknown key, did you mean sip.port?",
			dir + `/default.lua:2:8: call has no "rign"; did you mean "ring"?`}, ""},
		{"the folder of --scripts beside a broken configuration", []string{"--config", toml, "--scripts", good}, 1,
			[]string{toml + ":2: sip.prot: unknown key, did you mean sip.port?"}, ""},
		{"routes", []string{"--config", routes, good}, 1, []string{routes + `:3: route 1: script: there is no script "meun", only default`}, ""},
		{"certificate", []string{"--config", filepath.Join(good, "tls.toml"), good}, 1, []string{filepath.Join(good, "tls.toml") + ":4: tls.certificate: " + unread}, ""},
		{"certificate of a listener", []string{"--config", filepath.Join(good, "listener.toml"), good}, 1,
			[]string{filepath.Join(good, "listener.toml") + ":3: listener.0.certificate: " + unread}, ""},
		{"authorities", []string{"--config", filepath.Join(good, "authorities.toml"), good}, 1,
			[]string{filepath.Join(good, "authorities.toml") + ":2: tls.server_ca: certificate authorities: open /none.pem: no such file or directory"}, ""},
		{"certificate by flag", []string{"--set", "sip.transport=tls", "--set", "tls.certificate=/none.pem", "--set", "tls.key=/none.key", good}, 2, nil, unread},
		{"a warning is no finding", []string{"--set", "script.meun.greeting=hi", good}, 0, []string{good + ": nothing found"}, `offhook: warning: flag --set: script.meun: nobody reads these settings`},
		{"github", []string{"--format", "github", dir}, 1, []string{"::error file=" + dir + `/default.lua,line=2,col=8::call has no "rign"; did you mean "ring"?`}, ""},
		{"no such folder", []string{filepath.Join(dir, "nothing")}, 2, nil, "no such file or directory: write the folder of the scripts"},
		{"no such configuration", []string{"--config", "/nowhere.toml", good}, 2, nil, "open /nowhere.toml"},
		{"bad flag", []string{"--set", "sip.prot=1", good}, 2, nil, "flag --set: sip.prot: unknown key"},
		{"bad format", []string{"--format", "xml", good}, 2, nil, `"xml" is not a format: write plain, json, github`},
		{"two folders", []string{good, dir}, 2, nil, "write one folder"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			code, out, stderr := commandLine(append([]string{"check"}, tt.args...)...)
			want := strings.Join(tt.out, "\n")
			if code != tt.code || strings.TrimSpace(out) != want || !strings.Contains(stderr, tt.stderr) || tt.stderr == "" && stderr != "" {
				t.Errorf("exit code %d, want %d\n%s\nwant\n%s\nstderr: %s", code, tt.code, out, want, stderr)
			}
		})
	}
	write(t, dir, "default.lua", rejects)
	_, out, _ := commandLine("check", "--format", "github", dir)
	if want := "::error file=" + dir + "/a%2C 100%25.lua,line=2::"; !strings.HasPrefix(out, want) {
		t.Errorf("got %s, want %s", out, want)
	}
	code, out, _ := commandLine("check", "--format", "json", dir)
	var body struct {
		Findings []struct {
			File, Message string
			Line          int
		}
	}
	if err := json.Unmarshal([]byte(out), &body); err != nil || code != 1 || len(body.Findings) != 1 || body.Findings[0].File != odd || body.Findings[0].Line != 2 {
		t.Errorf("exit code %d, %v: %s", code, err, out)
	}
	if _, out, _ := commandLine("check", "--format", "json", good); out != "{\"findings\":[]}\n" {
		t.Errorf("no findings are %s", out)
	}
}
