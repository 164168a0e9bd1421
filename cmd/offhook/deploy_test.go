package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"offhook/config"
)

// block is the text of a "key: |" of a YAML file, without its indentation.
func block(t *testing.T, yaml, key string) string {
	t.Helper()
	_, rest, ok := strings.Cut(yaml, "\n  "+key+": |\n")
	if !ok {
		t.Fatalf("no %s", key)
	}
	var text strings.Builder
	for line := range strings.Lines(rest) {
		if !strings.HasPrefix(line, "    ") {
			break
		}
		text.WriteString(line[4:])
	}
	return text.String()
}

// The manifest for Kubernetes has a configuration, a script and commands that are ours, and leaves calls the time to end.
func TestKubernetesExample(t *testing.T) {
	yaml, err := os.ReadFile("../../examples/deploy-kubernetes/offhook.yaml")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write(t, dir, "offhook.toml", block(t, string(yaml), "offhook.toml"))
	write(t, dir, "default.lua", block(t, string(yaml), "default.lua"))
	file := filepath.Join(dir, "offhook.toml")
	if code, out, stderr := commandLine("check", "--config", file, dir); code != 0 {
		t.Errorf("check: exit code %d\n%s%s", code, out, stderr)
	}
	c, err := config.Load(config.Options{File: file})
	if err != nil {
		t.Fatal(err)
	}
	number := func(pattern string) int {
		t.Helper()
		m := regexp.MustCompile(pattern).FindStringSubmatch(string(yaml))
		if m == nil {
			t.Fatalf("no %s", pattern)
		}
		n, _ := strconv.Atoi(m[1])
		return n
	}
	grace, wait := number(`terminationGracePeriodSeconds: (\d+)`), number(`"--wait", "(\d+)s"`)
	if time.Duration(grace-wait-5)*time.Second < c.Behavior.DrainTimeout() {
		t.Errorf("%d s are too few for preStop (%d s) and draining (%v)", grace, wait, c.Behavior.DrainTimeout())
	}
	if number(`name: sip-udp, containerPort: (\d+)`) != c.SIP.Port || number(`name: http, containerPort: (\d+)`) != c.Health.HealthCheckPort {
		t.Error("the ports are not those of the configuration")
	}
	for _, m := range regexp.MustCompile(`(?:args|command): \[(.*)\]`).FindAllStringSubmatch(string(yaml), -1) {
		var args []string
		for _, word := range strings.Split(m[1], ", ") {
			if word, _ = strconv.Unquote(word); word != "/usr/bin/offhook" {
				args = append(args, strings.Replace(word, "/etc/offhook", dir, 1))
			}
		}
		cmd, rest, err := newRootCommand().Find(args)
		if err != nil || cmd.Name() != args[0] {
			t.Errorf("%v: %v", args, err)
		} else if err := cmd.ParseFlags(rest); err != nil {
			t.Errorf("%v: %v", args, err)
		}
	}
}

// The image copies what there is, and sets what there is to set.
func TestContainerExample(t *testing.T) {
	text, err := os.ReadFile("../../examples/deploy-container/Containerfile")
	if err != nil {
		t.Fatal(err)
	}
	var environ []string
	for _, m := range regexp.MustCompile(`(?m)^(ENV|COPY) (.*)$`).FindAllStringSubmatch(string(text), -1) {
		words := strings.Fields(m[2])
		switch {
		case m[1] == "ENV":
			environ = append(environ, words...)
		case !strings.HasPrefix(words[0], "--from="):
			for _, source := range words[:len(words)-1] {
				if !exists(filepath.Join("../..", source)) {
					t.Errorf("%s: there is no %s", m[0], source)
				}
			}
		}
	}
	c, err := config.Load(config.Options{Environ: environ})
	if err != nil || c.Scripting.Dir != "/etc/offhook/scripts" || c.Control.Socket != "/run/offhook/offhook.sock" {
		t.Errorf("%v: %v", environ, err)
	}
}
