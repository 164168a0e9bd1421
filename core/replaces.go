package core

import (
	"strings"

	"github.com/emiago/sipgo/sip"

	"offhook/core/journal"
)

// replaces is the Replaces header field of an INVITE: the call that this one is to
// take the place of, as in an attended transfer (RFC 3891). The new one is a call
// like any other, with a handler of its own, and when that answers, the old one
// ends. It ends as if its peer had hung up, for it is the peer's side that has
// moved the call.
type replaces struct {
	id        dialogID
	remoteTag string
	earlyOnly bool
	call      *Call // that was found; nil: none yet
}

var (
	badReplaces = &refusal{code: 400, reason: "Bad Replaces"}
	wasAnswered = &refusal{code: 486, reason: "Busy Here"} // and only a ringing call was to be replaced
)

// readReplaces reads the header field; nil, nil: there is none. Its tags are named
// as we see them: to-tag is ours.
func readReplaces(invite *sip.Request) (*replaces, *refusal) {
	values := fieldsOf(invite, "Replaces")
	if len(values) == 0 {
		return nil, nil
	}
	callID, params, _ := strings.Cut(values[0], ";")
	r := &replaces{id: dialogID{strings.TrimSpace(callID), param(params, "to-tag")}, remoteTag: param(params, "from-tag")}
	for part := range strings.SplitSeq(params, ";") {
		r.earlyOnly = r.earlyOnly || strings.EqualFold(strings.TrimSpace(part), "early-only")
	}
	if len(values) > 1 || r.id.callID == "" || r.id.localTag == "" || r.remoteTag == "" {
		return nil, badReplaces
	}
	return r, nil
}

// replace looks for the call to take the place of, and refuses this one if there is
// none. It runs on the call's own goroutine: the other call has another lock.
func (c *Call) replace() {
	r := c.replaces
	if r == nil {
		return
	}
	old := c.server.find(r.id)
	refused := old.replaceable(r)
	c.shard.Lock()
	defer c.shard.Unlock()
	switch {
	case c.state == Ended:
	case refused != nil:
		c.refuse(refused)
	default:
		r.call = old
		c.log.Info("replaces a call", "replaced", old.id)
		c.journal.Note(journal.KindLog, "", "replaces call "+old.id)
	}
}

// replaceable tells why a call cannot be replaced (RFC 3891 §3); nil: it can.
func (c *Call) replaceable(r *replaces) *refusal {
	if c == nil {
		return noDialog
	}
	c.shard.Lock()
	defer c.shard.Unlock()
	remoteTag, _ := tagOf(c.dialog.remote.Params)
	switch {
	case c.dialog.id != r.id || remoteTag != r.remoteTag || c.state == Ended || c.left != nil || c.parted():
		return noDialog
	case !c.state.Answered() && c.outgoing == nil: // who calls us cannot be replaced before we answer
		return noDialog
	case r.earlyOnly && c.state.Answered():
		return wasAnswered
	}
	return nil
}

// endReplaced ends the call whose place this one has taken. This call's shard is locked.
func (c *Call) endReplaced() {
	if c.replaces == nil || c.replaces.call == nil || !c.server.startRedial() {
		return
	}
	old := c.replaces.call
	go func() { // ends at once; Server.Close waits for it
		defer c.server.redials.Done()
		old.journal.Note(journal.KindLog, "", "replaced by call "+c.id)
		_ = old.Hangup(HangupOptions{Reason: "replaced", Cause: ErrRemoteHangup}) // never fails
	}()
}
