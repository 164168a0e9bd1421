package main

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"offhook/config"
)

// Every recipe loads as its README says: the configuration, the routes and the scripts, without a warning; and its tests pass.
func TestExamplesLoad(t *testing.T) {
	readmes, err := filepath.Glob("../../examples/*/README.md")
	if err != nil || len(readmes) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	for _, readme := range readmes {
		dir := filepath.Dir(readme)
		t.Run(filepath.Base(dir), func(t *testing.T) {
			file := filepath.Join(dir, "offhook.toml")
			if _, err := os.Stat(file); err != nil {
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
