package coretest

import (
	"fmt"
	"strings"
	"time"
)

// note is something other than a message on the ladder.
type note struct {
	at     time.Time
	before int // index of the message that followed
	text   string
}

func (p *player) note(text string) {
	p.notes = append(p.notes, note{time.Now(), len(p.caller.Messages()), text})
}

// ladder is what happened so far, with seconds since the first line:
//
//	0.000  > INVITE sip:test@192.0.2.1:5060 SIP/2.0
//	0.000  < SIP/2.0 100 Trying                      INVITE
//	1.000  ! answer
func (p *player) ladder() string {
	log, notes := p.caller.Messages(), p.notes
	var began time.Time
	var b strings.Builder
	line := func(at time.Time, text string) {
		if began.IsZero() {
			began = at
		}
		fmt.Fprintf(&b, "%10.3f  %s\n", at.Sub(began).Seconds(), text)
	}
	for i, m := range log {
		for len(notes) > 0 && notes[0].before <= i {
			line(notes[0].at, notes[0].text)
			notes = notes[1:]
		}
		arrow, answers := "<", ""
		if m.Sent {
			arrow = ">"
		}
		if m.Status() != 0 {
			answers = m.Method()
		}
		line(m.At, strings.TrimSpace(fmt.Sprintf("%s %-45s %s", arrow, m.Start, answers)))
	}
	for _, n := range notes {
		line(n.at, n.text)
	}
	return b.String()
}
