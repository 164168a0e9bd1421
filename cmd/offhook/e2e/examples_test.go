package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestExamples does what the README of each recipe for a script says: starts the server, and runs every other command there. One with a
// comment "fails: 403" has to fail, and to say so.
func TestExamples(t *testing.T) {
	recipes, err := filepath.Glob("../../../examples/*/default.lua")
	if err != nil || len(recipes) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	root := t.TempDir() // recipes write files
	if err := os.CopyFS(filepath.Join(root, "examples"), os.DirFS("../../../examples")); err != nil {
		t.Fatal(err)
	}
	for _, recipe := range recipes {
		readme := filepath.Join(filepath.Dir(recipe), "README.md")
		t.Run(filepath.Base(filepath.Dir(readme)), func(t *testing.T) {
			t.Parallel() // they wait for tones to end
			s := newServer(t)
			s.dir = root
			calls := 0
			for _, line := range readmeCommands(t, readme) {
				words, comment, _ := strings.Cut(line, " #")
				args := strings.Fields(strings.TrimSuffix(strings.TrimSpace(words), "&"))[1:]
				if strings.HasPrefix(args[0], "--") {
					s.serve(append(args, "--log-format", "json"))
					continue
				}
				if args[0] == "call" {
					calls++
					target := &args[len(args)-1]
					*target = regexp.MustCompile(`@127\.0\.0\.1(:\d+)?$`).ReplaceAllString(*target, "@127.0.0.1:"+s.port)
				}
				out, code := commandIn(t, root, time.Minute, binary, args...)
				status, fails := strings.CutPrefix(strings.TrimSpace(comment), "fails: ")
				if code == 0 == fails || !strings.Contains(out, status) {
					t.Errorf("%s\nexit code %d\n%s", line, code, out)
				}
			}
			if calls == 0 {
				t.Error("its README makes no call")
			}
		})
	}
}

// readmeCommands are the commands in a README: the indented lines.
func readmeCommands(t *testing.T, path string) []string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var commands []string
	for line := range strings.Lines(string(text)) {
		if command, ok := strings.CutPrefix(line, "    offhook "); ok {
			commands = append(commands, "offhook "+strings.TrimSpace(command))
		}
	}
	return commands
}
