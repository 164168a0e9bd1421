package main

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"offhook/core"
	"offhook/core/coretest"
	"offhook/scripting"
	"offhook/scripting/route"
)

// Numbers reach scripts in one form, however they were escaped, and fit for a URI.
func TestPlainNumber(t *testing.T) {
	for user, want := range map[string]string{"100": "100", "%2B4930": "+4930", "%2a21%23": "*21%23", "a%20%62": "a%20b", "1%0d%0Ax": "1%0d%0Ax", "%zz%": "%zz%", "%3": "%3"} {
		if got := plainNumber(user); got != want {
			t.Errorf("plainNumber(%q) = %q, want %q", user, got, want)
		}
	}
}

// The line of a call's end tells who ended it, and mistakes of scripts count as failed calls.
func TestTheEndOfACallTellsWhy(t *testing.T) {
	for _, tt := range []struct {
		name, script, want string
		failed             int64
	}{
		{"the script", "call:answer() call:hangup()", "by=script status=200", 0},
		{"a limit", `call:answer() call:limit("1s") call:sleep("1m")`, "by=limit status=200", 0},
		{"a mistake", "call:answer() error('no')", "by=error status=200", 1},
		{"a mistake before the answer", "error('no')", "by=error status=500", 1},
		{"no final response", "", "by=script status=480", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var log bytes.Buffer
				logger := slog.New(slog.NewTextHandler(&log, nil))
				files := fstest.MapFS{"default.lua": {Data: []byte("function on_call(call) " + tt.script + " end")}}
				scripts, err := scripting.New(scripting.Options{FS: files, Log: logger})
				if err != nil {
					t.Fatal(err)
				}
				if _, err := scripts.Load(t.Context()); err != nil {
					t.Fatal(err)
				}
				network := coretest.NewNetwork()
				routes, err := route.New(nil, false)
				if err != nil {
					t.Fatal(err)
				}
				r := prometheus.NewRegistry()
				h := scriptHandler{scripts, routes, nil, newCallCounter(r), newCallFigures(r), logger, nil}
				s := core.New(core.Options{Log: logger, Handler: h, Media: network.Media()})
				caller := network.NewCaller(s, coretest.CallOptions{})
				caller.Invite()
				time.Sleep(time.Minute) // of the bubble's clock
				failed := s.Stats().Failed
				for _, closing := range []interface{ Close() error }{s, network, scripts} {
					if err := closing.Close(); err != nil {
						t.Error(err)
					}
				}
				if !strings.Contains(log.String(), tt.want) || failed != tt.failed {
					t.Errorf("%d failed calls, want %d, and the log must say %s:\n%s", failed, tt.failed, tt.want, &log)
				}
			})
		})
	}
}
