package coretest

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"offhook/core"
)

// Setup is what a scenario is played against.
type Setup struct {
	Network *Network
	Server  *core.Server
	Stage   *Stage
	Options CallOptions
	// Settle returns when the server has nothing left to do at this instant:
	// synctest.Wait.
	Settle func()
}

// player plays one scenario.
type player struct {
	Setup
	scenario *Scenario
	caller   *Caller
	names    map[string]string // captured
	taken    int               // messages of the log that were expected
	notes    []note
	failure  error
}

// Play plays a scenario. The error names the line, what came and the ladder so far.
func (s *Scenario) Play(setup Setup) error {
	setup.Options.NoACK, setup.Options.NoAnswer = true, true
	p := &player{Setup: setup, scenario: s, names: map[string]string{}}
	p.caller = setup.Network.NewCaller(setup.Server, setup.Options)
	for _, step := range s.steps {
		if err := p.do(step); err != nil {
			return p.fail(step, err)
		}
	}
	p.Settle()
	if m, ok := p.next(); ok {
		return p.fail(step{line: s.steps[len(s.steps)-1].line}, fmt.Errorf("%q came after the end of the scenario", m.Start))
	}
	return nil
}

func (p *player) fail(s step, err error) error {
	return fmt.Errorf("%s:%d: %w\n%s", p.scenario.Name, s.line, err, p.ladder())
}

func (p *player) do(s step) error {
	if s.verb != ">" { // what is sent without a pause between is sent in one breath
		p.Settle()
	}
	switch s.verb {
	case ">":
		return p.send(s)
	case "<":
		return p.expect(s)
	case "!":
		p.note("! " + s.words[0])
		return p.Stage.act(s.words[0])
	case "wait":
		d, err := time.ParseDuration(s.words[0])
		time.Sleep(d)
		return err
	case "drain":
		return p.drain(s.words[0])
	case "pause":
		p.Server.Pause()
		return nil
	case "resume":
		p.Server.Resume()
		return nil
	case "nothing":
		if m, ok := p.next(); ok {
			return fmt.Errorf("%q came", m.Start)
		}
		return nil
	}
	return p.check(s)
}

// drain lets the server drain for as long as a step says. It goes on while the
// scenario does.
func (p *player) drain(within string) error {
	d, err := time.ParseDuration(within)
	if err != nil {
		return err
	}
	p.note("drain " + within)
	p.Network.running.Go(func() { // ends when the server has drained, in time or not
		ctx, cancel := context.WithTimeout(context.Background(), d)
		defer cancel()
		_ = p.Server.Drain(ctx) // what it did shows on the wire
	})
	p.Settle()
	return nil
}

// send sends a request or a response, with its edits.
func (p *player) send(s step) error {
	what := s.words[0]
	var m Message
	if code, err := strconv.Atoi(what); err == nil {
		method, offer := s.words[1:], []string(nil)
		if i := slices.Index(method, "SDP"); i >= 0 {
			method, offer = method[:i], method[i:]
		}
		req, ok := p.last(false, func(m Message) bool { return m.Status() == 0 && (len(method) == 0 || m.Method() == method[0]) })
		if !ok {
			return fmt.Errorf("the server has asked nothing: %v", method)
		}
		m = p.caller.NewResponse(req, code, "Whatever")
		if offer != nil {
			p.caller.describe(&m, offerOf(offer))
		}
	} else if what == "again" {
		last, ok := p.last(true, func(m Message) bool { return m.Method() == s.words[1] })
		if !ok {
			return fmt.Errorf("no %s was sent", s.words[1])
		}
		p.caller.Send(last)
		return nil
	} else {
		m = p.caller.NewRequest(what)
		if what == "INVITE" || len(s.words) > 1 {
			p.caller.describe(&m, offerOf(s.words[1:]))
		}
	}
	if err := p.edit(&m, s.more); err != nil {
		return err
	}
	if strings.HasPrefix(m.Start, "INVITE ") {
		p.caller.sendInvite(m)
	} else {
		p.caller.Send(m)
	}
	return nil
}

// offerOf reads what stands behind the method: SDP, a direction, an address.
func offerOf(words []string) (o Offer) {
	for _, word := range words {
		if a, err := netip.ParseAddr(word); err == nil {
			o.Address = a
		} else if word != "SDP" {
			o.Direction = word
		}
	}
	return o
}

// edit makes the changes that a scenario wants.
func (p *player) edit(m *Message, edits []edit) (err error) {
	bodied := false
	for _, e := range edits {
		value := p.expand(e.value, func(s string) string { return s })
		if e.name == "Authorization" && strings.HasPrefix(value, "@ ") {
			if value, err = p.credentials(value, *m); err != nil {
				return err
			}
		}
		switch e.kind {
		case '=':
			m.set(e.name, value)
		case '+':
			m.add(e.name, value)
		case '^':
			m.Start = value
		case '-':
			if strings.EqualFold(e.name, "body") {
				m.Body = ""
				m.remove("Content-Type")
			} else {
				m.remove(e.name)
			}
		case '|':
			if !bodied {
				m.Body, bodied = "", true
			}
			m.Body += value + "\r\n"
		}
	}
	return nil
}

// expand puts in what was captured.
func (p *player) expand(text string, quote func(string) string) string {
	return os.Expand(text, func(name string) string {
		value, ok := p.names[name]
		if !ok {
			return "${" + name + "}"
		}
		return quote(value)
	})
}

// next is the message of the server that is to be expected next.
func (p *player) next() (Message, bool) {
	log := p.caller.Messages()
	for p.taken < len(log) && log[p.taken].Sent {
		p.taken++
	}
	if p.taken == len(log) {
		return Message{}, false
	}
	return log[p.taken], true
}

// last is the last message of the log so far that ok accepts.
func (p *player) last(sent bool, ok func(Message) bool) (Message, bool) {
	log := p.caller.Messages()
	for i := len(log) - 1; i >= 0; i-- {
		if log[i].Sent == sent && (sent || i < p.taken) && ok(log[i]) {
			return log[i], true
		}
	}
	return Message{}, false
}
