package main

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"offhook/config"
)

// TestServerOptionsOfMedia checks that the keys of [media] reach the server.
func TestServerOptionsOfMedia(t *testing.T) {
	file := filepath.Join(t.TempDir(), "offhook.toml")
	if err := os.WriteFile(file, []byte("[media]\nsymmetric_rtp = false\nrtp_timeout = 12.5\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		file    string
		noLatch bool
		silent  time.Duration
	}{{"", false, 0}, {file, true, 12500 * time.Millisecond}} {
		loaded, err := config.Load(config.Options{File: c.file})
		if err != nil {
			t.Fatal(err)
		}
		o, err := serverOptions(loaded, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		if o.NoLatch != c.noLatch || o.MediaSilent != c.silent {
			t.Errorf("%q: NoLatch %v, MediaSilent %v; want %v, %v", c.file, o.NoLatch, o.MediaSilent, c.noLatch, c.silent)
		}
	}
}
