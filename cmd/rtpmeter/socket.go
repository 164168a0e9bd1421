package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	batch  = 64
	octets = 2048
)

// socket is one UDP socket that sends and receives in batches and never blocks: to be woken for each packet would cost whoever
// sends it more than the packet.
type socket struct{ fd int }

// open binds a socket with a large buffer, so that what is lost was lost before it, and the kernel's time stamps.
func open(address netip.AddrPort) (*socket, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open socket: %w", err)
	}
	// beyond net.core.rmem_max as root only; the smaller buffer will do elsewhere
	if unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 32<<20) != nil {
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, 32<<20)
	}
	err = errors.Join(
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1),
		unix.Bind(fd, &unix.SockaddrInet4{Addr: address.Addr().As4(), Port: int(address.Port())}),
	)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("listen on %v: %w", address, err), unix.Close(fd))
	}
	return &socket{fd}, nil
}

func (s *socket) close() { unix.Close(s.fd) }

// messages is a batch of packets with their addresses.
type messages struct {
	headers [batch]unix.Mmsghdr
	vectors [batch]unix.Iovec
	names   [batch]unix.RawSockaddrInet4
	control [batch][64]byte // one SCM_TIMESTAMPNS
	data    [batch][octets]byte
}

func newMessages() *messages {
	m := new(messages)
	for i := range m.headers {
		m.vectors[i].Base = &m.data[i][0]
		h := &m.headers[i].Hdr
		h.Iov, h.Name = &m.vectors[i], (*byte)(unsafe.Pointer(&m.names[i]))
		h.SetIovlen(1)
	}
	return m
}

// receive takes what waits, up to a batch.
func (s *socket) receive(m *messages) int {
	for i := range m.headers {
		m.vectors[i].SetLen(octets)
		h := &m.headers[i].Hdr
		h.Namelen, h.Control = unix.SizeofSockaddrInet4, &m.control[i][0]
		h.SetControllen(len(m.control[i]))
	}
	n, _, errno := unix.Syscall6(unix.SYS_RECVMMSG, uintptr(s.fd), uintptr(unsafe.Pointer(&m.headers)), batch, unix.MSG_DONTWAIT, 0, 0)
	if errno != 0 {
		return 0
	}
	return int(n)
}

// packet is the i-th of a received batch.
func (m *messages) packet(i int) (source netip.AddrPort, packet []byte, arrival int64) {
	source = netip.AddrPortFrom(netip.AddrFrom4(m.names[i].Addr), binary.BigEndian.Uint16(port(&m.names[i])))
	c := (*unix.Cmsghdr)(unsafe.Pointer(&m.control[i]))
	if c.Level == unix.SOL_SOCKET && c.Type == unix.SCM_TIMESTAMPNS {
		arrival = (*unix.Timespec)(unsafe.Pointer(&m.control[i][unix.CmsgLen(0)])).Nano()
	}
	return source, m.data[i][:m.headers[i].Len], arrival
}

// put makes the i-th packet of a batch to send and returns its room.
func (m *messages) put(i int, to netip.AddrPort, n int) []byte {
	m.names[i].Family, m.names[i].Addr = unix.AF_INET, to.Addr().As4()
	binary.BigEndian.PutUint16(port(&m.names[i]), to.Port())
	m.vectors[i].SetLen(n)
	h := &m.headers[i].Hdr
	h.Namelen, h.Control = unix.SizeofSockaddrInet4, nil
	h.SetControllen(0)
	return m.data[i][:n]
}

// send sends the first n of a batch and returns how many the kernel took.
func (s *socket) send(m *messages, n int) (taken int) {
	for at := 0; at < n; {
		k, _, errno := unix.Syscall6(unix.SYS_SENDMMSG, uintptr(s.fd), uintptr(unsafe.Pointer(&m.headers[at])), uintptr(n-at), 0, 0, 0)
		if errno != 0 {
			at++ // the first of them was refused
			continue
		}
		at, taken = at+int(k), taken+int(k)
	}
	return taken
}

func port(name *unix.RawSockaddrInet4) []byte { return (*[2]byte)(unsafe.Pointer(&name.Port))[:] }
