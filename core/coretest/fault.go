package coretest

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"offhook/core"
	"offhook/core/fault"
)

// spoil does a verb that has to do with faults.
func (s *Stage) spoil(c *core.Call, words []string) error {
	switch words[0] {
	case "heal":
		s.fault.Cancel()
	case "raw":
		return c.SendRaw(strings.NewReplacer("_", " ", `\n`, "\n").Replace(words[1]))
	case "faulted":
		if got := strconv.Itoa(s.fault.Count()); got != strings.Join(words[1:], "") {
			return fmt.Errorf("%s messages were spoilt", got)
		}
	default:
		rule, err := faultOf(words[1:])
		if err != nil {
			return err
		}
		f, err := c.Fault(rule)
		if err != nil {
			return err
		}
		s.fault = f
	}
	return nil
}

// faultOf reads a rule as scenarios write it; _ is a space:
//
//	on=200_INVITE ignore=BYE skip=1 times=2 drop delay=2s dup=1 also status=486
//	set=CSeq:_9_INVITE remove=Contact add=X-A:_1 body=v=0…, with \n between lines
func faultOf(options []string) (r fault.Rule, err error) {
	for _, option := range options {
		key, value, _ := strings.Cut(option, "=")
		value = strings.ReplaceAll(value, "_", " ")
		name, text, _ := strings.Cut(value, ": ")
		switch key {
		case "on":
			r.On = value
		case "ignore":
			r.Ignore = value
		case "skip":
			r.Skip, err = strconv.Atoi(value)
		case "times":
			r.Times, err = strconv.Atoi(value)
		case "drop":
			r.Drop = true
		case "delay":
			r.Delay, err = time.ParseDuration(value)
		case "dup":
			r.Copies, err = strconv.Atoi(value)
		case "also":
			r.Also = true
		case "status":
			r.Edit.Status = value
		case "set":
			r.Edit.Set = append(r.Edit.Set, fault.Header{Name: name, Value: text})
		case "add":
			r.Edit.Add = append(r.Edit.Add, fault.Header{Name: name, Value: text})
		case "remove":
			r.Edit.Remove = append(r.Edit.Remove, value)
		case "body":
			body := strings.ReplaceAll(value, `\n`, "\n")
			r.Edit.Body = &body
		default:
			err = fmt.Errorf("fault: %q is unknown", key)
		}
		if err != nil {
			return r, err
		}
	}
	return r, nil
}
