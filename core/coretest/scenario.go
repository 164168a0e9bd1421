package coretest

import (
	"fmt"
	"strings"
)

// Scenario is a call flow as text, a step a line:
//
//	server max_calls=1           settings, before anything else; see Setup
//	> INVITE                     the caller sends; edits follow, indented
//	    Subject: x               replaces the first field of that name, or adds one
//	    +Route: <sip:a;lr>       adds one
//	    -Contact                 takes all away; -body the body
//	    ^ FOO sip:x SIP/2.0      replaces the start line
//	    Authorization: @ u p     credentials for the last challenge; see credentials
//	    | a=sendonly             body line, in place of the usual body
//	> INVITE sendonly            with that direction; > UPDATE SDP, > INVITE 198.51.100.9: with a description
//	> again INVITE               the last INVITE, byte for byte
//	> 200                        answers the server's last request
//	> 200 INVITE SDP recvonly    its last INVITE, with a description
//	< 180                        the server sends this next; expectations follow, indented
//	    To: tag=(?<tag>\w+)      regular expression that a value of the field matches
//	    -Server                  there is no such field
//	    | ^a=recvonly            regular expression that a line of the body matches
//	< 200 INVITE SDP             with the method that it answers, with a description
//	< again 200                  the last 200, byte for byte
//	wait 500ms
//	drain 30s                    core.Server.Drain begins
//	pause, resume                core.Server.Pause and Resume
//	nothing                      nothing has come
//	! answer                     what the handler of the call does; see verbs
//	! answer: call has ended     it must fail with an error that contains this
//	ended by=cancel code=487     how the call ended
//	stats active=0 failed=1      figures of the server
//	events answered hold         of the call, since the last such line
//
// A name that an expectation has captured stands for its text from then on:
// ${tag}. Everything that the server sends must be expected.
type Scenario struct {
	Name     string
	Settings map[string]string
	steps    []step
}

// step is one line with what is indented below it.
type step struct {
	line  int
	verb  string // ">", "<", "!", "wait" …
	words []string
	more  []edit
}

// edit is an indented line: a change of what is sent, or an expectation.
type edit struct {
	line        int
	kind        byte // '=' set or match, '+' add, '-' remove or absent, '^' start line, '|' body line
	name, value string
}

// ParseScenario reads a scenario; name is for errors.
func ParseScenario(name, text string) (*Scenario, error) {
	s := &Scenario{Name: name, Settings: map[string]string{}}
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimRight(line, " \r\n")
		trimmed := strings.TrimLeft(line, " \t")
		if trimmed == "" || trimmed[0] == '#' {
			continue
		}
		var err error
		if trimmed != line {
			err = s.addEdit(number, trimmed)
		} else {
			err = s.addStep(number, line)
		}
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, number, err)
		}
	}
	return s, nil
}

func (s *Scenario) addStep(number int, line string) error {
	words := strings.Fields(line)
	switch words[0] {
	case "server":
		for _, word := range words[1:] {
			key, value, ok := strings.Cut(word, "=")
			if !ok {
				return fmt.Errorf("setting %q: want key=value", word)
			}
			s.Settings[key] = value
		}
		return nil
	case ">", "<", "wait", "drain":
		if len(words) < 2 {
			return fmt.Errorf("%q: want what to send, what to expect or how long", line)
		}
	case "!":
		_, text, _ := strings.Cut(line, " ")
		s.steps = append(s.steps, step{line: number, verb: "!", words: []string{strings.TrimSpace(text)}})
		return nil
	case "nothing", "pause", "resume", "ended", "stats", "events":
	default:
		return fmt.Errorf("%q is none of server > < ! wait drain pause resume nothing ended stats events", words[0])
	}
	s.steps = append(s.steps, step{line: number, verb: words[0], words: words[1:]})
	return nil
}

func (s *Scenario) addEdit(number int, line string) error {
	if len(s.steps) == 0 {
		return fmt.Errorf("%q belongs to no step", line)
	}
	e := edit{line: number, kind: '='}
	if strings.IndexByte("+-^|", line[0]) >= 0 {
		e.kind, line = line[0], strings.TrimPrefix(line[1:], " ")
	}
	switch e.kind {
	case '^', '|':
		e.value = line
	case '-':
		e.name = line
	default:
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			return fmt.Errorf("%q: want NAME: VALUE", line)
		}
		e.name, e.value = strings.TrimSpace(name), strings.TrimSpace(value)
	}
	last := &s.steps[len(s.steps)-1]
	last.more = append(last.more, e)
	return nil
}
