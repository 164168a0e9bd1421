package transaction

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"
)

// Random peers, TUs and times against what must hold whatever comes:
//   - a request is told to the TU once within 64·T1;
//   - all final responses to one request have the same bytes;
//   - a client transaction ends with a final response or an error, once, and gets nothing else after;
//   - nothing panics, and when all timers have run, every table is empty (run checks that).
func TestRandomSequences(t *testing.T) {
	for seed := range uint64(150) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			events := make([]byte, 200)
			random := rand.New(rand.NewPCG(seed, 2))
			for i := range events {
				events[i] = byte(random.Uint32())
			}
			playRandom(t, events)
		})
	}
}

func FuzzSequence(f *testing.F) {
	f.Add([]byte("INVITE and CANCEL in one breath"))
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 250, 251, 252, 253, 254, 255})
	f.Fuzz(func(t *testing.T, events []byte) { playRandom(t, events[:min(len(events), 400)]) })
}

// A player holds what the invariants are about.
type player struct {
	*testing.T
	*bench
	open    []*Server            // what the TU was told, answered or not
	invites []func()             // each repeats a 2xx, as long as the TU waits for the ACK
	told    map[string]time.Time // by method, branch and CSeq: when the TU got it last
	final   map[string]sent      // by the same: the first final response
	clients []outgoingRequest
}

type outgoingRequest struct {
	*Client
	*sip.Request
}

func playRandom(t *testing.T, events []byte) {
	network := "UDP"
	if len(events) > 0 && events[0]&1 == 1 {
		network = "TCP"
	}
	run(t, network, func(t *testing.T, b *bench) {
		p := &player{T: t, bench: b, told: make(map[string]time.Time), final: make(map[string]sent)}
		b.tu.onRequest = p.request
		b.tu.onCancel = p.cancel
		for _, e := range events {
			p.play(int(e))
			p.checkSent()
		}
		b.locked(func() {
			for _, c := range p.clients {
				c.Cancel() // those without a provisional response end by Timer B
			}
		})
		b.answerAll(486)
		p.checkSent()
		b.sleep(2 * b.Timers().Timeout())
		if n := b.Stats().Panics; n != 0 {
			t.Errorf("%d panics", n)
		}
	})
}

// play does what one byte says: 16 kinds of events, each with one of 16 choices.
func (p *player) play(e int) {
	kind, choice := e>>4, e&15
	number := 1 + choice&3
	branch := fmt.Sprintf("z9hG4bK-%d-%d", choice&3, choice>>3)
	switch kind {
	case 0, 1:
		p.receive(requestNo(sip.INVITE, branch, "", number))
	case 2:
		p.receive(requestNo(sip.CANCEL, branch, "", number))
	case 3:
		p.receive(requestNo(sip.ACK, branch, "t", number))
	case 4:
		p.receive(requestNo(sip.BYE, branch, "t", number))
	case 5:
		p.receive(requestNo(sip.OPTIONS, branch, "", number))
	case 6:
		p.receive(requestNo(sip.INVITE, "", "", number))
	case 7, 8:
		p.answerOne(choice)
	case 9:
		p.locked(func() {
			if len(p.invites) > 0 {
				p.invites[choice%len(p.invites)]()
			}
		})
	case 10:
		p.start([]sip.RequestMethod{sip.INVITE, sip.INVITE, sip.BYE, sip.OPTIONS}[choice&3])
	case 11, 12:
		p.respondToOne(choice)
	case 13:
		p.locked(func() {
			if len(p.clients) > 0 {
				p.clients[choice%len(p.clients)].Cancel()
			}
		})
	default:
		p.sleep(time.Duration(choice*choice) * 100 * time.Millisecond)
	}
}

func name(m sip.Message) string {
	return fmt.Sprintf("%s %d %s", m.CSeq().MethodName, m.CSeq().SeqNo, branchOf(m.Via()))
}

func (p *player) request(tx *Server, req *sip.Request) {
	last, told := p.told[name(req)]
	absorbed := req.Method == sip.INVITE || !p.wire.Reliable()
	if told && absorbed && time.Since(last) < p.Timers().Timeout() {
		p.Errorf("%s told twice within %v", name(req), time.Since(last))
	}
	p.told[name(req)] = time.Now()
	delete(p.final, name(req))
	p.open = append(p.open, tx)
}

func (p *player) cancel(cancel, invite *Server) {
	delete(p.final, name(cancel.Request()))
	if invite == nil {
		cancel.Respond(reply(cancel.Request(), 481))
		return
	}
	cancel.Respond(reply(cancel.Request(), 200))
	if err := invite.Respond(reply(invite.Request(), 487)); err != nil {
		p.Errorf("487 to an INVITE that is not done: %v", err)
	}
}

// answerOne lets the TU respond to an open request; done ones must refuse.
func (p *player) answerOne(choice int) {
	p.locked(func() {
		if len(p.open) == 0 {
			return
		}
		tx := p.open[choice%len(p.open)]
		if tx.Done() != (tx.Request() == nil) {
			p.Errorf("done %v, but the request is held: %v", tx.Done(), tx.Request() != nil)
		}
		if tx.Done() {
			if err := tx.Respond(reply(request(sip.OPTIONS, branch1, ""), 486)); !errors.Is(err, ErrFinished) {
				p.Errorf("response after the final one: %v", err)
			}
			return
		}
		code := []int{100, 180, 200, 486}[choice&3]
		if err := tx.Respond(reply(tx.Request(), code)); err != nil {
			p.Errorf("respond %d: %v", code, err)
		}
		if tx.Status() == 200 && tx.method == sip.INVITE {
			until := time.Now().Add(p.Timers().Timeout())
			p.invites = append(p.invites, func() {
				if time.Now().Before(until) {
					tx.Resend()
				}
			})
		}
	})
}

// start begins a client transaction that may be told only what the invariants allow.
func (p *player) start(method sip.RequestMethod) {
	p.locked(func() {
		var ended string
		req := outgoing(method)
		c, err := p.Layer.Send(req, p.wire.Flow, func(res *sip.Response, err error) {
			switch {
			case ended != "" && !(ended == "200" && err == nil && res.IsSuccess() && method == sip.INVITE):
				p.Errorf("%s ended with %s, and then came %v %v", method, ended, res, err)
			case err != nil:
				ended = err.Error()
			case !res.IsProvisional():
				ended = fmt.Sprint(res.StatusCode)
			}
		})
		if err != nil {
			p.Error(err)
			return
		}
		p.clients = append(p.clients, outgoingRequest{c, req})
	})
}

// respondToOne delivers a response to one of our requests, ended ones included.
func (p *player) respondToOne(choice int) {
	if len(p.clients) == 0 {
		return
	}
	req := p.clients[choice%len(p.clients)].Request
	p.receive(reply(parseSent(req.String()).(*sip.Request), []int{100, 180, 200, 486}[choice&3]))
}

// checkSent looks at the responses that left since the last time. Over TCP a non-INVITE request is forgotten at once.
func (p *player) checkSent() {
	for _, m := range p.wire.take() {
		res, ok := parseSent(m.text).(*sip.Response)
		if !ok || res.IsProvisional() || res.StatusCode == sip.StatusLoopDetected ||
			p.wire.Reliable() && res.CSeq().MethodName != sip.INVITE {
			continue
		}
		first, there := p.final[name(res)]
		switch {
		case !there || m.text != first.text && m.at-first.at > 66*p.Timers().T1:
			p.final[name(res)] = m
		case first.text != m.text:
			p.Errorf("two final responses to %s:\n%s\n%s", name(res), first.text, m.text)
		}
	}
}
