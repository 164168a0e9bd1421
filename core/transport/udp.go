package transport

import "net/netip"

// udpSocket is one listening UDP socket.
type udpSocket struct{}

func (s *udpSocket) network() string { return "UDP" }

func (s *udpSocket) send(b []byte, local, remote netip.AddrPort) error { panic("not yet") }
