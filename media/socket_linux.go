package media

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"os"
	"strconv"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

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

func (s *sockaddr) none() bool { return s.len == 0 }

// networkOrder turns a port from this machine's order of octets into the network's, and back.
func networkOrder(port uint16) uint16 {
	var b [2]byte
	binary.BigEndian.PutUint16(b[:], port)
	return binary.NativeEndian.Uint16(b[:])
}

// send hands one datagram to the kernel without telling the Go scheduler: the call does not block, and to tell would
// cost a fifth of it. A full queue is an error; the packet is lost, as it would be further on.
func send(fd int, b []byte, to *sockaddr) error {
	if to.none() {
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

// inbox receives datagrams in batches. One serves all sessions of a shard in turn.
type inbox struct {
	headers [inboxPackets]unix.Mmsghdr
	vectors [inboxPackets]unix.Iovec
	control [inboxPackets][64]byte // one SCM_TIMESTAMPNS: 32 octets
	names   [inboxPackets]unix.RawSockaddrInet6
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
		h.Name = (*byte)(unsafe.Pointer(&in.names[i]))
	}
	return in
}

// fill takes what waits in a socket, up to inboxPackets, and returns how many there are. One system call does for both the packet
// and the knowledge that there is no other.
func (in *inbox) fill(fd int) int {
	for i := range in.headers {
		in.headers[i].Hdr.SetControllen(len(in.control[i]))
		in.headers[i].Hdr.Namelen = unix.SizeofSockaddrInet6
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

// from is where the i-th datagram of the latest fill came from; IPv6 zones are numbers.
func (in *inbox) from(i int) netip.AddrPort {
	name := &in.names[i]
	switch name.Family {
	case unix.AF_INET:
		v4 := (*unix.RawSockaddrInet4)(unsafe.Pointer(name))
		return netip.AddrPortFrom(netip.AddrFrom4(v4.Addr), networkOrder(v4.Port))
	case unix.AF_INET6:
		ip := netip.AddrFrom16(name.Addr).Unmap()
		if name.Scope_id != 0 {
			ip = ip.WithZone(strconv.FormatUint(uint64(name.Scope_id), 10))
		}
		return netip.AddrPortFrom(ip, networkOrder(name.Port))
	}
	return netip.AddrPort{}
}
