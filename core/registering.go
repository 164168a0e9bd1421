package core

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"

	"offhook/core/digest"
	"offhook/core/register"
	"offhook/core/transport"
)

// Register says where a trunk registers, as whom and for how long.
type Register struct {
	Registrars []string       // SIP URIs: the first one is tried first, the others when it fails
	Proxy      string         // SIP URI that requests go through; empty: none
	User       string         // user part of the address of record
	Domain     string         // host part of it; empty: that of the registrar
	Contact    string         // user part of Contact, which the registrar calls; empty: User
	Account    digest.Account // that challenges are answered with
	Expires    time.Duration  // 0: an hour
	KeepAlive  time.Duration  // between two CRLF CRLF, which keep a NAT open (RFC 5626 §3.5.1); 0: none
}

// RegistrationSummary tells where a registration stands.
type RegistrationSummary struct {
	State     string    // "trying", "registered", "failed" or "unregistered"
	Registrar string    // that is registered with, or is tried next
	Until     time.Time // the binding ends then; zero: there is none
	Failure   string    // of the last attempt; empty: it was none
}

// unregisterTime bounds the wait for the response to the last REGISTER.
const unregisterTime = 2 * time.Second

// registering keeps a trunk registered. Its goroutine sends one REGISTER after the
// other, all with the same Call-ID (RFC 3261 §10.2), and takes the binding away in
// the end.
type registering struct {
	Register
	server *Server
	trunk  *trunk
	log    *slog.Logger

	callID, tag string // set by the goroutine, before its first request
	seq         uint32 // shard of callID

	mu      sync.Mutex
	plan    *register.Registration
	ended   bool
	failure string
	addrs   map[int]netip.Addr // of the registrars, as they were resolved last
	flow    transport.Flow     // of the last request; its goroutine's
	sentTo  int                // registrar of the last request; its goroutine's
	logged  string             // last, so that only changes are; its goroutine's
}

// Register begins to register the trunks that want it. It is called once, when the
// server listens. Drain and Unregister end it.
func (s *Server) Register() {
	ctx, cancel := context.WithCancel(context.Background())
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.draining || s.unregister != nil {
		cancel()
		return
	}
	s.unregister = cancel
	for _, t := range s.trunks {
		if t.registering != nil {
			s.registrars.Go(func() { t.registering.run(ctx) }) // ends with ctx, after unregisterTime at the latest; Close waits for it
		}
	}
}

// Unregister lets the trunks take their bindings away, without waiting for it.
func (s *Server) Unregister() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.unregister != nil {
		s.unregister()
	}
}

func random() float64 { return rand.Float64() }

// run registers until ctx ends.
func (g *registering) run(ctx context.Context) {
	g.callID, g.tag = strconv.FormatUint(rand.Uint64(), 36)+strconv.FormatUint(rand.Uint64(), 36), newTag()
	for wait := time.Duration(0); g.sleep(ctx, wait); {
		g.sentTo = g.plan.Registrar() // only this goroutine changes the plan
		res, err := g.attempt(ctx, g.Registrars[g.sentTo], g.plan.Expires())
		if ctx.Err() != nil {
			break
		}
		wait = g.take(res, err)
	}
	g.end()
}

// sleep waits, and keeps the way to the registrar open meanwhile. It is false when
// ctx ends.
func (g *registering) sleep(ctx context.Context, wait time.Duration) bool {
	for wait > 0 {
		pause := wait
		if g.KeepAlive > 0 {
			pause = min(wait, g.KeepAlive)
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return false
		case <-timer.C:
		}
		wait -= pause
		if wait > 0 && g.flow.Send([]byte("\r\n\r\n")) != nil && g.registered() {
			break // the connection is gone, and with it the way for calls to us: register over a new one (RFC 5626 §4.4)
		}
	}
	return ctx.Err() == nil
}

// take puts the result of an attempt into the plan, and logs what has changed.
func (g *registering) take(res *sip.Response, err error) (wait time.Duration) {
	now := time.Now()
	result := g.resultOf(res)
	g.mu.Lock()
	g.failure = ""
	if result.Expires == 0 {
		g.failure = failureOf(res, err)
	}
	failure := g.failure
	wait = g.plan.Next(now, result)
	state, until := g.plan.State(now), g.plan.Until()
	g.mu.Unlock()
	registrar := g.Registrars[g.sentTo]
	line := fmt.Sprint(state, registrar, failure)
	if line == g.logged || result.MinExpires > 0 && wait == 0 {
		return wait
	}
	g.logged = line
	if failure == "" {
		g.log.Info("registered", "registrar", registrar, "expires", until.Sub(now).Round(time.Second).String())
	} else {
		g.log.Warn("not registered", "registrar", registrar, "reason", failure, "state", string(state), "again_in", wait.Round(time.Second).String())
	}
	return wait
}

// failureOf says in words why a REGISTER was in vain.
func failureOf(res *sip.Response, err error) string {
	switch {
	case err != nil:
		return err.Error()
	case res.IsSuccess():
		return "the registrar took no binding"
	}
	return fmt.Sprintf("%d %s", res.StatusCode, res.Reason)
}

// resultOf reads what the plan has to know of a response.
func (g *registering) resultOf(res *sip.Response) (r register.Result) {
	if res == nil {
		return r
	}
	r.Status = res.StatusCode
	for _, value := range fieldsOf(res, "Min-Expires") {
		r.MinExpires = deltaSeconds(value)
	}
	for _, value := range fieldsOf(res, "Retry-After") {
		r.Retry = deltaSeconds(value[:max(strings.IndexAny(value+";", ";( "), 0)])
	}
	if res.IsSuccess() {
		r.Expires = g.bindingOf(res)
	}
	return r
}

// bindingOf is how long the registrar keeps our binding: its Contact says so, else
// Expires, else it is what we asked for (RFC 3261 §10.2.4). A single Contact is ours
// also if a gateway has rewritten it.
func (g *registering) bindingOf(res *sip.Response) time.Duration {
	usual := g.plan.Expires()
	for _, value := range fieldsOf(res, "Expires") {
		usual = deltaSeconds(value)
	}
	ours := g.server.contact(g.contactUser(), g.flow)
	contacts := res.GetHeaders("Contact")
	for _, h := range contacts {
		contact, ok := h.(*sip.ContactHeader)
		if !ok || len(contacts) > 1 && (contact.Address.User != ours.Address.User || contact.Address.Host != ours.Address.Host || contact.Address.Port != ours.Address.Port) {
			continue
		}
		if expires, ok := contact.Params.Get("expires"); ok {
			return deltaSeconds(expires)
		}
		return usual
	}
	if len(contacts) > 0 {
		return 0 // bindings of others only
	}
	return usual // some registrars list none
}

func (g *registering) contactUser() string {
	if g.Contact != "" {
		return g.Contact
	}
	return g.User
}

// end takes the binding away, if there may be one.
func (g *registering) end() {
	if g.registered() {
		ctx, cancel := context.WithTimeout(context.Background(), unregisterTime)
		defer cancel()
		if res, err := g.attempt(ctx, g.Registrars[g.sentTo], 0); err != nil || !res.IsSuccess() {
			g.log.Warn("the binding was not taken away", "reason", failureOf(res, err))
		} else {
			g.log.Info("unregistered", "registrar", g.Registrars[g.sentTo])
		}
	}
	g.mu.Lock()
	g.ended = true
	g.mu.Unlock()
}

func (g *registering) registered() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.plan.State(time.Now()) == register.Registered
}

// summary tells where the registration stands.
func (g *registering) summary() *RegistrationSummary {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := &RegistrationSummary{
		State: string(g.plan.State(time.Now())), Registrar: g.Registrars[g.plan.Registrar()], Until: g.plan.Until(), Failure: g.failure,
	}
	if g.ended {
		s.State, s.Until = "unregistered", time.Time{}
	}
	return s
}

// knows tells whether a registrar has that address.
func (g *registering) knows(a netip.Addr) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, known := range g.addrs {
		if known == a {
			return true
		}
	}
	return false
}
