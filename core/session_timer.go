package core

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"offhook/core/transaction"
)

// sessionTimer ends a call whose peer has vanished (RFC 4028). Every 2xx to an
// INVITE or UPDATE begins it anew:
//
//	2xx                interval/2                    interval - min(32 s, interval/3)
//	 |── we refresh: ──── UPDATE or re-INVITE ── 2xx ──> anew
//	 |                         └─ refused ── again every interval/8, at most 10 s ──> BYE
//	 |                            but not when it was for want of the right credentials
//	 └── the peer does: ───────────────────── nothing came ─────────────────────────> BYE
type sessionTimer struct {
	interval time.Duration // 0: the session does not expire
	least    time.Duration // that the peer accepts, as far as it has said so
	ours     bool          // we refresh
	byInvite bool          // the peer takes no UPDATE
	asking   bool          // an UPDATE of ours has no final response yet
	refresh  *transaction.Timer
	expire   *transaction.Timer
}

// tooBrief refuses a session interval below ours. A peer that does not support
// timers would not understand why (RFC 4028 §9).
func (s *Server) tooBrief(req *sip.Request) *refusal {
	asked, _ := sessionExpires(req)
	if asked == 0 || asked >= s.o.MinSession || !supportsTimer(req) {
		return nil
	}
	return (&refusal{code: 422, reason: phrase(422)}).with("Min-SE", wholeSeconds(s.o.MinSession))
}

// expires settles the session timer in a 2xx to an INVITE or UPDATE, and starts
// it: the interval is the one asked for, else that in use, else the configured
// one (RFC 4028 §9, table 2). The shard is locked.
func (c *Call) expires(req *sip.Request, res *sip.Response) {
	if fieldsOf(req, "Allow") != nil {
		c.timer.byInvite = !lists(req, "Allow", "UPDATE")
	}
	supports := supportsTimer(req)
	interval, refresher := sessionExpires(req)
	ours := !supports || refresher == "uas"
	if interval < c.server.o.MinSession { // asked for by a proxy, or by nobody
		if interval = c.timer.interval; interval != 0 {
			ours = !supports || c.timer.ours
		} else if c.server.o.SessionExpires > 0 {
			interval = max(c.server.o.SessionExpires, minSE(req))
		}
	}
	if interval == 0 {
		return
	}
	value := wholeSeconds(interval) + ";refresher=uac"
	if ours {
		value = wholeSeconds(interval) + ";refresher=uas"
	}
	res.AppendHeader(sip.NewHeader("Session-Expires", value))
	if supports {
		res.AppendHeader(sip.NewHeader("Require", timerTag))
	}
	c.startTimer(interval, ours)
}

// askExpires puts the session timer in use into a request of ours that refreshes.
func (c *Call) askExpires(req *sip.Request) {
	if c.timer.interval == 0 {
		return
	}
	value := wholeSeconds(c.timer.interval) + ";refresher=uas"
	if c.timer.ours {
		value = wholeSeconds(c.timer.interval) + ";refresher=uac"
	}
	req.AppendHeader(sip.NewHeader("Session-Expires", value))
	req.AppendHeader(sip.NewHeader("Min-SE", wholeSeconds(max(c.timer.least, c.server.o.MinSession))))
}

// refreshed takes a 2xx to an INVITE or UPDATE of ours. A peer that says nothing of
// the timer in use does not support it: we go on alone (RFC 4028 §7.2).
func (c *Call) refreshed(res *sip.Response) {
	if fieldsOf(res, "Allow") != nil {
		c.timer.byInvite = !lists(res, "Allow", "UPDATE")
	}
	switch interval, refresher := sessionExpires(res); {
	case interval != 0:
		c.startTimer(max(interval, c.server.o.MinSession), refresher != "uas")
	case c.timer.interval != 0:
		c.startTimer(c.timer.interval, true)
	}
}

// startTimer begins a session interval.
func (c *Call) startTimer(interval time.Duration, ours bool) {
	t := &c.timer
	t.stop()
	t.interval, t.ours = interval, ours
	if ours {
		t.refresh = c.shard.AfterFunc(interval/2, c.refresh)
	}
	t.expire = c.shard.AfterFunc(interval-min(32*time.Second, interval/3), c.expired)
}

func (t *sessionTimer) stop() {
	t.refresh.Stop()
	t.expire.Stop()
}

// expired ends a call that was not refreshed in time (RFC 4028 §10).
func (c *Call) expired() {
	c.log.Warn("session expired", "interval", c.timer.interval.String())
	c.server.stats.failed.Add(1)
	c.hangup(ErrRemoteHangup, HangupOptions{Reason: "session expired", Q850: 102})
}

// refresh asks the peer whether it is still there: with UPDATE, else with a
// re-INVITE. One that is on its way for another reason does as well.
func (c *Call) refresh() {
	c.timer.refresh.Reset(min(10*time.Second, c.timer.interval/8)) // the 2xx begins a new interval
	switch {
	case c.holding != nil || c.timer.asking:
	case c.timer.byInvite:
		c.holding = &holding{pending: newPending(), on: c.negotiation.local.Hold, refresh: true}
		c.offerHold()
	default:
		c.sendUpdate()
	}
}

func (c *Call) sendUpdate() {
	req := c.newRequest(sip.UPDATE, nil)
	c.askExpires(req)
	c.timer.asking = true
	err := c.sendInDialog(req, func(res *sip.Response, err error) {
		if err == nil && res.IsProvisional() {
			return
		}
		c.timer.asking = false
		switch {
		case c.state == Ended:
		case err == nil && res.IsSuccess():
			c.dialog.retarget(res.Contact())
			c.refreshed(res)
		default:
			c.notRefreshed(sip.UPDATE, res, outcome(res, err))
		}
	}, nil)
	if err != nil {
		c.timer.asking = false
		c.log.Warn("UPDATE not sent", "error", err)
	}
}

// notRefreshed takes what is no 2xx to a refresh: the next one asks for more time
// if the peer wants that (RFC 4028 §7.4), or goes as a re-INVITE.
func (c *Call) notRefreshed(method sip.RequestMethod, res *sip.Response, code int) {
	c.log.Info("refresh refused", "method", string(method), "status", code)
	switch code {
	case 422:
		c.prolong(res)
	case 405, 501:
		c.timer.byInvite = true
	case 401, 407: // answered, if we can: it would be refused again
		c.timer.refresh.Stop()
	case 408: // of an UPDATE, too (RFC 4028 §10)
		method = sip.INVITE
	}
	c.lost(method, code)
}

// prolong takes the Min-SE of a 422; it is false when that asks for no more than
// we have asked for.
func (c *Call) prolong(res *sip.Response) bool {
	least := minSE(res)
	if least <= c.timer.interval || c.timer.interval == 0 {
		return false
	}
	c.timer.least, c.timer.interval = least, least
	return true
}

// sessionExpires reads Session-Expires: 1800;refresher=uas. One that cannot be
// read is none (RFC 3261 §8.2).
func sessionExpires(m message) (interval time.Duration, refresher string) {
	for _, value := range fieldsOf(m, "Session-Expires") {
		text, params, _ := strings.Cut(value, ";")
		return deltaSeconds(text), strings.ToLower(param(params, "refresher"))
	}
	return 0, ""
}

func minSE(m message) time.Duration {
	for _, value := range fieldsOf(m, "Min-SE") {
		text, _, _ := strings.Cut(value, ";")
		return deltaSeconds(text)
	}
	return 0
}

// deltaSeconds reads delta-seconds (RFC 3261 §25.1); 0 for what are none.
func deltaSeconds(text string) time.Duration {
	n, err := strconv.ParseUint(strings.TrimSpace(text), 10, 32)
	if err != nil {
		return 0
	}
	return time.Duration(n) * time.Second
}

func wholeSeconds(d time.Duration) string { return fmt.Sprint(int64(d / time.Second)) }

func supportsTimer(m message) bool {
	return lists(m, "Supported", timerTag) || lists(m, "Require", timerTag)
}
