package scripting

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"

	"offhook/media"
)

func gather() Function {
	return Function{
		Name: "gather",
		Doc:  "Plays a prompt and collects digits. Digits typed ahead count, and one that is pressed ends the prompt.",
		Options: []Param{
			{Name: "prompt", Type: Sounds, Doc: "a sound as for call:play, or a list of them; trouble of the network is logged and leaves it out"},
			{Name: "min", Type: Integer, Default: 1, Min: 0, Max: maxTyped, Doc: "fewer digits are not enough"},
			{Name: "max", Type: Integer, Default: maxTyped, Min: 1, Max: maxTyped, Doc: "so many digits are complete"},
			{Name: "finish", Type: DigitSet, Default: "#", Doc: "digits that complete the input and are no part of it; false = none"},
			{Name: "timeout", Type: Duration, Default: 5 * time.Second, Doc: "for the first digit, after the prompt"},
			{Name: "interdigit", Type: Duration, Default: 3 * time.Second, Doc: "for each further one"},
			{Name: "tries", Type: Integer, Default: 1, Min: 1, Max: 100, Doc: "how often to ask"},
			{Name: "invalid", Type: Sounds, Doc: "played after digits that are not valid, before the next try"},
			{Name: "match", Type: Text, Doc: "a regular expression (RE2) that the whole input matches when it is valid"},
			{Name: "sensitive", Type: Boolean, Default: false, Doc: "keep the digits out of the log and, as far as they are heard, out of recordings"},
			{Name: "barge", Type: DigitSet, Default: allDigits, Doc: "digits that end the prompt; false = none"},
		},
		Returns: []Return{
			{Name: "digits", Type: Text, Doc: "those that came, perhaps none"},
			{Name: "reason", Type: Text, Values: []string{"ok", "timeout", "invalid"}},
		},
		Example: `local pin, reason = call:gather{ prompt = "pin.wav", min = 4, max = 6, tries = 3, sensitive = true }`,
		run:     (*run).gather,
	}
}

// collection is one gather.
type collection struct {
	prompt, invalid     media.Source // nil = none
	least, most         int
	finish, barge       string
	timeout, interdigit time.Duration
	match               *regexp.Regexp
}

func (r *run) gather(a *arguments) int {
	c, err := r.collection(a)
	if err != nil {
		r.raise(a, err)
	}
	if a.secret = arg[bool](a, "sensitive"); a.secret {
		r.mask(true)
		defer r.mask(false)
	}
	var digits, reason string
	for try := arg[int](a, "tries"); try > 0; try-- {
		digits, reason = r.collect(a, c)
		shown := digits
		if a.secret {
			shown = strings.Repeat("•", len(digits))
			r.hide(digits)
		}
		r.log().Debug("gather", "digits", shown, "reason", reason, "at", where(a.LState))
		if reason == "ok" {
			break
		}
		if reason == "invalid" && try > 1 && c.invalid != nil {
			r.playAll(a, c.invalid, playing{times: 1, limit: forever})
		}
	}
	return a.returns(lua.LString(digits), lua.LString(reason))
}

func (r *run) collection(a *arguments) (c collection, err error) {
	c = collection{
		least: arg[int](a, "min"), most: arg[int](a, "max"), finish: arg[string](a, "finish"), barge: arg[string](a, "barge"),
		timeout: arg[time.Duration](a, "timeout"), interdigit: arg[time.Duration](a, "interdigit"),
	}
	if c.least > c.most {
		return c, fmt.Errorf("min %d is more than max %d", c.least, c.most)
	}
	if a.has("match") {
		match, err := r.engine.regexp("^(?:" + arg[string](a, "match") + ")$")
		if err != nil {
			return c, fmt.Errorf("option match: %w", err)
		}
		c.match = match.Regexp
	}
	c.prompt, c.invalid = r.optional(a, "prompt"), r.optional(a, "invalid")
	return c, nil
}

// optional opens the sounds of an option; nil = it was not given, or the network does not give them.
func (r *run) optional(a *arguments, option string) media.Source {
	if !a.has(option) {
		return nil
	}
	src, err := r.sounds(a, a.lookup(option).(lua.LValue), 0)
	if r.troubled(a, err) {
		return nil
	}
	return src
}

// collect asks once.
func (r *run) collect(a *arguments, c collection) (digits, reason string) {
	var first byte
	if c.prompt != nil {
		first = r.playAll(a, c.prompt, playing{times: 1, barge: c.barge, limit: forever}).digit
	}
	for len(digits) < c.most {
		digit := first
		first = 0
		if digit == 0 {
			timeout := c.interdigit
			if digits == "" {
				timeout = c.timeout
			}
			ev := r.nextDigit(a, timeout)
			if ev == nil {
				return digits, c.verdict(digits, "timeout")
			}
			digit = ev.Digit
		}
		if strings.IndexByte(c.finish, digit) >= 0 {
			break
		}
		digits += string(digit)
	}
	return digits, c.verdict(digits, "invalid")
}

// verdict judges the digits; few says what too few of them are.
func (c collection) verdict(digits, few string) string {
	switch {
	case len(digits) < c.least:
		return few
	case c.match != nil && !c.match.MatchString(digits):
		return "invalid"
	case digits == "" && few == "timeout":
		return "timeout"
	}
	return "ok"
}
