package core

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/emiago/sipgo/sip"

	"offhook/core/journal"
	"offhook/core/sdp"
	"offhook/core/transaction"
	"offhook/core/transport"
	"offhook/media"
)

// This file tells the journal what happens in calls. All of it is nothing when Options.Journal is nil.

// Journal is where it is noted what happens in the call; nil: nowhere.
func (c *Call) Journal() *journal.Journal { return c.journal }

// newID makes the server's own name of a call.
func newID() string { return strconv.FormatUint(rand.Uint64()>>16, 36) }

// trace notes a message in the journal of its call, and tells Options.Trace. An INVITE that begins a call is noted where
// the journal begins.
func (s *Server) trace(t transaction.Trace) {
	if s.o.Trace != nil {
		s.o.Trace(t)
	}
	if s.o.Journal == nil {
		return
	}
	if t.Fault != "" {
		s.o.Journal.Spoiled(t.CallID, journal.Entry{Sent: t.Sent, Again: t.Copy, Raw: t.Bytes, Text: t.Fault, Lost: t.Lost}, peerOf(t.Flow))
		return
	}
	if req, ok := t.Message.(*sip.Request); ok && !t.Sent && !t.Copy && begins(req) {
		return
	}
	s.o.Journal.Message(t.CallID, t.Sent, t.Copy, peerOf(t.Flow), t.Bytes, t.Kept)
}

func peerOf(f transport.Flow) journal.Peer {
	return journal.Peer{Network: f.Network(), Local: f.Local(), Remote: f.Remote()}
}

// begins tells whether a request asks for a new call.
func begins(req *sip.Request) bool {
	if req.Method != sip.INVITE {
		return false
	}
	_, within := tagOf(req.To().Params)
	return !within
}

// begin opens the journal of the call that an INVITE asks for; t is its trunk, nil: none.
func (s *Server) begin(tx *transaction.Server, req *sip.Request, id string, t *trunk) *journal.Journal {
	if s.o.Journal == nil {
		return nil
	}
	f := tx.Flow()
	j := s.o.Journal.Begin(journal.Call{
		ID: id, SIPCallID: req.CallID().Value(), From: req.From().Address.String(), To: req.To().Address.String(),
		DID: req.Recipient.User, CLI: req.From().Address.User, Trunk: t.name(), Source: f.Remote().String(), Transport: f.Network(),
	})
	j.Message(false, false, peerOf(f), tx.Bytes(), false)
	return j
}

// beginOutgoing opens the journal of a call of ours.
func (s *Server) beginOutgoing(c *Call) *journal.Journal {
	if s.o.Journal == nil {
		return nil
	}
	return s.o.Journal.Begin(journal.Call{
		ID: c.id, SIPCallID: c.dialog.id.callID, Outgoing: true, From: c.dialog.local.Address.String(), To: c.request.Recipient.String(),
		DID: c.request.Recipient.User, CLI: c.user, Source: c.flow.Remote().String(), Transport: c.flow.Network(),
	})
}

// decline refuses a request before there is a call. Of an INVITE that is a call record, of trunk t.
func (s *Server) decline(tx *transaction.Server, req *sip.Request, t *trunk, r *refusal) {
	var j *journal.Journal
	if begins(req) {
		j = s.begin(tx, req, newID(), t)
	}
	s.refuse(tx, req, r)
	endRefused(j, r)
}

// endRefused ends the journal of a call that no script will see.
func endRefused(j *journal.Journal, r *refusal) {
	j.End(func(c *journal.Call) { c.By, c.Code, c.Reason = byRefused, r.code, r.reason })
}

// byRefused says in a call record that the server refused the call, or the far end one of ours.
const byRefused = "refused"

// noteMedia notes what happens to the RTP session.
func (c *Call) noteMedia(text string) { c.journal.Note(journal.KindMedia, "", text) }

// noteSettled notes what offer and answer agreed on, if that is new.
func (c *Call) noteSettled(was, n sdp.Negotiated) {
	if c.journal == nil || c.sampling.settled && was.Codec == n.Codec && was.Remote == n.Remote && was.Send == n.Send && was.Receive == n.Receive {
		return
	}
	c.sampling.settled = true
	text := n.Codec.String() + ", " + n.Ptime.String() + ", to " + n.Remote.String()
	switch {
	case !n.Send && !n.Receive:
		text += ", inactive"
	case !n.Send:
		text += ", nothing is sent"
	case !n.Receive:
		text += ", nothing is received"
	}
	c.noteMedia(text)
	c.journal.Update(func(j *journal.Call) { j.Codec = n.Codec.String() })
}

// noteOpened notes that there is an RTP session, and begins to sample how it does. The shard is locked.
func (c *Call) noteOpened() {
	if c.journal == nil {
		return
	}
	c.noteMedia("RTP on port " + strconv.Itoa(int(c.session.Addr().Port())))
	c.sampling.timer = c.shard.AfterFunc(firstSample, c.sample)
	if what := c.server.o.Journal.Capturing(c.request.Recipient.User); what != journal.CaptureOff {
		c.keepRTP(what)
	}
}

// How often it is noted how well RTP goes.
const (
	firstSample = time.Second
	samplePause = 5 * time.Second
)

// sampling is what was noted of RTP so far.
type sampling struct {
	timer          *transaction.Timer // nil: there is no journal, or no session
	settled        bool               // what was agreed on is noted
	sent, received bool               // the first packet is
}

// sample notes how well RTP goes. The shard is locked.
func (c *Call) sample() {
	c.noteRTP(c.session.Stats())
	c.sampling.timer.Reset(samplePause)
}

// noteRTP notes a point of the series, and the first packets.
func (c *Call) noteRTP(st media.Stats) {
	if !c.sampling.sent && !st.Sent.First.IsZero() {
		c.sampling.sent = true
		c.journal.NoteAt(st.Sent.First, journal.KindMedia, "first RTP sent")
	}
	if !c.sampling.received && !st.Received.First.IsZero() {
		c.sampling.received = true
		c.journal.NoteAt(st.Received.First, journal.KindMedia, "first RTP received from "+st.Remote.String())
	}
	c.journal.Sample(journal.Point{
		Sent: st.Sent.Packets, Received: st.Received.Packets, Lost: st.Received.Lost, JitterMs: millis(st.Received.Jitter), MOS: hundredths(st.MOS()),
	})
}

// playedFunc is played, for the media session.
func (c *Call) playedFunc() func(media.Played) {
	if c.server.o.Journal == nil {
		return nil
	}
	return c.played
}

// played notes the end of a playback. It is called with the session's lock held.
func (c *Call) played(p media.Played) {
	c.noteMedia(fmt.Sprintf("%s: %s at %v", nameOf(p), p.Status, p.Position.Round(time.Millisecond)))
}

func nameOf(p media.Played) string {
	switch {
	case p.Source != nil:
		return fmt.Sprint(p.Source)
	case p.Echo:
		return "echo"
	}
	return "digits"
}

// record completes the call's journal when all of it is over, and returns what is closed when that has been recorded. The
// shard is locked.
func (c *Call) record() (recorded <-chan struct{}) {
	if c.journal == nil {
		return nil
	}
	e := c.ending
	return c.journal.End(func(j *journal.Call) {
		if j.By == "" { // else the script has told, as on_hangup
			j.By, j.Code, j.Reason, j.Q850 = e.By(), e.Code, e.Reason, e.Q850
			if e.Cause == ErrRefused {
				j.By = byRefused
			}
		}
		if c.session != nil {
			recordMedia(j, c.negotiation.current.Codec, c.final)
		}
	})
}

func recordMedia(j *journal.Call, codec media.Codec, st media.Stats) {
	j.Codec = codec.String()
	if st.Suite != media.NoSuite {
		j.SRTP = st.Suite.String()
	}
	j.Received = &journal.Received{
		Packets: st.Received.Packets, Bytes: st.Received.Bytes, Lost: st.Received.Lost, LossPct: hundredths(st.Received.LossPct),
		JitterMs: millis(st.Received.Jitter), Late: st.Received.Late,
	}
	j.Sent = &journal.Sent{Packets: st.Sent.Packets, Bytes: st.Sent.Bytes, Skipped: st.Sent.Skipped}
	j.RoundTripMs, j.MOS = millis(st.RoundTrip), hundredths(st.MOS())
}

func millis(d time.Duration) float64 { return hundredths(float64(d) / float64(time.Millisecond)) }

func hundredths(v float64) float64 { return float64(int64(v*100+0.5)) / 100 }

// longestRecord is how long a call counts as in progress because its record has not been written.
const longestRecord = 5 * time.Second

// awaitRecord waits until the call is recorded, so that a call that counts as over is never lost.
func (c *Call) awaitRecord(recorded <-chan struct{}) {
	if recorded == nil {
		return
	}
	patience := time.NewTimer(longestRecord)
	defer patience.Stop()
	select {
	case <-recorded:
	case <-patience.C:
		c.log.Error("call record is not written in time", "after", longestRecord.String())
	}
}
