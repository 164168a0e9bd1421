package main

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"offhook/config"
)

// Every recipe loads as its README says: the configuration, the routes and the scripts, without a warning; and its tests pass.
func TestExamplesLoad(t *testing.T) {
	recipes, err := filepath.Glob("../../examples/*/default.lua") // deployments have none
	if err != nil || len(recipes) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	for _, recipe := range recipes {
		dir := filepath.Dir(recipe)
		t.Run(filepath.Base(dir), func(t *testing.T) {
			file := filepath.Join(dir, "offhook.toml")
			if !exists(file) {
				file = ""
			}
			c, err := config.Load(config.Options{File: file, Flags: []config.Flag{{Name: "--scripts", Key: "scripting.dir", Value: dir}}})
			if err != nil {
				t.Fatal(err)
			}
			table, err := newRoutes(c)
			if err != nil {
				t.Fatal(err)
			}
			var log bytes.Buffer
			engine, err := newScripts(c, slog.New(slog.NewTextHandler(&log, nil)), outside{})
			if err != nil {
				t.Fatal(err)
			}
			g, err := engine.Load(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if errs, warnings := checkRoutes(c, table, g.Scripts()); len(errs)+len(warnings) > 0 {
				t.Errorf("findings: %v %v", errs, warnings)
			}
			if err := passesTests(t.Context(), c, os.DirFS(dir)); err != nil {
				t.Error(err)
			}
			if err := engine.Close(); err != nil || log.Len() > 0 {
				t.Errorf("close: %v, log:\n%s", err, &log)
			}
		})
	}
}

// The tests of every recipe pass with its configuration, and for who copies the scripts alone.
func TestExamplesPass(t *testing.T) {
	scripts, err := filepath.Glob("../../examples/*/*.lua")
	if err != nil {
		t.Fatal(err)
	}
	folders := map[string]bool{}
	for _, script := range scripts {
		folders[filepath.Dir(script)] = true
		if strings.HasSuffix(script, "_test.lua") {
			continue
		}
		if _, err := os.Stat(strings.TrimSuffix(script, ".lua") + "_test.lua"); err != nil {
			t.Errorf("%s has no tests: %v", script, err)
		}
	}
	if len(folders) == 0 {
		t.Fatal("no examples")
	}
	for dir := range folders {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			args := [][]string{{"test", dir}}
			if file := filepath.Join(dir, "offhook.toml"); exists(file) {
				args = append(args, []string{"test", "--config", file, dir})
			}
			for _, a := range args {
				var out, errs bytes.Buffer
				if code := run(a, &out, &errs); code != exitDone {
					t.Errorf("offhook %s: exit code %d\n%s%s", strings.Join(a, " "), code, &out, &errs)
				}
			}
		})
	}
}
