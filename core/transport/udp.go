package transport

import (
	"errors"
	"fmt"
	"net"
	"net/netip"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

// udpSocket is one listening UDP socket. On a wildcard address each datagram
// tells, in a control message (IP_PKTINFO, IPV6_PKTINFO), which local address
// it was sent to, and the answer tells the kernel to leave from there.
type udpSocket struct {
	endpoint
	layer    *Layer
	conn     *net.UDPConn
	wildcard bool // bound to all addresses; control messages are on
	ipv4     bool // takes IPv4
	ipv6     bool // is an IPv6 socket, which may take IPv4 too
}

// maxControl holds either control message and the time of arrival, with room to spare, in bytes.
const maxControl = 128

func (l *Layer) listenUDP(e Endpoint) (netip.AddrPort, error) {
	network := "udp" + family(e.Address)
	addr, err := net.ResolveUDPAddr(network, e.Address)
	if err != nil {
		return netip.AddrPort{}, err
	}
	conn, err := net.ListenUDP(network, addr)
	if err != nil {
		return netip.AddrPort{}, err
	}
	s, err := newUDPSocket(l, conn, e)
	if err == nil {
		err = l.start(func() { l.sockets = append(l.sockets, s) }, s.read)
	}
	if err != nil {
		conn.Close()
		return netip.AddrPort{}, err
	}
	return s.bound, nil
}

func newUDPSocket(l *Layer, conn *net.UDPConn, e Endpoint) (*udpSocket, error) {
	bound := unmap(conn.LocalAddr().(*net.UDPAddr).AddrPort())
	s := &udpSocket{
		endpoint: endpoint{e, bound},
		layer:    l,
		conn:     conn,
		wildcard: bound.Addr().IsUnspecified(),
		ipv4:     bound.Addr().Is4() || family(e.Address) == "",
		ipv6:     bound.Addr().Is6(),
	}
	// Best effort: the kernel caps both at net.core.rmem_max and wmem_max.
	_ = conn.SetReadBuffer(l.limits.SocketBuffer)
	_ = conn.SetWriteBuffer(l.limits.SocketBuffer)
	stampArrivals(conn)
	if !s.wildcard {
		return s, nil
	}
	var err error
	if s.ipv6 {
		err = ipv6.NewPacketConn(conn).SetControlMessage(ipv6.FlagDst, true)
	} else {
		err = ipv4.NewPacketConn(conn).SetControlMessage(ipv4.FlagDst, true)
	}
	if err != nil {
		return nil, fmt.Errorf("learn local addresses (listen on each address by itself instead): %w", err)
	}
	return s, nil
}

// read delivers datagrams until the socket is closed. It runs in the socket's
// own goroutine.
func (s *udpSocket) read() {
	buf := make([]byte, 65536)
	control := make([]byte, maxControl)
	var pause backoff
	for {
		n, nc, _, remote, err := s.conn.ReadMsgUDPAddrPort(buf, control)
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return
			}
			s.layer.log.Warn("read from UDP socket failed", "local", s.bound, "error", err)
			if !s.layer.sleep(pause.next()) {
				return
			}
			continue
		}
		pause.reset()
		s.layer.lag.Store(int64(age(control[:nc])))
		local, ok := s.local(control[:nc])
		if !ok || remote.Port() == 0 {
			s.layer.count.dropped.Add(1)
			continue
		}
		s.layer.Deliver(buf[:n], newFlow(s, local, unmap(remote)))
	}
}

// local finds the address that a datagram was sent to. It is false for
// multicast: we could not answer from such an address.
func (s *udpSocket) local(control []byte) (netip.AddrPort, bool) {
	if !s.wildcard {
		return s.bound, true
	}
	var dst net.IP
	if s.ipv6 { // for IPv4 too, as a mapped address
		var cm ipv6.ControlMessage
		if cm.Parse(control) == nil {
			dst = cm.Dst
		}
	} else {
		var cm ipv4.ControlMessage
		if cm.Parse(control) == nil {
			dst = cm.Dst
		}
	}
	addr, ok := netip.AddrFromSlice(dst)
	if !ok || addr.IsMulticast() {
		return netip.AddrPort{}, false
	}
	return netip.AddrPortFrom(addr.Unmap(), s.bound.Port()), true
}

func (s *udpSocket) network() string { return "UDP" }

func (s *udpSocket) advertised(local, remote netip.AddrPort) netip.AddrPort {
	return s.Advertise.address(local, remote)
}

// send sends one datagram, whatever its size up to what UDP can carry: the
// 1300 bytes of RFC 3261 §18.1.1 bind requests, whose sender can choose TCP.
func (s *udpSocket) send(b []byte, local, remote netip.AddrPort) error {
	if len(b) > maxDatagram {
		s.layer.count.sendErrors.Add(1)
		return ErrTooLarge
	}
	if _, _, err := s.conn.WriteMsgUDPAddrPort(b, s.control(local.Addr(), remote.Addr()), remote); err != nil {
		s.layer.count.sendErrors.Add(1)
		if errors.Is(err, net.ErrClosed) {
			return ErrClosed
		}
		return err
	}
	return nil
}

// control renders the control message that sets the source address.
func (s *udpSocket) control(local, remote netip.Addr) []byte {
	if !s.wildcard || !local.IsValid() || local.IsUnspecified() {
		return nil
	}
	if remote.Is4() {
		return (&ipv4.ControlMessage{Src: local.AsSlice()}).Marshal()
	}
	return (&ipv6.ControlMessage{Src: local.AsSlice()}).Marshal()
}

// dialUDP picks the socket that the routes to remote go through.
func (l *Layer) dialUDP(remote netip.AddrPort) (Flow, error) {
	remote = unmap(remote)
	source, err := sourceFor(remote)
	if err != nil {
		return Flow{}, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return Flow{}, ErrClosed
	}
	var found *udpSocket
	for _, s := range l.sockets {
		switch {
		case s.bound.Addr() == source:
			return newFlow(s, s.bound, remote), nil
		case source.Is4() && s.ipv4 || source.Is6() && s.ipv6:
			if found == nil || s.wildcard {
				found = s
			}
		}
	}
	if found == nil {
		return Flow{}, fmt.Errorf("no UDP socket of the IP version of %s", source)
	}
	if !found.wildcard {
		source = found.bound.Addr()
	}
	return newFlow(found, netip.AddrPortFrom(source, found.bound.Port()), remote), nil
}

// sourceFor asks the kernel which local address leads to remote. Connecting a
// UDP socket sends nothing.
func sourceFor(remote netip.AddrPort) (netip.Addr, error) {
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(remote))
	if err != nil {
		return netip.Addr{}, err
	}
	defer conn.Close()
	return unmap(conn.LocalAddr().(*net.UDPAddr).AddrPort()).Addr(), nil
}
