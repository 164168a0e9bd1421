package transaction

import (
	"strings"
	"testing"
)

var (
	stateNames = map[string]state{
		"calling": calling, "trying": trying, "proceeding": proceeding, "completed": completed,
		"confirmed": confirmed, "accepted": accepted, "terminated": terminated,
	}
	eventNames = map[string]event{
		"copy": requestCopy, "ACK": ackRequest, "1xx": provisional, "2xx": success, "3-6xx": failure,
		"retransmit": timerRetransmit, "timeout": timerTimeout, "end": timerEnd,
	}
	actionNames = map[string]action{
		"send": send, "repeat": repeat, "pass": pass, "sendACK": sendACK, "timedOut": timedOut, "-": nothing,
	}
)

// The machines again, as lists: state, event, new state, actions. Every pair that is not listed changes nothing.
func TestMachinesOverEveryPair(t *testing.T) {
	for _, machine := range []struct {
		name  string
		next  func(state, event) (state, action)
		lines string
	}{
		{"INVITE server", nextServerInvite, `
			proceeding copy       proceeding repeat
			proceeding 1xx        proceeding send
			proceeding 2xx        accepted   send
			proceeding 3-6xx      completed  send
			completed  copy       completed  repeat
			completed  retransmit completed  repeat
			completed  ACK        confirmed  -
			completed  timeout    terminated -
			confirmed  end        terminated -
			accepted   2xx        accepted   send
			accepted   ACK        accepted   pass
			accepted   end        terminated -`},
		{"non-INVITE server", nextServerNonInvite, `
			trying     1xx        proceeding send
			trying     2xx        completed  send
			trying     3-6xx      completed  send
			trying     timeout    terminated -
			proceeding copy       proceeding repeat
			proceeding 1xx        proceeding send
			proceeding 2xx        completed  send
			proceeding 3-6xx      completed  send
			proceeding timeout    terminated -
			completed  copy       completed  repeat
			completed  end        terminated -`},
		{"INVITE client", nextClientInvite, `
			calling    1xx        proceeding pass
			calling    2xx        accepted   pass
			calling    3-6xx      completed  sendACK|pass
			calling    retransmit calling    repeat
			calling    timeout    terminated timedOut
			proceeding 1xx        proceeding pass
			proceeding 2xx        accepted   pass
			proceeding 3-6xx      completed  sendACK|pass
			proceeding timeout    terminated timedOut
			completed  3-6xx      completed  sendACK
			completed  end        terminated -
			accepted   2xx        accepted   pass
			accepted   end        terminated -`},
		{"non-INVITE client", nextClientNonInvite, `
			trying     1xx        proceeding pass
			trying     2xx        terminated pass
			trying     3-6xx      terminated pass
			trying     retransmit trying     repeat
			trying     timeout    terminated timedOut
			proceeding 1xx        proceeding pass
			proceeding 2xx        terminated pass
			proceeding 3-6xx      terminated pass
			proceeding retransmit proceeding repeat
			proceeding timeout    terminated timedOut`},
	} {
		t.Run(machine.name, func(t *testing.T) {
			want := parseMachine(t, machine.lines)
			for from, s := range stateNames {
				for name, e := range eventNames {
					w, listed := want[pair{s, e}]
					if !listed {
						w = outcome{s, nothing}
					}
					if to, do := machine.next(s, e); to != w.to || do != w.do {
						t.Errorf("%s, %s: got state %d actions %b, want state %d actions %b", from, name, to, do, w.to, w.do)
					}
				}
			}
		})
	}
}

type pair struct {
	state
	event
}

type outcome struct {
	to state
	do action
}

func parseMachine(t *testing.T, lines string) map[pair]outcome {
	t.Helper()
	m := make(map[pair]outcome)
	for line := range strings.Lines(strings.TrimSpace(lines)) {
		f := strings.Fields(line)
		s, ok1 := stateNames[f[0]]
		e, ok2 := eventNames[f[1]]
		to, ok3 := stateNames[f[2]]
		if !ok1 || !ok2 || !ok3 {
			t.Fatalf("unknown name in %q", line)
		}
		var do action
		for name := range strings.SplitSeq(f[3], "|") {
			a, ok := actionNames[name]
			if !ok {
				t.Fatalf("unknown action in %q", line)
			}
			do |= a
		}
		m[pair{s, e}] = outcome{to, do}
	}
	return m
}

func TestStatusEvent(t *testing.T) {
	for code, want := range map[int]event{
		100: provisional, 199: provisional, 200: success, 299: success, 300: failure, 487: failure, 699: failure,
	} {
		if got := statusEvent(code); got != want {
			t.Errorf("%d: got %d, want %d", code, got, want)
		}
	}
}
