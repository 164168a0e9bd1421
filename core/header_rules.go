package core

import "github.com/emiago/sipgo/sip"

// HeaderRules change the header fields of what we send in the calls of a trunk:
// responses to INVITE and within the dialog, and our own requests. First Remove,
// then Set, then Add. What belongs to the protocol, such as Via, must not be in them.
type HeaderRules struct {
	Remove   []string
	Set, Add Headers
}

// changeable is a request or a response.
type changeable interface {
	sip.Message
	RemoveHeader(name string) bool
}

// rule does to a message of ours what the rules of the call's trunk say.
func (c *Call) rule(m changeable) {
	if c.trunk == nil {
		return
	}
	rules := &c.trunk.Headers
	for _, name := range rules.Remove {
		removeAll(m, name)
	}
	for _, h := range rules.Set {
		removeAll(m, h.Name)
	}
	rules.Set.addTo(m)
	rules.Add.addTo(m)
}

// removeAll takes all header fields of a name away, whatever its case.
func removeAll(m changeable, name string) {
	for _, h := range m.GetHeaders(name) {
		m.RemoveHeader(h.Name())
	}
}
