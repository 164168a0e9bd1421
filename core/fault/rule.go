package fault

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Bounds, so that a script cannot make a flood of one message.
const (
	MaxRules  = 32 // armed at once in a call
	MaxDelay  = time.Minute
	MaxCopies = 10
	MaxBody   = 32 << 10
)

// Rule says what goes wrong with some messages of a call, copies included: either On or Ignore says which.
type Rule struct {
	On     string // of those we send: "200", "200 INVITE" or "BYE"
	Ignore string // of those that come, which are taken as if they had not
	Skip   int    // so many are left as they are before the first one
	Times  int    // so many are spoilt; 0: all

	Drop   bool          // it does not leave
	Delay  time.Duration // it leaves later
	Copies int           // it leaves so many times more
	Also   bool          // it leaves as it is, and what the rule makes of it leaves, too
	Edit   Edit
}

// check says what is wrong with a rule.
func (r *Rule) check() error {
	acts := r.Delay != 0 || r.Copies != 0 || r.Also || r.Edit.changes()
	switch {
	case (r.On == "") == (r.Ignore == ""):
		return errors.New("either on or ignore says which messages")
	case r.Skip < 0 || r.Times < 0:
		return errors.New("skip and times count from 0 on")
	case r.Ignore != "" && (acts || r.Drop):
		return errors.New("what is ignored cannot be changed: leave the other options out")
	case r.Drop && acts:
		return errors.New("what is dropped cannot be changed: leave the other options out")
	case r.On != "" && !r.Drop && !acts:
		return errors.New("nothing would go wrong: write drop, delay, dup, also, status, set, remove, add or body")
	case r.Delay < 0 || r.Delay > MaxDelay:
		return fmt.Errorf("delay: %v is not within 0 to %v", r.Delay, MaxDelay)
	case r.Copies < 0 || r.Copies > MaxCopies:
		return fmt.Errorf("dup: %d is not within 0 to %d", r.Copies, MaxCopies)
	}
	return r.Edit.check()
}

// check refuses what would be no header field. What is in a value is the tester's business, but for the end of its line.
func (e *Edit) check() error {
	for _, name := range e.Remove {
		if err := checkName(name); err != nil {
			return err
		}
	}
	for _, list := range [][]Header{e.Set, e.Add} {
		for _, h := range list {
			if err := checkName(h.Name); err != nil {
				return err
			}
			if strings.ContainsAny(h.Value, "\r\n") {
				return fmt.Errorf("%s: %q is not one line", h.Name, h.Value)
			}
		}
	}
	switch {
	case e.Body != nil && len(*e.Body) > MaxBody:
		return fmt.Errorf("body: %d bytes are more than %d", len(*e.Body), MaxBody)
	case strings.ContainsAny(e.Status, "\r\n"):
		return fmt.Errorf("status: %q is not one line", e.Status)
	}
	return nil
}

func checkName(name string) error {
	if name == "" || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r == ':' || r >= 0x7f }) {
		return fmt.Errorf("%q is not the name of a header field", name)
	}
	return nil
}

// what is a word for people on what the rule does to a message that leaves.
func (r *Rule) what() string {
	var words []string
	if r.Edit.changes() {
		words = append(words, "edited")
	}
	if r.Delay > 0 {
		words = append(words, "delayed "+r.Delay.String())
	}
	return strings.Join(words, ", ")
}
