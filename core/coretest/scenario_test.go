package coretest_test

import (
	"strings"
	"testing"
	"testing/synctest"

	"log/slog"

	"offhook/core"
	"offhook/core/coretest"
)

func TestScenarioSyntax(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"> INVITE\n\nfoo\n", `x.txt:3: "foo" is none of`},
		{">\n", `x.txt:1: ">": want`},
		{"    To: x\n", `x.txt:1: "To: x" belongs to no step`},
		{"> INVITE\n    To\n", `x.txt:2: "To": want NAME: VALUE`},
		{"server max_calls\n", `x.txt:1: setting "max_calls"`},
	} {
		if _, err := coretest.ParseScenario("x.txt", c.text); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: error %v, want %s", c.text, err, c.want)
		}
	}
}

// TestScenarioFails plays scenarios that must not pass: each failure names the
// line and what came.
func TestScenarioFails(t *testing.T) {
	const start = "> INVITE\n< 100\n! answer\n"
	for _, c := range []struct{ name, text, want string }{
		{"another status", start + "< 180\n", `x.txt:4: want 180, "SIP/2.0 200 OK" (INVITE) came`},
		{"another method", start + "< 200 BYE\n", `x.txt:4: want 200 BYE`},
		{"nothing came", start + "< 200\n< 200\n", `x.txt:5: want 200, nothing came`},
		{"something came", start + "nothing\n", `x.txt:4: "SIP/2.0 200 OK" came`},
		{"left over", start, `x.txt:3: "SIP/2.0 200 OK" came after the end`},
		{"header", start + "< 200\n    CSeq: ^2 \n", `no = CSeq matches ^2`},
		{"absent header", start + "< 200\n    -To\n", `unwanted To`},
		{"absent body", start + "< 200\n    -body\n", `unwanted body`},
		{"body", start + "< 200\n    | a=recvonly\n", `no | matches a=recvonly`},
		{"not the same", "> OPTIONS\n< 200\n> OPTIONS\n< again 200\n", `want the same 200 again`},
		{"capture", "> INVITE\n< 100\n! ring\n< 180\n    CSeq: (?<seq>.*)\n! answer\n< 200\n    To: ^${seq}$\n", `no = To matches ^1 INVITE$`},
		{"verb", start + "< 200\n! reject 486\n", `x.txt:5: the call is answered`},
		{"verb that works", "> INVITE\n< 100\n! answer: ended\n", `want one with "ended"`},
		{"goes on", start + "< 200\nended by=caller\n", `x.txt:5: the call goes on, answered`},
		{"stats", start + "< 200\nstats active=2\n", `stats active=1, want 2`},
		{"events", start + "< 200\n> ACK\nevents hold\n", `events "answered", want "hold"`},
		{"no call", "! ring\n", `no call has come`},
		{"ladder", "> INVITE\n< 100\n! ring\n< 180\nwait 1s\n! answer\n< 180\n", strings.Join([]string{
			"     0.000  > INVITE sip:test@192.0.2.1:5060 SIP/2.0",
			"     0.000  < SIP/2.0 100 Trying                            INVITE",
			"     0.000  ! ring",
			"     0.000  < SIP/2.0 180 Ringing                           INVITE",
			"     1.000  ! answer",
			"     1.000  < SIP/2.0 200 OK                                INVITE",
		}, "\n")},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				scenario, err := coretest.ParseScenario("x.txt", c.text)
				if err != nil {
					t.Fatal(err)
				}
				n, stage := coretest.NewNetwork(), &coretest.Stage{}
				s := core.New(core.Options{Media: n.Media(), Handler: stage, Log: slog.New(slog.DiscardHandler)})
				err = scenario.Play(coretest.Setup{Network: n, Server: s, Stage: stage, Settle: synctest.Wait})
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("error %v\nwant %s", err, c.want)
				}
				s.Close()
				n.Close()
			})
		})
	}
}
