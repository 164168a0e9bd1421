package locate

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"offhook/core/locate/dnstest"
)

func resolver(z *dnstest.Zone) *Resolver { return New(Options{Servers: []string{z.Address}}) }

func show(targets []Target) string {
	var list []string
	for _, t := range targets {
		list = append(list, t.Network+" "+t.Addr.String())
	}
	return strings.Join(list, ", ")
}

const records = `
example.com. 60 IN NAPTR 20 10 "s" "SIP+D2U" "" _sip._udp.example.com.
example.com. 60 IN NAPTR 10 20 "s" "SIP+D2T" "" _sip._tcp.example.com.
example.com. 60 IN NAPTR 10 10 "s" "SIPS+D2T" "" _sips._tcp.example.com.
example.com. 60 IN NAPTR 1 1 "s" "SIP+D2S" "" _sip._sctp.example.com.
example.com. 60 IN NAPTR 1 1 "u" "E2U+sip" "!^.*$!sip:x@example.com!" .
example.com. 60 IN A 192.0.2.100
_sip._udp.example.com. 60 IN SRV 10 0 5070 b.example.com.
_sip._udp.example.com. 60 IN SRV 5 0 5060 a.example.com.
_sip._tcp.example.com. 60 IN SRV 1 0 5060 a.example.com.
_sips._tcp.example.com. 60 IN SRV 1 0 5071 a.example.com.
a.example.com. 60 IN A 192.0.2.1
a.example.com. 60 IN AAAA 2001:db8::1
b.example.com. 60 IN A 192.0.2.2
srv.example.net. 60 IN A 192.0.2.50
_sip._tcp.srv.example.net. 60 IN SRV 1 1 5060 a.example.com.
gone.example.net. 60 IN A 192.0.2.51
_sip._udp.gone.example.net. 60 IN SRV 0 0 0 .
half.example.net. 60 IN A 192.0.2.52
_sip._udp.half.example.net. 60 IN SRV 1 0 5060 nowhere.example.net.
_sip._udp.half.example.net. 60 IN SRV 2 0 5060 b.example.com.
`

func TestLocate(t *testing.T) {
	z := dnstest.New(t, records)
	for _, c := range []struct {
		name string
		q    Query
		want string
	}{
		{"number", Query{Host: "192.0.2.9"}, "udp 192.0.2.9:5060"},
		{"number, port, tcp", Query{Host: "192.0.2.9", Port: 5080, Network: "tcp"}, "tcp 192.0.2.9:5080"},
		{"number, sips", Query{Host: "192.0.2.9", Secure: true}, "tls 192.0.2.9:5061"},
		{"number, ws", Query{Host: "192.0.2.9", Network: "ws"}, "ws 192.0.2.9:80"},
		{"IPv6, wss", Query{Host: "[2001:db8::9]", Network: "wss"}, "wss [2001:db8::9]:443"},
		{"NAPTR decides", Query{Host: "example.com"}, "tls 192.0.2.1:5071, tls [2001:db8::1]:5071, tcp 192.0.2.1:5060, tcp [2001:db8::1]:5060, " +
			"udp 192.0.2.1:5060, udp [2001:db8::1]:5060, udp 192.0.2.2:5070"},
		{"NAPTR, sips", Query{Host: "example.com", Secure: true}, "tls 192.0.2.1:5071, tls [2001:db8::1]:5071"},
		{"transport named: SRV by priority", Query{Host: "example.com", Network: "udp"}, "udp 192.0.2.1:5060, udp [2001:db8::1]:5060, udp 192.0.2.2:5070"},
		{"port named: no SRV", Query{Host: "example.com", Port: 5090}, "udp 192.0.2.100:5090"},
		{"no NAPTR: the transport with SRV", Query{Host: "srv.example.net"}, "tcp 192.0.2.1:5060, tcp [2001:db8::1]:5060"},
		{"SRV says no", Query{Host: "gone.example.net"}, "udp 192.0.2.51:5060"},
		{"a server without an address", Query{Host: "half.example.net"}, "udp 192.0.2.2:5060"},
		{"no records but an address", Query{Host: "a.example.com", Network: "tls"}, "tls 192.0.2.1:5061, tls [2001:db8::1]:5061"},
		{"ws has no SRV", Query{Host: "example.com", Network: "ws"}, "ws 192.0.2.100:80"},
	} {
		t.Run(c.name, func(t *testing.T) {
			targets, err := resolver(z).Locate(t.Context(), c.q)
			if got := show(targets); err != nil || got != c.want {
				t.Errorf("%s, %v; want %s", got, err, c.want)
			}
			for _, target := range targets {
				if target.Name != strings.Trim(c.q.Host, "[]") {
					t.Errorf("name %q", target.Name)
				}
			}
		})
	}
	if _, err := resolver(z).Locate(t.Context(), Query{Host: "nobody.example.com"}); err == nil || !strings.Contains(err.Error(), "look up nobody.example.com: no such host") {
		t.Errorf("a name that is not there: %v", err)
	}
}

func TestLocateOnlyWhatWeSpeak(t *testing.T) {
	z := dnstest.New(t, records)
	r := New(Options{Servers: []string{z.Address}, Usable: func(network string) bool { return network == "udp" }})
	targets, err := r.Locate(t.Context(), Query{Host: "example.com"})
	if got := show(targets); err != nil || got != "udp 192.0.2.1:5060, udp [2001:db8::1]:5060, udp 192.0.2.2:5070" {
		t.Errorf("%s, %v", got, err)
	}
}

// TestLocateFromTheCache: DNS is asked once for as long as the TTL says, and Known asks nobody.
func TestLocateFromTheCache(t *testing.T) {
	z := dnstest.New(t, records+"short.example.com. 1 IN A 192.0.2.7\n_sip._udp.short.example.com. 1 IN SRV 1 1 5060 b.example.com.\n")
	r := resolver(z)
	q := Query{Host: "example.com"}
	if targets, ok := r.Known(q); ok || z.Asked.Load() != 0 {
		t.Errorf("known before: %s", show(targets))
	}
	want, err := r.Locate(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	asked := z.Asked.Load()
	for range 3 {
		if got, err := r.Locate(t.Context(), q); err != nil || !slices.Equal(got, want) {
			t.Errorf("again: %s, %v", show(got), err)
		}
	}
	if got, ok := r.Known(q); !ok || !slices.Equal(got, want) {
		t.Errorf("known after: %s", show(got))
	}
	if z.Asked.Load() != asked {
		t.Errorf("asked %d times, then %d", asked, z.Asked.Load())
	}
	if targets, ok := r.Known(Query{Host: "192.0.2.9"}); !ok || show(targets) != "udp 192.0.2.9:5060" {
		t.Errorf("a number: %s", show(targets))
	}
	if _, err := r.Locate(t.Context(), Query{Host: "nobody.example.com"}); err == nil {
		t.Fatal("found nobody")
	}
	asked = z.Asked.Load()
	if _, err := r.Locate(t.Context(), Query{Host: "nobody.example.com"}); err == nil || z.Asked.Load() != asked {
		t.Errorf("that there is nothing was not kept: %v", err)
	}
	entry, ok := r.cache.get("NAPTR example.com.")
	if d := time.Until(entry.expires); !ok || d < 50*time.Second || d > time.Minute {
		t.Errorf("kept for %s", d)
	}
}

func TestCacheIsBounded(t *testing.T) {
	var c cache
	for i := range 3 * cacheSize {
		c.put(fmt.Sprint(i), entry{expires: time.Now().Add(time.Hour)})
	}
	if len(c.entries) > cacheSize {
		t.Errorf("%d entries", len(c.entries))
	}
}

// TestLocateIsBounded: too many look-ups at once fail at once, and none outlasts its context.
func TestLocateIsBounded(t *testing.T) {
	z := dnstest.New(t, records)
	defer z.Hold()()
	r := New(Options{Servers: []string{z.Address}, Lookups: 1})
	ctx, cancel := context.WithCancel(t.Context())
	first := make(chan error)
	go func() { // ends when ctx does
		_, err := r.Locate(ctx, Query{Host: "example.com"})
		first <- err
	}()
	for z.Asked.Load() == 0 {
		select {
		case err := <-first:
			t.Fatal(err)
		case <-time.After(time.Millisecond):
		}
	}
	if _, err := r.Locate(ctx, Query{Host: "example.com"}); !errors.Is(err, ErrBusy) {
		t.Errorf("a second look-up: %v", err)
	}
	cancel()
	select {
	case err := <-first:
		if err == nil {
			t.Error("found something")
		}
	case <-time.After(10 * time.Second):
		t.Fatal("the look-up outlasts its context")
	}
}

// TestLocateAsksTheNextServer: one that does not answer is passed over, also for what is long.
func TestLocateAsksTheNextServer(t *testing.T) {
	z := dnstest.New(t, "")
	var long strings.Builder
	for i := range 60 {
		fmt.Fprintf(&long, "_sip._udp.long.example.com. 60 IN SRV %d 0 5060 host-with-a-long-name-%d.example.com.\n", i, i)
	}
	z.Add(t, long.String())
	closed, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	c := client{servers: []string{closed.LocalAddr().String(), z.Address}}
	got, ttl, err := c.ask(t.Context(), "_sip._udp.long.example.com.", dns.TypeSRV)
	if err != nil || len(got) != 60 || ttl != time.Minute {
		t.Errorf("%d records for %s, %v", len(got), ttl, err)
	}
}

// TestLocateWithoutRecords: where DNS is silent, addresses still have their turn, and the next look-up does not wait again.
func TestLocateWithoutRecords(t *testing.T) {
	z := dnstest.New(t, records)
	z.Mute("NAPTR", "SRV")
	r := resolver(z)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	for i := range 2 {
		began := time.Now()
		targets, err := r.Locate(ctx, Query{Host: "example.com"})
		if got := show(targets); err != nil || got != "udp 192.0.2.100:5060" {
			t.Fatalf("%s, %v", got, err)
		}
		if d := time.Since(began); i == 1 && d > recordTime/2 {
			t.Errorf("waited %s again", d)
		}
	}
}

// TestOrdered draws many times: priority is strict, weight is a share.
func TestOrdered(t *testing.T) {
	list := []server{{2, 100, "c", 0}, {1, 30, "b", 0}, {1, 10, "a", 0}, {1, 0, "z", 0}}
	first := map[string]int{}
	for range 4000 {
		got := ordered(list)
		if len(got) != 4 || got[3].host != "c" {
			t.Fatalf("%+v", got)
		}
		first[got[0].host]++
	}
	if first["b"] < 2600 || first["b"] > 3300 || first["a"] < 700 || first["a"] > 1300 || first["z"] == 0 {
		t.Errorf("first were %v", first)
	}
	if list[0].host != "c" {
		t.Error("the argument was changed")
	}
}
