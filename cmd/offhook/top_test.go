package main

import (
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"offhook/core/console"
)

func TestTop(t *testing.T) {
	_, socket := running(t, io.Discard)
	expect := operator(t, socket)
	expect(0, `(?s)^offhook \S+  pid \d+  up \S+  takes calls\nudp 127.0.0.1:\d+  scripts generation 1  log level info\n.*calls     \[\.{30}\] 0 of 100\n.*pacing    no RTP sent\n$`, "", "top", "--once")
	var s console.Status
	if err := json.Unmarshal([]byte(expect(0, "", "", "top", "--once", "--json")), &s); err != nil || s.MaxCalls != 100 || len(s.Lateness) == 0 {
		t.Errorf("%v: %+v", err, s)
	}
	expect(2, "^$", "flag --interval: write 100ms or more", "top", "--interval", "1ms")
	operator(t, socket+"x")(1, "^$", "no server answers on", "top", "--once")
}

func TestScreenOf(t *testing.T) {
	at := func(second int) time.Time { return time.Date(2026, 1, 2, 3, 4, second, 0, time.UTC) }
	before := console.Status{PID: 7, Started: at(0), Time: at(10), TotalCalls: 100, AnsweredCalls: 90, FailedCalls: 1, CPU: 1,
		Lateness: []console.Bucket{{UpTo: time.Millisecond, Count: 1000}, {UpTo: 2 * time.Millisecond}, {Count: 5}}}
	now := console.Status{
		Version: "1.0", PID: 7, Started: at(0), Time: at(12), TotalCalls: 120, AnsweredCalls: 109, FailedCalls: 2, CPU: 2, ActiveCalls: 50, MaxCalls: 100,
		Ports: console.Ports{InUse: 10, Quarantine: 5, Free: 15}, Draining: true, Memory: 50e6, Generation: 3, Log: console.LogState{Level: "info"},
		Lateness: []console.Bucket{{UpTo: time.Millisecond, Count: 1990}, {UpTo: 2 * time.Millisecond, Count: 9}, {Count: 6}}, SIP: []string{"udp 0.0.0.0:5060"},
	}
	const want = `offhook 1.0  pid 7  up 12s  DRAINING: new calls get 503
udp 0.0.0.0:5060  scripts generation 3  log level info

calls     [###############...............] 50 of 100
RTP ports [###############...............] 10 of 30 pairs, 5 in quarantine
CPU       [###############...............] 50 % of one
memory    50 MB

              came in   answered     failed
in all            120        109          2
a second         10.0        9.5        0.5

pacing    1000 frames: half within 1ms, 99 % within 1ms, 99.9 % within 2ms
`
	if got := screenOf(now, before); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	now.PID = 8 // the server was restarted: rates are those since then
	if got := screenOf(now, before); !strings.Contains(got, "a second         10.0        9.1        0.2") || !strings.Contains(got, "CPU       2.0 s so far") ||
		!strings.Contains(got, "2005 frames: half within 1ms, 99 % within 1ms, 99.9 % later than 2ms") {
		t.Errorf("after a restart\n%s", got)
	}
	late := []console.Bucket{{UpTo: time.Millisecond, Count: 1}, {Count: 9}}
	if got := latenessOf(late, nil); !strings.Contains(got, "half later than 1ms") {
		t.Errorf("late frames: %q", got)
	}
}
