package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"offhook/config"
	"offhook/scripting"
	"offhook/scripting/scripttest"
)

// longestTests is how long the tests of scripts that are about to come to life may take.
const longestTests = time.Minute

// passesTests runs the tests of scripts that are about to come to life, with scripting.test_before_swap; those that fail are
// Findings. Scripts without tests pass. The tests run in a process of their own: whatever they do, the calls of this one go on.
func passesTests(ctx context.Context, c *config.Config, files fs.FS) error {
	ctx, cancel := context.WithTimeout(ctx, longestTests)
	defer cancel()
	report, err := testInChild(ctx, c, files)
	switch {
	case ctx.Err() == context.DeadlineExceeded:
		return fmt.Errorf("the tests of the scripts take longer than %v", longestTests)
	case err != nil:
		return fmt.Errorf("test scripts: %w", err)
	}
	var wrong scripting.Findings
	for _, r := range report.Results {
		if r.Failure != nil {
			wrong = append(wrong, failedTest(r))
		}
	}
	if wrong != nil {
		return wrong
	}
	return nil
}

// testInChild runs offhook test on a copy of the scripts.
func testInChild(ctx context.Context, c *config.Config, files fs.FS) (report scripttest.Report, err error) {
	dir, err := os.MkdirTemp("", "offhook-test-")
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	copied, settings := filepath.Join(dir, "scripts"), filepath.Join(dir, "offhook.toml")
	text, err := c.TOML()
	if err != nil {
		return report, err
	}
	if err := errors.Join(os.CopyFS(copied, files), os.WriteFile(settings, text, 0o600)); err != nil {
		return report, err
	}
	self, err := os.Executable()
	if err != nil {
		return report, err
	}
	sounds, err := filepath.Abs(soundsDir(c))
	if err != nil {
		return report, err
	}
	cmd := exec.CommandContext(ctx, self, "test", copied, "--json", "--config", settings, "--set", "media.sounds_dir="+sounds)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	ran := cmd.Run()
	if report, err = scripttest.ReadJSON(&stdout); err != nil {
		return report, fmt.Errorf("offhook test ended without a report: %w: %s", errors.Join(ran, err), bytes.TrimSpace(stderr.Bytes()))
	}
	return report, nil
}

func failedTest(r scripttest.Result) *scripting.Finding {
	f := &scripting.Finding{File: r.File, Line: r.Line, Message: fmt.Sprintf("test %q: %s", r.Name, r.Failure.Message)}
	if r.Failure.File != "" {
		f.File, f.Line = r.Failure.File, r.Failure.Line
	}
	return f
}
