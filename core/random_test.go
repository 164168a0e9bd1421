package core_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"offhook/core"
	"offhook/core/coretest"
	"offhook/media"
)

// TestRandomCalls lets a caller and a handler do things at random, each on its
// own, and looks at what must hold whatever they do: one To-tag, one final
// response to an INVITE, no answer after the end, no BYE before the ACK, and
// nothing left.
func TestRandomCalls(t *testing.T) {
	for seed := range uint64(300) {
		if t.Failed() {
			return
		}
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { randomCall(t, seed) })
		})
	}
}

func randomCall(t *testing.T, seed uint64) {
	n := coretest.NewNetwork()
	random := rand.New(rand.NewPCG(seed, 1))
	s := core.New(core.Options{Media: n.Media(), Handler: randomHandler(seed), DTMF: true, Log: discard(), CallTimeout: time.Minute, MediaSilent: 5 * time.Second, MinSession: 2 * time.Second})
	var extensions core.Headers
	if random.IntN(3) == 0 {
		extensions = append(extensions, core.Header{Name: "Require", Value: "100rel"})
	}
	if random.IntN(3) == 0 {
		expires := fmt.Sprintf("%d;refresher=%s", 1+random.IntN(9), []string{"uac", "uas"}[random.IntN(2)])
		extensions = append(extensions, core.Header{Name: "Supported", Value: "timer"}, core.Header{Name: "Session-Expires", Value: expires})
	}
	if random.IntN(2) == 0 {
		extensions = append(extensions, core.Header{Name: "Allow", Value: "INVITE, BYE"}) // no UPDATE
	}
	c := n.NewCaller(s, coretest.CallOptions{
		NoOffer: random.IntN(4) == 0, NoACK: random.IntN(4) == 0, NoAnswer: random.IntN(8) == 0, Transfer: random.IntN(3) - 1,
		Transport: []string{"UDP", "TCP"}[random.IntN(2)], Headers: extensions,
	})
	c.Invite()
	invite := c.Messages()[0]
	steps := []func(){
		func() { c.Send(invite) }, c.ACK, func() { c.Cancel() }, func() { c.Bye() }, c.Hold, c.Resume,
		func() { c.Modify(coretest.Offer{SDP: "v=0\r\n"}) }, func() { c.Info("application/dtmf", "1") },
		func() { c.Send(c.NewRequest("UPDATE")) }, func() { c.Send(c.NewRequest("INVITE")) }, func() { c.Send(c.NewRequest("FOO")) },
		func() { _ = c.SendRTP(make([]byte, random.IntN(200))) }, func() { c.Text("x") },
		func() { c.Send(newPrack(c)) }, func() { c.Send(newPrack(c)) },
	}
	for range 1 + random.IntN(8) {
		if random.IntN(2) == 0 {
			time.Sleep(time.Duration(random.IntN(3000)) * time.Millisecond)
		}
		if random.IntN(3) == 0 {
			synctest.Wait()
		}
		steps[random.IntN(len(steps))]()
	}
	checkBaseline(t, s, n)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	n.Close()
	checkMessages(t, c.Messages())
	if t.Failed() {
		for _, m := range c.Messages() {
			t.Logf("%t %s  %s", m.Sent, m.Start, m.Header("CSeq"))
		}
	}
}

// newPrack is for the last reliable response that has come, if there is one.
func newPrack(c *coretest.Caller) coretest.Message {
	m := c.NewRequest("PRACK")
	for _, res := range slices.Backward(c.Messages()) {
		if rseq := res.Header("RSeq"); rseq != "" {
			m.Fields = append(m.Fields, core.Header{Name: "RAck", Value: rseq + " " + res.Header("CSeq")})
			break
		}
	}
	return m
}

// randomHandler does a few things at random, and returns or waits for the end.
type randomHandler uint64

func (seed randomHandler) ServeCall(ctx context.Context, c *core.Call) {
	random := rand.New(rand.NewPCG(uint64(seed), 2))
	steps := []func(){
		func() { _ = c.Ring(nil) }, func() { _ = c.Progress(183, nil) }, func() { _ = c.Answer(core.AnswerOptions{}) },
		func() { _ = c.Answer(core.AnswerOptions{}) }, func() { _, _ = c.Play(media.Silence(0)) }, func() { _ = c.Reject(486, "", nil) },
		func() { _ = c.Hangup(core.HangupOptions{}) }, func() { _, _ = c.SendDTMF("12", 0, 0) },
		func() { _, _ = c.Hold(true, nil) }, func() { _, _ = c.Hold(false, nil) }, func() { _, _ = c.SendInfo("application/dtmf", "1", nil) },
		func() { _, _ = c.Transfer("sip:200@192.0.2.9", core.TransferOptions{}) },
		func() { c.Notify(func(core.Event) {}) }, func() { panic("at random") },
	}
	for range 1 + random.IntN(8) {
		if random.IntN(2) == 0 {
			time.Sleep(time.Duration(random.IntN(3000)) * time.Millisecond)
		}
		steps[random.IntN(len(steps))]()
	}
	if random.IntN(2) == 0 {
		<-ctx.Done()
	}
}

// checkMessages looks at all that was said in a call.
func checkMessages(t *testing.T, messages []coretest.Message) {
	t.Helper()
	acked := false
	byes := map[string]string{}   // by our tag
	tags := map[string]string{}   // by branch: a CANCEL has that of its INVITE
	finals := map[string]string{} // by CSeq and branch
	for _, m := range messages {
		acked = acked || m.Sent && m.Method() == "ACK"
		if m.Sent {
			continue
		}
		if m.Status() == 0 && m.Method() != "BYE" {
			continue // another request of ours
		}
		if m.Status() == 0 {
			from := m.Header("From")
			if earlier := byes[from]; earlier != "" && earlier != m.Header("CSeq") {
				t.Errorf("a second BYE: %s after %s", m.Header("CSeq"), earlier)
			}
			byes[from] = m.Header("CSeq")
			continue
		}
		if tag := tag(m.Header("To")); m.Status() > 100 {
			if tag == "" || tags[branch(m)] != "" && tags[branch(m)] != tag {
				t.Errorf("%s has To-tag %q, there was %q", m.Start, tag, tags[branch(m)])
			}
			tags[branch(m)] = tag
		}
		transaction := m.Header("CSeq") + " " + branch(m)
		if final := finals[transaction]; final != "" && final != m.Start {
			t.Errorf("%s after %s to %s", m.Start, final, transaction)
		}
		if m.Status() >= 200 {
			finals[transaction] = m.Start
		}
	}
	if len(byes) > 0 && !acked && messages[len(messages)-1].At.Sub(messages[0].At) < 32*time.Second {
		t.Errorf("a BYE of ours without an ACK")
	}
}

func branch(m coretest.Message) string {
	_, branch, _ := strings.Cut(m.Header("Via"), "branch=")
	branch, _, _ = strings.Cut(branch, ";")
	return branch
}
