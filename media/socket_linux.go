package media

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	rtpBuffer  = 32 << 10 // SO_RCVBUF: over half a second of G.711; the kernel's default would let 10,000 calls queue 2 GB
	rtcpBuffer = 8 << 10
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
	family int
	rtp    int
	rtcp   int
	rtpTo  sockaddr
	rtcpTo sockaddr
}

// openPair binds port and the next one at ip. The error wraps errPortTaken if another program has one of them.
func openPair(ip netip.Addr, port uint16) (*socketPair, error) {
	p := &socketPair{family: unix.AF_INET}
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

// openSocket makes one non-blocking socket that stamps what it receives.
func openSocket(family int, local netip.AddrPort, buffer int) (fd int, err error) {
	fd, err = unix.Socket(family, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, fmt.Errorf("open socket for %v: %w", local, os.NewSyscallError("socket", err))
	}
	defer func() {
		if err != nil {
			unix.Close(fd)
		}
	}()
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, buffer); err != nil {
		return -1, fmt.Errorf("size the receive buffer of %v: %w", local, os.NewSyscallError("setsockopt", err))
	}
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1); err != nil {
		return -1, fmt.Errorf("turn on time stamps of %v: %w", local, os.NewSyscallError("setsockopt", err))
	}
	switch err := unix.Bind(fd, bindAddr(local)); {
	case err == unix.EADDRINUSE:
		return -1, fmt.Errorf("bind %v: %w", local, errPortTaken)
	case err != nil:
		return -1, fmt.Errorf("bind %v: %w", local, os.NewSyscallError("bind", err))
	}
	return fd, nil
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

func (p *socketPair) sendRTP(b []byte) error  { return send(p.rtp, b, &p.rtpTo) }
func (p *socketPair) sendRTCP(b []byte) error { return send(p.rtcp, b, &p.rtcpTo) }

func (p *socketPair) receiveRTP(in *inbox) int  { return in.fill(p.rtp) }
func (p *socketPair) receiveRTCP(in *inbox) int { return in.fill(p.rtcp) }

func (p *socketPair) flush() {}

func (p *socketPair) close() {
	unix.Close(p.rtp)
	unix.Close(p.rtcp)
}

// sockaddr is a socket address as the kernel reads it, made once for all packets.
type sockaddr struct {
	raw unix.RawSockaddrInet6 // the larger of the two
	len uintptr               // 0: none
}

// newSockaddr is empty for an address that a socket of family cannot send to.
func newSockaddr(family int, a netip.AddrPort) (s sockaddr) {
	ip := a.Addr().Unmap()
	switch {
	case family == unix.AF_INET && ip.Is4():
		in := (*unix.RawSockaddrInet4)(unsafe.Pointer(&s.raw))
		in.Family, in.Addr = unix.AF_INET, ip.As4()
		in.Port = networkOrder(a.Port())
		s.len = unix.SizeofSockaddrInet4
	case family == unix.AF_INET6 && ip.Is6():
		s.raw.Family, s.raw.Addr, s.raw.Scope_id = unix.AF_INET6, ip.As16(), zoneID(ip.Zone())
		s.raw.Port = networkOrder(a.Port())
		s.len = unix.SizeofSockaddrInet6
	}
	if a.Port() == 0 {
		s.len = 0
	}
	return s
}

func networkOrder(port uint16) uint16 {
	return binary.NativeEndian.Uint16(binary.BigEndian.AppendUint16(nil, port))
}

// send hands one datagram to the kernel without telling the Go scheduler: the call does not block, and to tell would
// cost a fifth of it. A full queue is an error; the packet is lost, as it would be further on.
func send(fd int, b []byte, to *sockaddr) error {
	if to.len == 0 {
		return errNoWay
	}
	n, _, errno := syscall.RawSyscall6(unix.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(b))),
		uintptr(len(b)), unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, uintptr(unsafe.Pointer(&to.raw)), to.len)
	if errno != 0 {
		return errno
	}
	if int(n) != len(b) {
		return errNotAllSent
	}
	return nil
}

const (
	inboxPackets = 32
	inboxOctets  = 2048 // a longer datagram is cut, which the checks of its payload type tell
)

// inbox receives datagrams in batches. One serves all sessions of a shard in turn.
type inbox struct {
	headers [inboxPackets]unix.Mmsghdr
	vectors [inboxPackets]unix.Iovec
	control [inboxPackets][64]byte // one SCM_TIMESTAMPNS: 32 octets
	data    [inboxPackets][inboxOctets]byte
}

func newInbox() *inbox {
	in := new(inbox)
	for i := range in.headers {
		in.vectors[i].Base = &in.data[i][0]
		in.vectors[i].SetLen(inboxOctets)
		h := &in.headers[i].Hdr
		h.Iov = &in.vectors[i]
		h.SetIovlen(1)
		h.Control = &in.control[i][0]
	}
	return in
}

// fill takes what waits in a socket, up to inboxPackets, and returns how many there are. One system call does for both the packet
// and the knowledge that there is no other.
func (in *inbox) fill(fd int) int {
	for i := range in.headers {
		in.headers[i].Hdr.SetControllen(len(in.control[i]))
	}
	n, _, errno := syscall.RawSyscall6(unix.SYS_RECVMMSG, uintptr(fd), uintptr(unsafe.Pointer(&in.headers[0])),
		inboxPackets, unix.MSG_DONTWAIT, 0, 0)
	if errno != 0 {
		return 0
	}
	return int(n)
}

// packet is the i-th datagram of the latest fill and its arrival in Unix nanoseconds.
func (in *inbox) packet(i int) (b []byte, arrival int64) {
	h := &in.headers[i]
	b = in.data[i][:h.Len]
	c := (*unix.Cmsghdr)(unsafe.Pointer(&in.control[i]))
	if uint64(h.Hdr.Controllen) >= uint64(unix.CmsgLen(int(unsafe.Sizeof(unix.Timespec{})))) &&
		c.Level == unix.SOL_SOCKET && c.Type == unix.SCM_TIMESTAMPNS {
		ts := (*unix.Timespec)(unsafe.Pointer(&in.control[i][unix.CmsgLen(0)]))
		return b, ts.Nano()
	}
	return b, 0
}
