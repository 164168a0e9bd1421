//go:build unix && !linux

package media

import (
	"fmt"
	"net/netip"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// openSocket makes one non-blocking socket.
func openSocket(family int, local netip.AddrPort, buffer int) (fd int, err error) {
	fd, err = unix.Socket(family, unix.SOCK_DGRAM, 0)
	if err != nil {
		return -1, fmt.Errorf("open socket for %v: %w", local, os.NewSyscallError("socket", err))
	}
	defer func() {
		if err != nil {
			unix.Close(fd)
		}
	}()
	unix.CloseOnExec(fd)
	if err := unix.SetNonblock(fd, true); err != nil {
		return -1, fmt.Errorf("make the socket of %v non-blocking: %w", local, os.NewSyscallError("fcntl", err))
	}
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, buffer); err != nil {
		return -1, fmt.Errorf("size the receive buffer of %v: %w", local, os.NewSyscallError("setsockopt", err))
	}
	switch err := unix.Bind(fd, bindAddr(local)); {
	case err == unix.EADDRINUSE:
		return -1, fmt.Errorf("bind %v: %w", local, errPortTaken)
	case err != nil:
		return -1, fmt.Errorf("bind %v: %w", local, os.NewSyscallError("bind", err))
	}
	return fd, nil
}

// sockaddr is where a socket sends to; the zero value: nowhere.
type sockaddr struct{ to unix.Sockaddr }

// newSockaddr is empty for an address that a socket of family cannot send to.
func newSockaddr(family int, a netip.AddrPort) sockaddr {
	ip := a.Addr().Unmap()
	if a.Port() == 0 || ip.Is4() != (family == unix.AF_INET) {
		return sockaddr{}
	}
	return sockaddr{bindAddr(netip.AddrPortFrom(ip, a.Port()))}
}

func (s *sockaddr) none() bool { return s.to == nil }

func send(fd int, b []byte, to *sockaddr) error {
	if to.none() {
		return errNoWay
	}
	return unix.Sendto(fd, b, unix.MSG_DONTWAIT, to.to)
}

// inbox receives datagrams in batches. They carry no time stamp of the kernel's: they count as arrived when they are read.
type inbox struct {
	lengths [inboxPackets]int
	sources [inboxPackets]netip.AddrPort
	data    [inboxPackets][inboxOctets]byte
}

func newInbox() *inbox { return new(inbox) }

// fill takes what waits in a socket, up to inboxPackets, and returns how many there are.
func (in *inbox) fill(fd int) int {
	for i := range in.data {
		n, source, err := unix.Recvfrom(fd, in.data[i][:], unix.MSG_DONTWAIT)
		if err != nil {
			return i
		}
		in.lengths[i], in.sources[i] = n, addrPort(source)
	}
	return inboxPackets
}

// packet is the i-th datagram of the latest fill; its arrival is not known.
func (in *inbox) packet(i int) (b []byte, arrival int64) { return in.data[i][:in.lengths[i]], 0 }

// from is where the i-th datagram of the latest fill came from; IPv6 zones are numbers.
func (in *inbox) from(i int) netip.AddrPort { return in.sources[i] }

func addrPort(a unix.Sockaddr) netip.AddrPort {
	switch a := a.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(a.Addr), uint16(a.Port))
	case *unix.SockaddrInet6:
		ip := netip.AddrFrom16(a.Addr).Unmap()
		if a.ZoneId != 0 {
			ip = ip.WithZone(strconv.FormatUint(uint64(a.ZoneId), 10))
		}
		return netip.AddrPortFrom(ip, uint16(a.Port))
	}
	return netip.AddrPort{}
}
