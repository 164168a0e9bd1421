package main

import (
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"offhook/config"
	"offhook/core/sdp"
	"offhook/media"
)

// TestServerOptionsOfMedia checks that the keys of [media] reach the server.
func TestServerOptionsOfMedia(t *testing.T) {
	file := filepath.Join(t.TempDir(), "offhook.toml")
	if err := os.WriteFile(file, []byte("[media]\nsymmetric_rtp = false\nrtp_timeout = 12.5\nsrtp = \"required\"\ndtmf_inband = \"on\"\nrealtime_priority = false\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		file    string
		noLatch bool
		silent  time.Duration
		srtp    sdp.SRTP
		inband  media.Inband
	}{{"", false, 0, sdp.SRTPOff, media.InbandAuto}, {file, true, 12500 * time.Millisecond, sdp.SRTPRequired, media.InbandOn}} {
		loaded, err := config.Load(config.Options{File: c.file})
		if err != nil {
			t.Fatal(err)
		}
		if got := mediaOptions(loaded, nil).NoRealtime; got != (c.file != "") {
			t.Errorf("%q: no real-time priority: %v", c.file, got)
		}
		o, err := serverOptions(loaded, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		if o.NoLatch != c.noLatch || o.MediaSilent != c.silent || o.SRTP != c.srtp || o.Inband != c.inband {
			t.Errorf("%q: NoLatch %v, MediaSilent %v, SRTP %v, Inband %v; want %v, %v, %v, %v",
				c.file, o.NoLatch, o.MediaSilent, o.SRTP, o.Inband, c.noLatch, c.silent, c.srtp, c.inband)
		}
	}
}

func TestScriptOptionsAllowFaults(t *testing.T) {
	for _, want := range []bool{false, true} {
		c, err := config.Load(config.Options{Flags: []config.Flag{{Name: "--set", Key: "scripting.allow_faults", Value: strconv.FormatBool(want)}}})
		if err != nil {
			t.Fatal(err)
		}
		if got := scriptOptions(c, slog.New(slog.DiscardHandler)).AllowFaults; got != want {
			t.Errorf("AllowFaults %v, want %v", got, want)
		}
	}
}

func TestScriptOptionsAllowImpair(t *testing.T) {
	for _, want := range []bool{false, true} {
		c, err := config.Load(config.Options{})
		if err != nil {
			t.Fatal(err)
		}
		c.Scripting.AllowImpair = c.Scripting.AllowImpair || want
		if got := scriptOptions(c, slog.New(slog.DiscardHandler)).AllowImpair; got != want {
			t.Errorf("AllowImpair %v, want %v", got, want)
		}
	}
}
