package locate

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Query is what a URI says of its server.
type Query struct {
	Host    string
	Port    int    // 0: none
	Network string // "udp", "tcp", "tls", "ws" or "wss"; empty: the URI names no transport
	Secure  bool   // a sips URI
}

// Target is a server to send to.
type Target struct {
	Network string
	Addr    netip.AddrPort
	Name    string // that its certificate must be for (RFC 5922 §7.1): the host of the URI
}

// Options configure a Resolver. The zero Options is that of the system.
type Options struct {
	Servers []string // "192.0.2.53:53"; nil: those of /etc/resolv.conf
	// Usable tells whether we can send over a network; nil: over all.
	Usable  func(network string) bool
	Lookups int // under way at once; 0: 64
}

// Resolver looks up names. Its methods may be called from any goroutine.
type Resolver struct {
	usable  func(string) bool
	system  *net.Resolver
	records client
	cache   cache
	slots   chan struct{} // one for each look-up under way
}

// ErrBusy tells that too many look-ups are under way.
var ErrBusy = errors.New("too many DNS look-ups under way")

// New makes a resolver.
func New(o Options) *Resolver {
	r := &Resolver{usable: o.Usable, system: net.DefaultResolver, records: client{servers: o.Servers}}
	if r.usable == nil {
		r.usable = func(string) bool { return true }
	}
	if len(o.Servers) > 0 {
		r.system = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, network, o.Servers[0])
		}}
	}
	if o.Lookups == 0 {
		o.Lookups = 64
	}
	r.slots = make(chan struct{}, o.Lookups)
	return r
}

// Locate returns the servers of q, at least one, best first.
func (r *Resolver) Locate(ctx context.Context, q Query) ([]Target, error) {
	if targets := q.numeric(); targets != nil {
		return targets, nil
	}
	select {
	case r.slots <- struct{}{}:
		defer func() { <-r.slots }()
	default:
		return nil, fmt.Errorf("look up %s: %w", q.Host, ErrBusy)
	}
	targets, err := r.find(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("look up %s: %w", q.Host, err)
	}
	return targets, nil
}

// Known is Locate without waiting; it is false when DNS has to be asked.
func (r *Resolver) Known(q Query) ([]Target, bool) {
	if targets := q.numeric(); targets != nil {
		return targets, true
	}
	known, cancel := context.WithCancel(context.Background())
	cancel() // answers come from the cache, or not at all
	targets, err := r.find(onlyCached(known), q)
	return targets, err == nil
}

// numeric is the target of a host that is an address; nil if it is none.
func (q Query) numeric() []Target {
	ip, err := netip.ParseAddr(strings.Trim(q.Host, "[]"))
	if err != nil {
		return nil
	}
	return []Target{q.target(q.network(), ip, q.Port)}
}

// network is the transport without any hint of DNS (RFC 3263 §4.1).
func (q Query) network() string {
	switch {
	case q.Network != "":
		return q.Network
	case q.Secure:
		return "tls"
	}
	return "udp"
}

func (q Query) target(network string, ip netip.Addr, port int) Target {
	if port == 0 {
		port = defaultPort(network)
	}
	return Target{network, netip.AddrPortFrom(ip.Unmap(), uint16(port)), strings.Trim(q.Host, "[]")}
}

func defaultPort(network string) int {
	switch network {
	case "tls":
		return 5061
	case "ws": // RFC 7118 §5.4, RFC 6455 §3
		return 80
	case "wss":
		return 443
	}
	return 5060
}

// find looks for the servers by SRV, if q leaves that open, else by address.
func (r *Resolver) find(ctx context.Context, q Query) ([]Target, error) {
	// An unqualified name is one of /etc/hosts or of a search domain: it has no such records.
	if q.Port == 0 && strings.Contains(strings.Trim(q.Host, "."), ".") {
		targets, err := r.byRecords(ctx, q)
		if err != nil || len(targets) > 0 {
			return targets, err
		}
	}
	ips, err := r.addresses(ctx, q.Host)
	if err != nil {
		return nil, err
	}
	targets := make([]Target, len(ips))
	for i, ip := range ips {
		targets[i] = q.target(q.network(), ip, q.Port)
	}
	return targets, nil
}

// recordTime is how long NAPTR and SRV records may take: addresses, which may
// stand in /etc/hosts, must have their turn also when no DNS server answers.
const recordTime = 1500 * time.Millisecond

func (r *Resolver) byRecords(ctx context.Context, q Query) ([]Target, error) {
	ctx, cancel := context.WithTimeout(ctx, recordTime)
	defer cancel()
	services, err := r.services(ctx, q)
	if err != nil {
		return nil, err
	}
	return r.byService(ctx, q, services)
}

// service is a transport of a domain and the name of its SRV records.
type service struct{ network, name string }

// services are those of a domain, best first: its NAPTR records say, else all
// that we speak are tried.
func (r *Resolver) services(ctx context.Context, q Query) (list []service, err error) {
	domain := strings.TrimSuffix(q.Host, ".") + "."
	if q.Network != "" {
		if prefix, ok := srvPrefix[q.Network]; ok {
			list = append(list, service{q.Network, prefix + domain})
		}
		return list, nil
	}
	pointers, err := r.pointers(ctx, domain)
	if err != nil {
		return nil, err
	}
	for _, p := range pointers {
		if network, ok := services[p.service]; ok && r.usable(network) && (network == "tls" || !q.Secure) {
			list = append(list, service{network, p.name})
		}
	}
	if len(list) > 0 {
		return list, nil
	}
	for _, network := range []string{"udp", "tcp", "tls"} {
		if r.usable(network) && q.Secure == (network == "tls") {
			list = append(list, service{network, srvPrefix[network] + domain})
		}
	}
	return list, nil
}

// byService is the targets of all services in turn.
func (r *Resolver) byService(ctx context.Context, q Query, list []service) (targets []Target, err error) {
	for _, s := range list {
		servers, err := r.servers(ctx, s.name)
		if err != nil {
			return nil, err
		}
		for _, server := range ordered(servers) {
			ips, err := r.addresses(ctx, server.host)
			if errors.Is(err, errNotCached) {
				return nil, err
			}
			for _, ip := range ips { // a server without an address is one that is down
				targets = append(targets, q.target(s.network, ip, server.port))
			}
		}
	}
	return targets, nil
}

// addressTime is how long addresses are kept: the system does not tell their TTL.
const addressTime = time.Minute

// addresses are those of a host, IPv4 first.
func (r *Resolver) addresses(ctx context.Context, host string) ([]netip.Addr, error) {
	ips, err := recall(ctx, &r.cache, "A "+host, func() ([]netip.Addr, time.Duration, error) {
		ips, err := r.system.LookupNetIP(ctx, "ip", host)
		if missing := (*net.DNSError)(nil); errors.As(err, &missing) && missing.IsNotFound {
			return nil, addressTime, nil
		}
		for i := range ips {
			ips[i] = ips[i].Unmap()
		}
		slices.SortStableFunc(ips, func(a, b netip.Addr) int { return a.BitLen() - b.BitLen() })
		return ips, addressTime, err
	})
	if err == nil && len(ips) == 0 {
		err = errors.New("no such host")
	}
	return ips, err
}

var (
	services  = map[string]string{"SIP+D2U": "udp", "SIP+D2T": "tcp", "SIPS+D2T": "tls"} // RFC 3263 §4.1
	srvPrefix = map[string]string{"udp": "_sip._udp.", "tcp": "_sip._tcp.", "tls": "_sips._tcp."}
)
