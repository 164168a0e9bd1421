//go:build unix

package media

import (
	"errors"
	"net"
	"net/netip"
	"strconv"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

const (
	rtpBuffer  = 32 << 10 // SO_RCVBUF: over half a second of G.711; the kernel's default would let 10,000 calls queue 2 GB
	rtcpBuffer = 8 << 10

	inboxPackets = 32
	inboxOctets  = 2048 // a longer datagram is cut; no frame of sound is that long
)

var (
	errPortTaken  = errors.New("port in use")
	errNoWay      = errors.New("no destination that this socket can reach")
	errNotAllSent = errors.New("datagram was cut")
)

// socketPair is the wire of a real session: one socket for RTP and one for RTCP, both bound from the start. They are raw,
// non-blocking descriptors outside Go's netpoller, whose locks and wake-ups cost more than the packet. Neither is
// connected: the far end may send from another address than the one it told.
type socketPair struct {
	ip     netip.Addr
	family int
	rtp    int
	rtcp   int
	rtpTo  sockaddr
	rtcpTo sockaddr

	out    *outbox
	posted uint64 // to out

	_      [64]byte // what follows, the postman writes: it lies in another cache line
	state  atomic.Uint64
	failed atomic.Uint64 // parcels that the kernel refused
}

// The state of a socketPair's sockets: flags, above them how many of the parcels that come next are not sent, and above these how
// many the postman is through with.
const (
	mailing  = 1 << 0  // the postman sends a parcel
	shut     = 1 << 1  // nobody needs the sockets any more
	recalled = 1 << 2  // added for each parcel that is not to be sent
	passed   = 1 << 32 // added for each parcel that was sent, or was not to be
)

// openPair binds port and the next one at ip. The error wraps errPortTaken if another program has one of them.
func openPair(ip netip.Addr, port uint16) (*socketPair, error) {
	p := &socketPair{ip: ip, family: unix.AF_INET}
	if ip.Is6() {
		p.family = unix.AF_INET6
	}
	var err error
	if p.rtp, err = openSocket(p.family, netip.AddrPortFrom(ip, port), rtpBuffer); err != nil {
		return nil, err
	}
	if p.rtcp, err = openSocket(p.family, netip.AddrPortFrom(ip, port+1), rtcpBuffer); err != nil {
		unix.Close(p.rtp)
		return nil, err
	}
	return p, nil
}

func bindAddr(a netip.AddrPort) unix.Sockaddr {
	if a.Addr().Is4() {
		return &unix.SockaddrInet4{Port: int(a.Port()), Addr: a.Addr().As4()}
	}
	return &unix.SockaddrInet6{Port: int(a.Port()), Addr: a.Addr().As16(), ZoneId: zoneID(a.Addr().Zone())}
}

// zoneID is the interface index of an IPv6 zone; an unknown one is 0, which the kernel refuses where it matters.
func zoneID(zone string) uint32 {
	if zone == "" {
		return 0
	}
	if n, err := strconv.ParseUint(zone, 10, 32); err == nil {
		return uint32(n)
	}
	if i, err := net.InterfaceByName(zone); err == nil {
		return uint32(i.Index)
	}
	return 0
}

// direct sets where packets go from now on.
func (p *socketPair) direct(rtp, rtcp netip.AddrPort) {
	p.rtpTo, p.rtcpTo = newSockaddr(p.family, rtp), newSockaddr(p.family, rtcp)
}

// renew is the pair for another session at ip, to which nothing of the earlier one comes or goes. It is nil for another address
// than that of the pair.
func (p *socketPair) renew(ip netip.Addr, in *inbox) *socketPair {
	if ip != p.ip {
		return nil
	}
	for _, fd := range []int{p.rtp, p.rtcp} {
		for tries := 0; in.fill(fd) == inboxPackets && tries < rtpBuffer/inboxPackets; tries++ {
		}
	}
	return &socketPair{ip: p.ip, family: p.family, rtp: p.rtp, rtcp: p.rtcp} // p, which is recalled, may still be in the outbox
}

// keptPairs is how many pairs may keep their sockets: some thousand, but no more than a quarter of the files that the
// process may have open.
func keptPairs() int {
	var limit unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &limit) != nil {
		return 0
	}
	return int(min(maxKept, limit.Cur/8))
}

const maxKept = 8192

func (p *socketPair) sendRTP(b []byte, due instant) error {
	if due == 0 {
		return send(p.rtp, b, &p.rtpTo)
	}
	if p.rtpTo.none() {
		return errNoWay
	}
	if err := p.out.post(p, b, due); err != nil {
		return err
	}
	p.posted++
	return nil
}

func (p *socketPair) sendRTCP(b []byte) error { return send(p.rtcp, b, &p.rtcpTo) }

func (p *socketPair) receiveRTP(in *inbox) int  { return in.fill(p.rtp) }
func (p *socketPair) receiveRTCP(in *inbox) int { return in.fill(p.rtcp) }

func (p *socketPair) flush() {}

func (p *socketPair) refused() uint64 { return p.failed.Load() }

func (p *socketPair) recall() uint64 {
	for {
		state := p.state.Load()
		waiting := uint32(p.posted) - uint32(state/passed) - uint32(state&mailing)
		n := uint64(waiting) - state%passed/recalled
		if p.state.CompareAndSwap(state, state+n*recalled) {
			return n
		}
	}
}

func (p *socketPair) close() {
	p.recall()
	if p.state.Or(shut)&mailing == 0 {
		unix.Close(p.rtp)
		unix.Close(p.rtcp)
	}
}
