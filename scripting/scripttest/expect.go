package scripttest

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"

	"offhook/scripting"
)

// What a test expects of the server and its script.

// inTime says until when something was expected.
func inTime(within time.Duration) string {
	if within == 0 {
		return "by now"
	}
	return "within " + within.String()
}

func (c *conversation) expectStatus(a *scripting.Args) int {
	code, within := scripting.Arg[int](a, "code"), scripting.Arg[time.Duration](a, "within")
	var found *Message
	c.trial.await(within, func() bool {
		for ; c.readMessages < len(c.messages); c.readMessages++ {
			m := &c.messages[c.readMessages]
			if m.Method != "INVITE" || m.Status == 0 {
				continue
			}
			if m.Status == code {
				c.readMessages++
				found = m
				return true
			}
			if m.Status >= 200 {
				return true
			}
		}
		return c.ended
	})
	if found == nil {
		c.fail(a, fmt.Sprintf("%d %s", code, inTime(within)), c.standing)
	}
	a.Push(lua.LString(found.Reason))
	return 1
}

// fail is trial.fail with what there is instead, which is asked with the trial's mu held. The timeline has it too.
func (c *conversation) fail(a *scripting.Args, expected string, instead func() string) {
	t := c.trial
	t.mu.Lock()
	got := instead()
	c.note(EntryTest, strings.TrimSuffix(a.Where(1), ":"), "expected "+expected)
	t.mu.Unlock()
	t.fail(a, expected, got)
}

// lastResponse is the last one to the INVITE; t.mu is held.
func (c *conversation) lastResponse() (Message, bool) {
	for i := len(c.messages) - 1; i >= 0; i-- {
		if m := c.messages[i]; m.Method == "INVITE" && m.Status > 0 {
			return m, true
		}
	}
	return Message{}, false
}

// standing is where the call stands, as what was got in place of a message; t.mu is held.
func (c *conversation) standing() string {
	last, ok := c.lastResponse()
	switch {
	case c.ended && c.byServer():
		return "BYE"
	case c.ended && c.answered:
		return "the end: the caller hung up"
	case !ok:
		return "no response"
	}
	return fmt.Sprintf("%d %s", last.Status, last.Reason)
}

// byServer tells whether the server has sent BYE; t.mu is held.
func (c *conversation) byServer() bool {
	for _, m := range c.messages {
		if m.Method == "BYE" && m.Status == 0 {
			return true
		}
	}
	return false
}

func (c *conversation) expectBye(a *scripting.Args) int {
	within := scripting.Arg[time.Duration](a, "within")
	bye := false
	c.trial.await(within, func() bool {
		bye = c.byServer()
		return bye || c.ended
	})
	if !bye {
		c.fail(a, "BYE "+inTime(within), c.standing)
	}
	return 0
}

func (c *conversation) expectTransfer(a *scripting.Args) int {
	within := scripting.Arg[time.Duration](a, "within")
	var target []string
	c.trial.await(within, func() bool {
		for ; c.readTransfers < len(c.messages) && target == nil; c.readTransfers++ {
			if m := &c.messages[c.readTransfers]; m.Method == "REFER" && m.Status == 0 {
				target = m.Header("Refer-To")
			}
		}
		return target != nil || c.ended
	})
	if target == nil {
		c.fail(a, "REFER "+inTime(within), c.standing)
	}
	a.Push(lua.LString(strings.Trim(target[0], "<>")))
	return 1
}

func (c *conversation) expectPlay(a *scripting.Args) int {
	name, within := scripting.Arg[string](a, "name"), scripting.Arg[time.Duration](a, "within")
	found := false
	c.trial.await(within, func() bool {
		found = search(c.plays, &c.readPlays, func(s string) bool { return s == name })
		return found || c.ended
	})
	if !found {
		c.fail(a, fmt.Sprintf("%q to be played %s", name, inTime(within)), func() string { return latest("nothing played", c.plays) })
	}
	return 0
}

func (c *conversation) expectLog(a *scripting.Args) int {
	text, within := scripting.Arg[string](a, "text"), scripting.Arg[time.Duration](a, "within")
	found := false
	c.trial.await(within, func() bool {
		found = search(c.logs, &c.readLogs, func(s string) bool { return strings.Contains(s, text) })
		return found || c.finished()
	})
	if !found {
		c.fail(a, fmt.Sprintf("a log line with %q %s", text, inTime(within)), func() string { return latest("no log line", c.logs) })
	}
	return 0
}

func (c *conversation) expectDTMF(a *scripting.Args) int {
	digits, within := scripting.Arg[string](a, "digits"), scripting.Arg[time.Duration](a, "within")
	found := false
	c.trial.await(within, func() bool {
		came := c.keys[c.readKeys:]
		found = strings.HasPrefix(came, digits)
		return found || c.ended || !strings.HasPrefix(digits, came)
	})
	if !found {
		c.fail(a, fmt.Sprintf("the keys %s %s", digits, inTime(within)), func() string { return cmp.Or(c.keys[c.readKeys:], "none") })
	}
	c.readKeys += len(digits)
	return 0
}

// search finds the next of a list that fits, and goes on after it the next time.
func search(list []string, read *int, fits func(string) bool) bool {
	for i := *read; i < len(list); i++ {
		if fits(list[i]) {
			*read = i + 1
			return true
		}
	}
	return false
}

// latest is the end of a list, or what an empty one is called.
func latest(nothing string, list []string) string {
	if len(list) == 0 {
		return nothing
	}
	return fmt.Sprintf("%q", list[len(list)-1])
}

func (c *conversation) header(a *scripting.Args) int {
	t := c.trial
	t.mu.Lock()
	var values []string
	if n := len(c.messages); n > 0 {
		values = c.messages[n-1].Header(scripting.Arg[string](a, "name"))
	}
	t.mu.Unlock()
	if len(values) == 0 {
		a.Push(lua.LNil)
	} else {
		a.Push(lua.LString(values[0]))
	}
	return 1
}
