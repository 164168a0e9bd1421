package coretest

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// expect compares the next message of the server with a step.
func (p *player) expect(s step) error {
	words, again := s.words, s.words[0] == "again"
	if again {
		words = words[1:]
	}
	m, ok := p.next()
	if !ok {
		return fmt.Errorf("want %s, nothing came", strings.Join(s.words, " "))
	}
	if !m.is(words) {
		return fmt.Errorf("want %s, %q (%s) came", strings.Join(s.words, " "), m.Start, m.Method())
	}
	if again {
		before, ok := p.last(false, func(m Message) bool { return m.is(words) })
		if !ok || before.String() != m.String() {
			return fmt.Errorf("want the same %s again, this came:\n%s", words[0], m)
		}
	}
	p.taken++
	for _, e := range s.more {
		if err := p.match(m, e); err != nil {
			return fmt.Errorf("line %d: %w in\n%s", e.line, err, m)
		}
	}
	return nil
}

// is compares a message with a status or a method, the method that is answered
// and SDP.
func (m Message) is(words []string) bool {
	if code, err := strconv.Atoi(words[0]); err == nil {
		if m.Status() != code {
			return false
		}
	} else if m.Status() != 0 || m.Method() != words[0] {
		return false
	}
	for _, word := range words[1:] {
		if word == "SDP" {
			if m.Body == "" || m.Header("Content-Type") != "application/sdp" {
				return false
			}
		} else if m.Method() != word {
			return false
		}
	}
	return true
}

// match checks one expectation and keeps what it captures.
func (p *player) match(m Message, e edit) error {
	if e.kind == '-' {
		if values := m.Headers(e.name); len(values) > 0 || e.name == "body" && m.Body != "" {
			return fmt.Errorf("unwanted %s %q", e.name, values)
		}
		return nil
	}
	pattern, err := regexp.Compile(p.expand(e.value, regexp.QuoteMeta))
	if err != nil {
		return err
	}
	texts := m.Headers(e.name)
	switch e.kind {
	case '^':
		texts = []string{m.Start}
	case '|':
		texts = strings.Split(m.Body, "\r\n")
	}
	i := slices.IndexFunc(texts, pattern.MatchString)
	if i < 0 {
		return fmt.Errorf("no %s matches %s", strings.TrimSpace(string(e.kind)+" "+e.name), pattern)
	}
	found := pattern.FindStringSubmatch(texts[i])
	for k, name := range pattern.SubexpNames() {
		if name != "" {
			p.names[name] = found[k]
		}
	}
	return nil
}

// check compares what the server says of itself with key=value pairs.
func (p *player) check(s step) error {
	have := map[string]string{}
	switch s.verb {
	case "ended":
		call := p.Stage.Call()
		if call == nil {
			return fmt.Errorf("there was no call")
		}
		e := call.Ending()
		if e.Cause == nil {
			return fmt.Errorf("the call goes on, %s", call.State())
		}
		have["by"], have["code"], have["q850"] = e.By(), strconv.Itoa(e.Code), strconv.Itoa(e.Q850)
		have["reason"], have["seconds"] = strings.ReplaceAll(e.Reason, " ", "_"), fmt.Sprint(e.Duration.Seconds())
	case "stats":
		st := p.Server.Stats()
		for name, n := range map[string]int64{
			"active": st.Active, "total": st.Total, "answered": st.Answered, "failed": st.Failed,
			"merged": int64(st.Transaction.Merged), "absorbed": int64(st.Transaction.Absorbed), "dropped": int64(st.Transport.Dropped),
		} {
			have[name] = strconv.FormatInt(n, 10)
		}
	case "events":
		if got, want := strings.Join(p.Stage.takeEvents(), " "), strings.Join(s.words, " "); got != want {
			return fmt.Errorf("events %q, want %q", got, want)
		}
		return nil
	}
	for _, word := range s.words {
		key, want, _ := strings.Cut(word, "=")
		if got, ok := have[key]; !ok || got != want {
			return fmt.Errorf("%s %s=%s, want %s", s.verb, key, got, want)
		}
	}
	return nil
}
