package main

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"offhook/config"
)

var update = flag.Bool("update", false, "rewrite README.md with what it should say")

// The parts of the README that say what stands elsewhere say the same.
func TestReadmeIsTrue(t *testing.T) {
	const path = "../../README.md"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	script, err := os.ReadFile("../../scripts/default.lua")
	if err != nil {
		t.Fatal(err)
	}
	readme := string(text)
	readme = replaced(t, readme, "```lua\n-- What Offhook does out of the box", "```\n", "```lua\n"+string(script))
	readme = replaced(t, readme, "| key | default | meaning |\n", "\n\n", configTable())
	if readme == string(text) {
		return
	}
	if !*update {
		t.Error("README.md is not up to date: run go test ./cmd/offhook -run Readme -update")
		return
	}
	if err := os.WriteFile(path, []byte(readme), 0o644); err != nil {
		t.Fatal(err)
	}
}

// replaced puts text in place of what stands from the words of its beginning to those of its end.
func replaced(t *testing.T, in, begin, end, text string) string {
	t.Helper()
	before, rest, ok := strings.Cut(in, begin)
	_, after, found := strings.Cut(rest, end)
	if !ok || !found {
		t.Fatalf("README.md has no part from %q to %q", begin, end)
	}
	return before + text + end + after
}

var setting = regexp.MustCompile(`^(\w+) = (.*)$`)

// configTable is the table of all keys, out of the commented default.
func configTable() string {
	var b strings.Builder
	b.WriteString("| key | default | meaning |\n|---|---|---|")
	section, comment, fresh := "", "", false
	for line := range strings.Lines(config.Default) {
		line = strings.TrimSuffix(line, "\n")
		key := setting.FindStringSubmatch(line)
		switch {
		case strings.HasPrefix(line, "["):
			section, comment, fresh = strings.Trim(line, "[]"), "", false
		case strings.HasPrefix(line, "# "):
			if !fresh {
				comment, fresh = "", true
			}
			comment = strings.TrimSpace(comment + " " + line[2:])
		case key != nil:
			text := comment
			if !fresh {
				text = "″" // the comment is for both
			}
			fmt.Fprintf(&b, "\n| `%s.%s` | `%s` | %s |", section, key[1], key[2], strings.ReplaceAll(text, "|", `\|`))
			fresh = false
		}
	}
	return b.String()
}
