package core

import (
	"context"
	"log/slog"
	"net/netip"
	"slices"
	"sync/atomic"
	"time"

	"github.com/emiago/sipgo/sip"

	"offhook/core/digest"
	"offhook/core/guard"
	"offhook/core/register"
	"offhook/core/transaction"
	"offhook/core/transport"
	"offhook/media"
)

// Trunk is a peer that calls come from, and how they are taken. Which one a call
// belongs to is found out in this order: the first one with the source address, the
// one that has registered with a registrar of that address, and of those with a
// User and neither Sources nor Register, the one whose name is in the credentials.
type Trunk struct {
	Name    string
	Sources []netip.Prefix
	User    *digest.User   // who must authenticate each request that begins a call; nil: nobody
	Account digest.Account // that we answer challenges with; zero: we do not

	Codecs         []media.Codec // nil: those of the server
	MaxCalls       int           // at once, more get 503; 0: no limit of its own
	CallsPerSecond float64       // more get 503; 0: no limit
	Maintenance    bool          // all get 503
	Identity       []string      // header fields that name the caller, in order; nil: P-Asserted-Identity, Remote-Party-ID
	Headers        HeaderRules
	Register       *Register // nil: we register nowhere
}

// TrunkStats are the figures of a trunk since New; Active is what there is now.
type TrunkStats struct {
	Name                   string
	Maintenance            bool
	Active, Total, Refused int64                // Refused: because of a limit, maintenance or wrong credentials
	Unauthorized           int64                // of them those with wrong credentials
	Registration           *RegistrationSummary // nil: it registers nowhere
}

// trunk is a Trunk at work.
type trunk struct {
	Trunk
	active int // Server.mu
	calls  *guard.Rate
	noted  *guard.Rate // log lines about wrong credentials

	total, refused, unauthorized atomic.Int64

	registering *registering
}

func (s *Server) newTrunks(all []Trunk) {
	for _, t := range all {
		live := &trunk{Trunk: t, calls: guard.NewRate(t.CallsPerSecond, 0), noted: guard.NewRate(1, 0)}
		if t.Register != nil {
			live.registering = &registering{
				Register: *t.Register, server: s, trunk: live, log: s.log.With("trunk", t.Name),
				plan: register.New(register.Options{Registrars: len(t.Register.Registrars), Expires: t.Register.Expires, Random: random}),
			}
		}
		s.trunks = append(s.trunks, live)
	}
	s.strangers = guard.NewRate(1, 0)
	if len(all) > 0 {
		s.digest = digest.NewServer()
	}
}

// Trunks are the figures of all trunks at this moment, in order.
func (s *Server) Trunks() []TrunkStats {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]TrunkStats, 0, len(s.trunks))
	for _, t := range s.trunks {
		st := TrunkStats{
			Name: t.Name, Maintenance: t.Maintenance, Active: int64(t.active),
			Total: t.total.Load(), Refused: t.refused.Load(), Unauthorized: t.unauthorized.Load(),
		}
		if t.registering != nil {
			st.Registration = t.registering.summary()
		}
		all = append(all, st)
	}
	return all
}

// trunkOf finds the trunk of a request; nil when it belongs to none.
func (s *Server) trunkOf(from netip.Addr, req *sip.Request) *trunk {
	from = from.Unmap().WithZone("")
	for _, t := range s.trunks {
		if slices.ContainsFunc(t.Sources, func(p netip.Prefix) bool { return p.Contains(from) }) {
			return t
		}
	}
	var first *trunk
	for _, t := range s.trunks {
		switch {
		case t.registering == nil || !t.registering.knows(from):
		case t.registering.contactUser() == req.Recipient.User: // of several accounts with one registrar
			return t
		case first == nil:
			first = t
		}
	}
	if first != nil {
		return first
	}
	credentials := fieldsOf(req, "Authorization")
	for _, t := range s.trunks {
		if t.User == nil || t.Sources != nil || t.Register != nil {
			continue
		}
		if digest.UserOf(t.User.Realm, credentials) == t.User.Name {
			return t
		}
		if first == nil {
			first = t // which challenges, and refuses users that nobody knows
		}
	}
	return first
}

var forbidden = &refusal{code: 403, reason: "Forbidden"}

// letIn finds out which trunk a request outside a dialog belongs to and whether it
// may come in at all. nil, nil: it belongs to none, and may.
func (s *Server) letIn(f transport.Flow, req *sip.Request) (*trunk, *refusal) {
	if len(s.trunks) == 0 && !s.o.RequireTrunk {
		return nil, nil
	}
	t := s.trunkOf(f.Remote().Addr(), req)
	switch {
	case t == nil && s.o.RequireTrunk:
		s.note(s.strangers, "request of no trunk refused", "method", string(req.Method), "sip_call_id", req.CallID().Value(), "remote", f.Remote().String())
		return nil, forbidden
	case t == nil:
		return nil, nil
	case t.Maintenance:
		t.refused.Add(1)
		return t, retryLater(60)
	}
	return t, s.authorize(t, f, req)
}

// authorize challenges who has not authenticated as the trunk's user (RFC 3261 §22.1).
func (s *Server) authorize(t *trunk, f transport.Flow, req *sip.Request) *refusal {
	if t.User == nil {
		return nil
	}
	now := time.Now()
	verdict := s.digest.Verify(now, *t.User, string(req.Method), req.Body(), fieldsOf(req, "Authorization"))
	switch verdict {
	case digest.Right:
		return nil
	case digest.Wrong:
		t.refused.Add(1)
		t.unauthorized.Add(1)
		s.o.Guard.Suspicious(f.Remote().Addr(), "wrong credentials", now)
		s.note(t.noted, "wrong credentials", "trunk", t.Name, "sip_call_id", req.CallID().Value(), "remote", f.Remote().String())
	}
	r := &refusal{code: 401, reason: phrase(401)}
	for _, value := range s.digest.Challenges(now, *t.User, verdict == digest.Stale || verdict == digest.Replayed) {
		r = r.with("WWW-Authenticate", value)
	}
	return r
}

// note logs what peers can cause at will, as often as a rate lets it.
func (s *Server) note(r *guard.Rate, message string, attrs ...any) {
	if r.Take(time.Now()) {
		s.log.Log(context.Background(), slog.LevelWarn, message, attrs...)
	}
}

// turnAway refuses what letIn does not let in. A challenge is no refusal yet, so no
// record is made of it.
func (s *Server) turnAway(tx *transaction.Server, req *sip.Request, t *trunk, r *refusal) {
	if r.code == 401 {
		s.refuse(tx, req, r)
		return
	}
	s.decline(tx, req, t, r)
}

// admit counts a call of a trunk in, or says why it is not taken. Server.mu is held.
func (t *trunk) admit() *refusal {
	switch {
	case t == nil:
		return nil
	case t.MaxCalls > 0 && t.active >= t.MaxCalls:
		t.refused.Add(1)
		return retryLater(5)
	case !t.calls.Take(time.Now()):
		t.refused.Add(1)
		return retryLater(1)
	}
	t.active++
	t.total.Add(1)
	return nil
}

// leave counts a call out. Server.mu is held.
func (t *trunk) leave() {
	if t != nil {
		t.active--
	}
}

// join makes a new call one of a trunk.
func (c *Call) join(t *trunk) {
	if t == nil {
		return
	}
	c.trunk, c.account = t, t.Account
	if t.Codecs != nil {
		c.capabilities.Codecs = t.Codecs
	}
	c.labels.add([]any{"trunk", t.Name})
}

// Trunk names the trunk that the call came in on; empty: none.
func (c *Call) Trunk() string { return c.trunk.name() }

func (t *trunk) name() string {
	if t == nil {
		return ""
	}
	return t.Name
}

// usualIdentity are the header fields that name a caller before From does (RFC 3325).
var usualIdentity = []string{"P-Asserted-Identity", "Remote-Party-ID"}

// identity are those that are believed.
func (c *Call) identity() []string {
	if c.trunk == nil || c.trunk.Identity == nil {
		return usualIdentity
	}
	return c.trunk.Identity
}
