package fault

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// target is which messages a rule is for: requests by their method, or responses by their status and, if that is not
// empty, by the method that they answer.
type target struct {
	status int // 0: requests
	method string
}

// methods are those of a call.
var methods = []string{"INVITE", "ACK", "BYE", "CANCEL", "PRACK", "UPDATE", "INFO", "REFER", "NOTIFY", "MESSAGE", "OPTIONS"}

// parseTarget reads "200", "200 INVITE" or "BYE".
func parseTarget(text string) (t target, err error) {
	words := strings.Fields(text)
	if len(words) == 0 || len(words) > 2 {
		return t, fmt.Errorf(`%q names no message: write a status as "200", one with a method as "200 BYE", or a method as "BYE"`, text)
	}
	if n, err := strconv.Atoi(words[0]); err == nil {
		if n < 100 || n > 699 {
			return t, fmt.Errorf("%d is no status: they go from 100 to 699", n)
		}
		t.status, words = n, words[1:]
	} else if len(words) == 2 {
		return t, fmt.Errorf("%q is no status", words[0])
	}
	if len(words) == 1 {
		if t.method = strings.ToUpper(words[0]); !slices.Contains(methods, t.method) {
			return t, fmt.Errorf("%q is no method of a call: those are %s", words[0], strings.Join(methods, ", "))
		}
	}
	return t, nil
}

func (t target) matches(method string, status int) bool {
	return t.status == status && (t.method == "" || t.method == method)
}

// identify tells what a message is: the status, 0 of a request, and the method, of a response the one it answers.
func identify(message []byte) (method string, status int) {
	line, rest, _ := bytes.Cut(message, []byte("\r\n"))
	after, response := bytes.CutPrefix(line, version)
	if !response {
		name, _, _ := bytes.Cut(line, []byte(" "))
		return string(name), 0
	}
	code, _, _ := bytes.Cut(after, []byte(" "))
	status, _ = strconv.Atoi(string(code))
	for line := range bytes.SplitSeq(rest, []byte("\r\n")) {
		name, value, ok := bytes.Cut(line, []byte(":"))
		if !ok { // the end of the header
			break
		}
		if bytes.EqualFold(bytes.TrimSpace(name), []byte("CSeq")) {
			if words := bytes.Fields(value); len(words) == 2 {
				method = string(words[1])
			}
			break
		}
	}
	return method, status
}
