package locate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// pointer is a NAPTR record that leads to SRV records (RFC 3403, RFC 3263 §4.1).
type pointer struct {
	order, preference uint16
	service           string // "SIP+D2U", in capitals
	name              string
}

// server is an SRV record (RFC 2782).
type server struct {
	priority, weight uint16
	host             string
	port             int
}

// pointers are the NAPTR records of a domain, best first. That there is no
// answer means that there are none: addresses may still be found otherwise.
func (r *Resolver) pointers(ctx context.Context, domain string) ([]pointer, error) {
	list, err := recall(ctx, &r.cache, "NAPTR "+domain, func() (list []pointer, ttl time.Duration, err error) {
		records, ttl, err := r.records.ask(ctx, domain, dns.TypeNAPTR)
		for _, record := range records {
			if n, ok := record.(*dns.NAPTR); ok && strings.EqualFold(n.Flags, "s") {
				list = append(list, pointer{n.Order, n.Preference, strings.ToUpper(n.Service), n.Replacement})
			}
		}
		slices.SortStableFunc(list, func(a, b pointer) int {
			return cmp.Or(cmp.Compare(a.order, b.order), cmp.Compare(a.preference, b.preference))
		})
		return list, ttl, err
	})
	return list, unanswered(err)
}

// servers are the SRV records of a name. Its only one may say "not here".
func (r *Resolver) servers(ctx context.Context, name string) ([]server, error) {
	list, err := recall(ctx, &r.cache, "SRV "+name, func() (list []server, ttl time.Duration, err error) {
		records, ttl, err := r.records.ask(ctx, name, dns.TypeSRV)
		for _, record := range records {
			if s, ok := record.(*dns.SRV); ok && s.Target != "." {
				list = append(list, server{s.Priority, s.Weight, s.Target, int(s.Port)})
			}
		}
		return list, ttl, err
	})
	return list, unanswered(err)
}

// unanswered lets pass only that the cache did not know.
func unanswered(err error) error {
	if errors.Is(err, errNotCached) {
		return err
	}
	return nil
}

// ordered puts servers in the order to try them: by priority, and within one at
// random, by weight (RFC 2782).
func ordered(list []server) []server {
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b server) int {
		return cmp.Or(cmp.Compare(a.priority, b.priority), cmp.Compare(a.weight, b.weight)) // weight 0 first
	})
	for i := range list {
		sum, end := 0, i
		for ; end < len(list) && list[end].priority == list[i].priority; end++ {
			sum += int(list[end].weight)
		}
		chosen, at := rand.IntN(sum+1), i
		for running := int(list[i].weight); running < chosen; running += int(list[at].weight) {
			at++
		}
		first := list[at]
		copy(list[i+1:at+1], list[i:at])
		list[i] = first
	}
	return list
}

// client asks DNS servers.
type client struct{ servers []string }

// tryTime is how long one server is waited for.
const tryTime = 2 * time.Second

// ask asks one server after the other. A name that does not exist has no
// records, and that is no error.
func (c *client) ask(ctx context.Context, name string, kind uint16) (records []dns.RR, ttl time.Duration, err error) {
	servers := c.servers
	if servers == nil {
		system, err := dns.ClientConfigFromFile("/etc/resolv.conf")
		if err != nil {
			return nil, 0, err
		}
		for _, s := range system.Servers {
			servers = append(servers, net.JoinHostPort(s, system.Port))
		}
	}
	question := new(dns.Msg).SetQuestion(dns.Fqdn(name), kind).SetEdns0(1232, false)
	err = errors.New("no DNS server is configured")
	for _, server := range servers {
		var answer *dns.Msg
		if answer, err = exchange(ctx, question, server); err == nil {
			return answer.Answer, ttlOf(answer), nil
		}
	}
	return nil, 0, err
}

// exchange asks one server, over TCP if the answer is too long for UDP.
func exchange(ctx context.Context, question *dns.Msg, server string) (*dns.Msg, error) {
	for _, network := range []string{"udp", "tcp"} {
		c := dns.Client{Net: network, Timeout: tryTime}
		answer, _, err := c.ExchangeContext(ctx, question, server)
		switch {
		case err != nil:
			return nil, err
		case answer.Truncated && network == "udp":
			continue
		case answer.Rcode != dns.RcodeSuccess && answer.Rcode != dns.RcodeNameError:
			return nil, fmt.Errorf("%s says %s", server, dns.RcodeToString[answer.Rcode])
		}
		return answer, nil
	}
	return nil, errors.New("answer cut off over TCP")
}

// ttlOf is how long an answer may be kept; one without records, a minute.
func ttlOf(m *dns.Msg) time.Duration {
	ttl := time.Minute
	for i, record := range m.Answer {
		if t := time.Duration(record.Header().Ttl) * time.Second; i == 0 || t < ttl {
			ttl = t
		}
	}
	return ttl
}
