package core_test

import (
	"bytes"
	"context"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"offhook/core"
	"offhook/core/coretest"
	"offhook/core/fault"
	"offhook/core/journal"
)

// faulty is a flow in which rules are in force from the beginning.
func faulty(f flow, rules ...fault.Rule) flow {
	serve := f.serve
	f.serve = func(ctx context.Context, c *core.Call) {
		for _, r := range rules {
			_, err := c.Fault(r)
			if err != nil && err != core.ErrEnded && !strings.Contains(err.Error(), "another call") { // a re-INVITE may look like a new one
				panic(err)
			}
		}
		serve(ctx, c)
	}
	return f
}

func faults() []fault.Rule {
	body := "v=0\r\n${sdp}"
	var all []fault.Rule
	for _, on := range []string{"180", "183", "200 INVITE", "200 BYE", "200 CANCEL", "200 PRACK", "487", "486", "BYE", "INVITE", "ACK", "REFER", "UPDATE"} {
		all = append(all,
			fault.Rule{On: on, Drop: true}, fault.Rule{On: on, Drop: true, Times: 1}, fault.Rule{On: on, Delay: 40 * time.Second}, fault.Rule{On: on, Copies: 10},
			fault.Rule{On: on, Also: true, Delay: time.Second, Edit: fault.Edit{Body: &body}},
			fault.Rule{On: on, Edit: fault.Edit{Set: []fault.Header{{Name: "CSeq", Value: "77 INVITE"}}}},
			fault.Rule{On: on, Edit: fault.Edit{Remove: []string{"To", "Contact", "Via", "Call-ID"}}})
	}
	for _, ignore := range []string{"ACK", "BYE", "CANCEL", "PRACK", "INVITE", "NOTIFY", "200 INVITE", "200 BYE", "202 REFER"} {
		all = append(all, fault.Rule{Ignore: ignore}, fault.Rule{Ignore: ignore, Times: 1})
	}
	return all
}

// unlike tells mutated that the flow will not end as it should.
var unlike = map[int]mutation{-1: {}}

// TestFaults makes each of the usual calls with each fault; see TestMutations.
func TestFaults(t *testing.T) {
	for _, f := range flows() {
		t.Run(f.name, func(t *testing.T) {
			for _, r := range faults() {
				if mutated(t, faulty(f, r), unlike); t.Failed() {
					t.Fatalf("fault %+v", r)
				}
			}
		})
	}
}

// TestFaultsAndMutations has several of both, at random.
func TestFaultsAndMutations(t *testing.T) {
	all, kinds, rules := flows(), mutations(), faults()
	for seed := range uint64(150) {
		random := rand.New(rand.NewPCG(seed, 7))
		f, at := all[random.IntN(len(all))], map[int]mutation{-1: {}}
		for range 1 + random.IntN(3) {
			at[random.IntN(12)] = kinds[random.IntN(len(kinds))]
		}
		var some []fault.Rule
		for range 1 + random.IntN(5) {
			some = append(some, rules[random.IntN(len(rules))])
		}
		if mutated(t, faulty(f, some...), at); t.Failed() {
			t.Fatalf("seed %d: %s: %+v, %v", seed, f.name, some, at)
		}
	}
}

// TestFaultsInJournal: the ladder of a call tells what was wrong with its messages, and a pcap file has what left.
func TestFaultsInJournal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := coretest.NewNetwork()
		defer n.Close()
		store := journal.NewStore(journal.Options{})
		id := make(chan string, 1)
		s := core.New(core.Options{Media: n.Media(), Journal: store, Log: discard(), Handler: handlerFunc(func(ctx context.Context, c *core.Call) {
			id <- c.ID()
			for _, r := range []fault.Rule{
				{On: "180", Drop: true}, {On: "200 INVITE", Times: 1, Delay: 100 * time.Millisecond, Edit: fault.Edit{Remove: []string{"Allow"}}},
				{On: "200 INVITE", Skip: 1, Copies: 1}, {Ignore: "INFO"},
			} {
				if _, err := c.Fault(r); err != nil {
					t.Error(err)
				}
			}
			_ = c.Ring(nil)
			_ = c.Answer(core.AnswerOptions{})
			<-ctx.Done()
		})})
		defer s.Close()
		caller := n.NewCaller(s, coretest.CallOptions{NoACK: true})
		caller.Invite()
		time.Sleep(600 * time.Millisecond)
		caller.ACK()
		caller.Info("application/dtmf", "1")
		caller.Bye()
		synctest.Wait()
		var ladder, pcap bytes.Buffer
		call := <-id
		r, _ := store.Get(call)
		if err := journal.WriteLadder(&ladder, r); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{
			"180 Ringing (dropped) ", "0.100  ◀── 200 OK, SDP (edited, delayed 100ms) ", "0.500  ◀── 200 OK, SDP (again) ",
			"200 OK, SDP (doubled) (again) ", "── INFO (ignored) ",
		} {
			if !strings.Contains(ladder.String(), want) {
				t.Errorf("the ladder lacks %q", want)
			}
		}
		if _, err := store.WritePcap(&pcap, call); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(pcap.String(), "180 Ringing") || !strings.Contains(pcap.String(), "INFO sip:") {
			t.Error("the pcap file has the 180, which has not left, or not the INFO, which has come")
		}
		if t.Failed() {
			t.Log(ladder.String())
		}
	})
}

// TestFaultsOfOneCallID: two calls with one Call-ID cannot both have faults; the second can when the first is long over.
func TestFaultsOfOneCallID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := coretest.NewNetwork()
		defer n.Close()
		errs := make(chan error, 8)
		s := core.New(core.Options{Media: n.Media(), Log: discard(), Handler: handlerFunc(func(_ context.Context, c *core.Call) {
			_, err := c.Fault(fault.Rule{On: "486", Copies: 1})
			errs <- err
			_ = c.Reject(486, "", nil)
		})})
		defer s.Close()
		caller := n.NewCaller(s, coretest.CallOptions{})
		for i, want := range []bool{true, false, true} {
			invite := caller.NewRequest("INVITE")
			for j := range invite.Fields {
				switch h := &invite.Fields[j]; h.Name {
				case "From":
					h.Value = "<sip:a@192.0.2.7>;tag=" + string(rune('a'+i))
				case "To":
					h.Value = "<sip:test@192.0.2.1>"
				}
			}
			caller.Send(invite)
			if err := <-errs; (err == nil) != want {
				t.Errorf("call %d: %v", i+1, err)
			}
			if i == 1 {
				time.Sleep(65 * time.Second)
			}
		}
		time.Sleep(5 * time.Minute)
	})
}

// TestFaultsThatWaitAreBounded: a peer that asks again and again does not fill the memory with answers that wait.
func TestFaultsThatWaitAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := coretest.NewNetwork()
		defer n.Close()
		s := core.New(core.Options{Media: n.Media(), Log: discard(), Handler: handlerFunc(func(ctx context.Context, c *core.Call) {
			if _, err := c.Fault(fault.Rule{On: "200 BYE", Delay: time.Minute}); err != nil {
				t.Error(err)
			}
			_ = c.Answer(core.AnswerOptions{})
			<-ctx.Done()
		})})
		defer s.Close()
		caller := n.Call(s, coretest.CallOptions{})
		synctest.Wait()
		bye := caller.NewRequest("BYE")
		for range 300 {
			caller.Send(bye)
		}
		answers := func() (count int) {
			for _, m := range caller.Messages() {
				if !m.Sent && m.Method() == "BYE" {
					count++
				}
			}
			return count
		}
		time.Sleep(59 * time.Second)
		if got := answers(); got != 0 {
			t.Errorf("%d answers came early", got)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if got := answers(); got != 256 {
			t.Errorf("%d answers, want 256", got)
		}
	})
}
