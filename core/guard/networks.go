package guard

import "net/netip"

// networks is a set of prefixes. A look-up costs one map access for each length
// there is, so that block lists of many thousand networks are fine.
type networks struct {
	all     map[netip.Prefix]struct{}
	lengths []length
}

// length is one that prefixes of the set have.
type length struct {
	v6   bool
	bits int
}

func newNetworks(prefixes []netip.Prefix) networks {
	n := networks{all: map[netip.Prefix]struct{}{}}
	seen := map[length]bool{}
	for _, p := range prefixes {
		p = p.Masked()
		n.all[p] = struct{}{}
		l := length{p.Addr().Is6(), p.Bits()}
		if !seen[l] {
			seen[l] = true
			n.lengths = append(n.lengths, l)
		}
	}
	return n
}

func (n *networks) empty() bool { return len(n.all) == 0 }

func (n *networks) has(a netip.Addr) bool {
	if len(n.lengths) == 0 {
		return false
	}
	a = a.Unmap().WithZone("")
	for _, l := range n.lengths {
		if l.v6 != a.Is6() {
			continue
		}
		p, err := a.Prefix(l.bits)
		if _, ok := n.all[p]; ok && err == nil {
			return true
		}
	}
	return false
}

// peer is what counts as one source: an IPv4 address, or the /64 of an IPv6 one,
// of which a single host may use all addresses.
func peer(a netip.Addr) netip.Prefix {
	a = a.Unmap().WithZone("")
	bits := 32
	if a.Is6() {
		bits = 64
	}
	p, _ := a.Prefix(bits) // the length fits
	return p
}
