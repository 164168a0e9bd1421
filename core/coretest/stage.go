package coretest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"offhook/core"
	"offhook/media"
)

// Stage is the handler of scenarios: it does with a call what the lines that
// begin with "!" say, and nothing by itself.
type Stage struct {
	mu     sync.Mutex
	calls  []*core.Call
	leave  []chan func() // of each call, for its handler: what to do before it returns
	events []string

	pending *core.Pending // of the last verb that has one
	fault   *core.Fault   // the last one
}

// ServeCall waits until the call or the scenario ends it.
func (s *Stage) ServeCall(ctx context.Context, c *core.Call) {
	leave := make(chan func(), 1)
	s.mu.Lock()
	s.calls, s.leave = append(s.calls, c), append(s.leave, leave)
	s.mu.Unlock()
	c.Notify(s.event)
	select {
	case <-ctx.Done():
	case fn := <-leave:
		fn()
	}
}

// Call is the newest one; nil: none has come.
func (s *Stage) Call() *core.Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.calls) == 0 {
		return nil
	}
	return s.calls[len(s.calls)-1]
}

func (s *Stage) event(e core.Event) {
	text := map[core.EventKind]string{
		core.EventDigit: "digit:" + string(e.Digit), core.EventAnswered: "answered", core.EventHold: "hold",
		core.EventResume: "resume", core.EventInfo: "info:" + e.ContentType, core.EventMediaTimeout: "media_timeout",
		core.EventMessage: "message:" + strings.ReplaceAll(strings.TrimSpace(e.Body), " ", "_"),
		core.EventTone:    fmt.Sprintf("tone:%.0f", e.Frequency),
	}[e.Kind]
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = append(s.events, text)
}

func (s *Stage) takeEvents() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	events := slices.Clone(s.events)
	s.events = nil
	return events
}

// act does what a line says, and compares how it fails with what stands after a colon.
func (s *Stage) act(line string) error {
	line, want, fails := strings.Cut(line, ": ")
	c := s.Call()
	if c == nil {
		return errors.New("no call has come")
	}
	err := s.verb(c, strings.Fields(line))
	switch {
	case fails && (err == nil || !strings.Contains(err.Error(), want)):
		return fmt.Errorf("%s: error %v, want one with %q", line, err, want)
	case fails:
		return nil
	}
	return err
}

// verb is one of:
//
//	ring · progress CODE · answer [CODEC…] · reject CODE · redirect URI… · hangup [REASON] · return · panic · confirmed
//	trunk [NAME], which it must have come in on
//	fault OPTION…, see faultOf · faulted N, so many messages by the last fault · heal, which ends it · raw TEXT, with _ and \n as there
//	hold · resume · transfer URI [TIMEOUT] · info TYPE BODY · outcome CODE, of the last of these; without CODE: none yet
func (s *Stage) verb(c *core.Call, words []string) error {
	number := 0
	if len(words) > 1 {
		number, _ = strconv.Atoi(words[1])
	}
	switch words[0] {
	case "ring":
		return c.Ring(nil)
	case "progress":
		return c.Progress(number, nil)
	case "answer":
		var o core.AnswerOptions
		for _, name := range words[1:] {
			codec, err := media.ParseCodec(name)
			if err != nil {
				return err
			}
			o.Codecs = append(o.Codecs, codec)
		}
		return c.Answer(o)
	case "reject":
		return c.Reject(number, strings.Join(words[2:], " "), nil)
	case "redirect":
		return c.Redirect(words[1:], 302, nil)
	case "hangup":
		return c.Hangup(core.HangupOptions{Reason: strings.Join(words[1:], " ")})
	case "return":
		s.tell(func() {})
	case "panic":
		s.tell(func() { panic("as the scenario says") })
	case "trunk":
		if got := c.Trunk(); got != strings.Join(words[1:], "") {
			return fmt.Errorf("the trunk is %q", got)
		}
	case "confirmed":
		select {
		case <-c.Confirmed():
		default:
			return errors.New("not confirmed")
		}
	case "outcome":
		return s.outcome(words[1:])
	case "fault", "faulted", "heal", "raw":
		return s.spoil(c, words)
	default:
		return s.ask(c, words)
	}
	return nil
}

// ask does a verb whose outcome has to be waited for.
func (s *Stage) ask(c *core.Call, words []string) (err error) {
	switch words[0] {
	case "hold", "resume":
		s.pending, err = c.Hold(words[0] == "hold", nil)
	case "transfer":
		var o core.TransferOptions
		if len(words) > 2 {
			if o.Timeout, err = time.ParseDuration(words[2]); err != nil {
				return err
			}
		}
		s.pending, err = c.Transfer(words[1], o)
	case "info":
		s.pending, err = c.SendInfo(words[1], strings.Join(words[2:], " "), nil)
	default:
		err = fmt.Errorf("%q is no verb", words[0])
	}
	return err
}

// outcome compares that of the last verb that has one.
func (s *Stage) outcome(want []string) error {
	got := "none"
	select {
	case <-s.pending.Done():
		got = strconv.Itoa(s.pending.Code())
	default:
	}
	if len(want) == 0 {
		want = []string{"none"}
	}
	if got != want[0] {
		return fmt.Errorf("outcome %s, want %s", got, want[0])
	}
	return nil
}

// tell has the handler of the newest call do something and return.
func (s *Stage) tell(fn func()) {
	s.mu.Lock()
	leave := s.leave[len(s.leave)-1]
	s.mu.Unlock()
	leave <- fn
}
