package transport

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/netip"
	"strings"
)

// Endpoint is where the layer listens, and what it tells peers of that place.
type Endpoint struct {
	Network string // "udp", "tcp", "tls", "ws" or "wss"
	// Address is host:port. "0.0.0.0:5060" is all of IPv4, "[::]:5060" all of IPv6, ":5060" both.
	Address   string
	TLS       *tls.Config // for tls and wss; see [Certificates]
	Advertise Advertise
	// Origins are the web origins whose pages may connect over ws and wss: "app.example.com", "*.example.com" or
	// "https://app.example.com:8443". Empty: all. Clients that are no browsers name none, and are not asked for one.
	Origins []string
}

// Advertise says by which address peers outside of our networks reach an endpoint: one behind a NAT that forwards to it.
type Advertise struct {
	Addresses []netip.AddrPort // at most one of each IP version; port 0: the endpoint's own
	Inside    []netip.Prefix   // networks whose peers reach the endpoint as it is
}

// address is what a peer is told, instead of the local address that its messages came to.
func (a *Advertise) address(local, remote netip.AddrPort) netip.AddrPort {
	if len(a.Addresses) == 0 {
		return local
	}
	for _, inside := range a.Inside {
		if inside.Contains(remote.Addr()) {
			return local
		}
	}
	for _, outside := range a.Addresses {
		if outside.Addr().Is4() == local.Addr().Is4() {
			if outside.Port() == 0 {
				return netip.AddrPortFrom(outside.Addr(), local.Port())
			}
			return outside
		}
	}
	return local
}

// endpoint is an Endpoint that is open, with the port it is bound to.
type endpoint struct {
	Endpoint
	bound netip.AddrPort
}

// Listen opens an endpoint without TLS that advertises what it is bound to; see [Layer.Open].
func (l *Layer) Listen(network, address string) (netip.AddrPort, error) {
	return l.Open(Endpoint{Network: network, Address: address})
}

// Open opens an endpoint and returns the address it is bound to.
func (l *Layer) Open(e Endpoint) (netip.AddrPort, error) {
	var bound netip.AddrPort
	var err error
	switch {
	case e.Network == "udp":
		bound, err = l.listenUDP(e)
	case !isStream(e.Network):
		err = unknownNetwork(e.Network)
	case isSecure(e.Network) && e.TLS == nil:
		err = fmt.Errorf("transport %q needs a certificate", e.Network)
	default:
		bound, err = l.listenStream(e)
	}
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("listen on %s %s: %w", e.Network, e.Address, err)
	}
	return bound, nil
}

func unknownNetwork(network string) error {
	return fmt.Errorf("transport %q is not one of udp, tcp, tls, ws, wss", network)
}

func isStream(network string) bool {
	switch network {
	case "tcp", "tls", "ws", "wss":
		return true
	}
	return false
}

func isSecure(network string) bool { return network == "tls" || network == "wss" }

func isWebSocket(network string) bool { return network == "ws" || network == "wss" }

// viaName is the name of a network as it stands in a Via.
func viaName(network string) string { return strings.ToUpper(network) }

// family is the suffix that makes package net take one IP version only for a
// wildcard address: "0.0.0.0" means IPv4 and "::" IPv6, while an empty host is both.
func family(address string) string {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return ""
	}
	ip, err := netip.ParseAddr(host)
	switch {
	case err != nil:
		return ""
	case ip.Is4():
		return "4"
	}
	return "6"
}

// unmap writes an IPv4 address as one, also when it came from an IPv6 socket.
func unmap(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}
