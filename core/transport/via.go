package transport

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// stampVia completes the top Via of a request as RFC 3261 §18.2.1 and RFC 3581
// §4 want it, and returns the port that the answers go to.
//
// A client that sent rport gets its source port written there and its answers
// at that port; one that did not is answered at the port of its sent-by. The
// answers always go to the source address: maddr is not followed, because it
// would let anybody aim our answers at somebody else.
func stampVia(via *sip.ViaHeader, source netip.AddrPort) uint16 {
	host := source.Addr().WithZone("")
	rport := via.Params.Has("rport")
	// A received that the client wrote itself is a lie or a mistake.
	if rport || via.Params.Has("received") || !isAddress(via.Host, host) {
		via.Params.Add("received", host.String())
	}
	if rport {
		via.Params.Add("rport", strconv.Itoa(int(source.Port())))
		return source.Port()
	}
	if via.Port == 0 {
		return defaultPort
	}
	return uint16(via.Port) // validVia has checked the range
}

// defaultPort is that of UDP and TCP (RFC 3261 §19.1.2).
const defaultPort = 5060

// isAddress tells whether the host of a sent-by is literally addr.
func isAddress(host string, addr netip.Addr) bool {
	a, err := netip.ParseAddr(host)
	return err == nil && a.Unmap() == addr
}

// validVia tells whether a Via can be answered. sipgo's parser leaves the host
// empty when it cannot read the port, and takes anything for a host.
func validVia(via *sip.ViaHeader) bool {
	return via.Host != "" && !strings.ContainsAny(via.Host, " \t<>\"@,/") && via.Transport != "" && via.Port >= 0 && via.Port <= 65535
}
