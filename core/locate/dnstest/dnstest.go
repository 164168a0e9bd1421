// Package dnstest is a DNS server for tests, on 127.0.0.1.
package dnstest

import (
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/miekg/dns"
)

// Zone answers with a few records, over UDP and TCP.
type Zone struct {
	Address string
	Asked   atomic.Int32 // how often

	mu      sync.Mutex
	records map[string][]dns.RR
	mute    []string      // types that it does not answer for
	hold    chan struct{} // nil: it answers at once; else when that is closed
}

// New starts a server with records in the form of zone files, one a line. It
// ends with the test.
func New(t testing.TB, records string) *Zone {
	t.Helper()
	z := &Zone{records: map[string][]dns.RR{}}
	z.Add(t, records)
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	z.Address = conn.LocalAddr().String()
	listener, err := net.Listen("tcp", z.Address)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []*dns.Server{{PacketConn: conn, Handler: z}, {Listener: listener, Handler: z}} {
		started := make(chan struct{})
		s.NotifyStartedFunc = func() { close(started) }
		go s.ActivateAndServe() // ends with Shutdown
		<-started
		t.Cleanup(func() { _ = s.Shutdown() })
	}
	return z
}

// Add adds records.
func (z *Zone) Add(t testing.TB, records string) {
	t.Helper()
	z.mu.Lock()
	defer z.mu.Unlock()
	for line := range strings.Lines(records) {
		record, err := dns.NewRR(line)
		if err != nil {
			t.Fatal(err)
		}
		if record != nil {
			key := record.Header().Name + dns.TypeToString[record.Header().Rrtype]
			z.records[key] = append(z.records[key], record)
		}
	}
}

// Hold lets no answer out until release is called.
func (z *Zone) Hold() (release func()) {
	z.mu.Lock()
	defer z.mu.Unlock()
	hold := make(chan struct{})
	z.hold = hold
	return func() { close(hold) }
}

// Mute answers no questions for records of these types any more: "NAPTR", "SRV".
func (z *Zone) Mute(types ...string) {
	z.mu.Lock()
	defer z.mu.Unlock()
	z.mute = types
}

// ServeDNS answers one question.
func (z *Zone) ServeDNS(w dns.ResponseWriter, q *dns.Msg) {
	z.Asked.Add(1)
	z.mu.Lock()
	answer := new(dns.Msg).SetReply(q)
	answer.Answer = z.records[strings.ToLower(q.Question[0].Name)+dns.TypeToString[q.Question[0].Qtype]]
	hold, mute := z.hold, z.mute
	z.mu.Unlock()
	if answer.RecursionAvailable = true; len(answer.Answer) == 0 {
		answer.Rcode = dns.RcodeNameError
	}
	if slices.Contains(mute, dns.TypeToString[q.Question[0].Qtype]) {
		return
	}
	if hold != nil {
		<-hold
	}
	if _, udp := w.RemoteAddr().(*net.UDPAddr); udp {
		answer.Truncate(dns.MinMsgSize)
	}
	_ = w.WriteMsg(answer)
}
