package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"offhook/config"
	"offhook/scripts"
)

// TestSettingsOfShippedScripts: what the comment at the head of a script says to write into the configuration can be written
// there, and the script reads it.
func TestSettingsOfShippedScripts(t *testing.T) {
	names, err := fs.Glob(scripts.FS, "*.lua")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.lua") || strings.HasSuffix(name, ".d.lua") || name == "default.lua" {
			continue // default.lua reads [behavior], which is documented where it is
		}
		t.Run(name, func(t *testing.T) {
			text, err := fs.ReadFile(scripts.FS, name)
			if err != nil {
				t.Fatal(err)
			}
			script := strings.TrimSuffix(name, ".lua")
			file := filepath.Join(t.TempDir(), "offhook.toml")
			if err := os.WriteFile(file, []byte(settingsIn(string(text))), 0o600); err != nil {
				t.Fatal(err)
			}
			c, err := config.Load(config.Options{File: file})
			if err != nil {
				t.Fatal(err)
			}
			read := map[string]bool{}
			for _, key := range regexp.MustCompile(`config\.get\("(\w+)"`).FindAllStringSubmatch(string(text), -1) {
				read[key[1]] = true
				if _, ok := c.Get(script, key[1]); !ok {
					t.Errorf("the script reads %s, of which its head says nothing", key[1])
				}
			}
			if len(c.Script[script]) == 0 {
				t.Errorf("its head has no [script.%s]", script)
			}
			for key := range c.Script[script] {
				if !read[key] {
					t.Errorf("its head says to set %s, which the script does not read", key)
				}
			}
		})
	}
}

// settingsIn is the piece of configuration in the comment at the head of a script: the lines from the first [section] on.
func settingsIn(script string) string {
	var b strings.Builder
	for line := range strings.Lines(script) {
		line, indented := strings.CutPrefix(line, "--   ")
		switch {
		case indented && (b.Len() > 0 || strings.HasPrefix(line, "[")):
			b.WriteString(line)
		case b.Len() > 0:
			return b.String()
		}
	}
	return b.String()
}
