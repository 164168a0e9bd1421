package hep

import (
	"encoding/binary"
	"net/netip"
	"time"
)

// Message is a SIP message as it crossed the network.
type Message struct {
	At       time.Time
	From, To netip.AddrPort
	Network  string // as in Via: "UDP"; all others are streams over TCP
	CallID   string // Homer puts together what has the same one
	Payload  []byte
}

// Agent says who captured a message.
type Agent struct {
	ID       uint32 // of this server among those that send to the same Homer
	Password string // empty: none
}

// Types of chunks (HEP3 §3.1, vendor 0) and what is in them.
const (
	chunkFamily      = 0x01
	chunkProtocol    = 0x02
	chunkSource4     = 0x03
	chunkTarget4     = 0x04
	chunkSource6     = 0x05
	chunkTarget6     = 0x06
	chunkSourcePort  = 0x07
	chunkTargetPort  = 0x08
	chunkSeconds     = 0x09
	chunkMicros      = 0x0a
	chunkKind        = 0x0b
	chunkAgent       = 0x0c
	chunkPassword    = 0x0e
	chunkPayload     = 0x0f
	chunkCorrelation = 0x11

	familyIPv4 = 2  // AF_INET
	familyIPv6 = 10 // AF_INET6
	protoTCP   = 6
	protoUDP   = 17
	kindSIP    = 1
)

const (
	head      = 6     // octets of the packet's header, and of a chunk's
	mostTotal = 65507 // octets of a UDP datagram over IPv4
	mostText  = 1024  // of the Call-ID and the password
)

// Append appends the HEP3 packet of a message to b. A payload that does not fit into a datagram is cut.
func Append(b []byte, a Agent, m Message) []byte {
	begin := len(b)
	b = append(b, "HEP3\x00\x00"...)
	from, to := m.From.Addr().Unmap(), m.To.Addr().Unmap()
	if from.Is4() && to.Is4() {
		b = append8(b, chunkFamily, familyIPv4)
	} else {
		b = append8(b, chunkFamily, familyIPv6)
	}
	protocol := uint8(protoTCP)
	if m.Network == "UDP" {
		protocol = protoUDP
	}
	b = append8(b, chunkProtocol, protocol)
	if from.Is4() && to.Is4() {
		b = appendChunk(b, chunkSource4, from.AsSlice())
		b = appendChunk(b, chunkTarget4, to.AsSlice())
	} else {
		from16, to16 := from.As16(), to.As16()
		b = appendChunk(b, chunkSource6, from16[:])
		b = appendChunk(b, chunkTarget6, to16[:])
	}
	b = append16(b, chunkSourcePort, m.From.Port())
	b = append16(b, chunkTargetPort, m.To.Port())
	b = append32(b, chunkSeconds, uint32(m.At.Unix()))
	b = append32(b, chunkMicros, uint32(m.At.Nanosecond()/1000))
	b = append8(b, chunkKind, kindSIP)
	b = append32(b, chunkAgent, a.ID)
	if a.Password != "" {
		b = appendChunk(b, chunkPassword, []byte(a.Password[:min(len(a.Password), mostText)]))
	}
	b = appendChunk(b, chunkCorrelation, []byte(m.CallID[:min(len(m.CallID), mostText)]))
	room := mostTotal - (len(b) - begin) - head
	b = appendChunk(b, chunkPayload, m.Payload[:min(len(m.Payload), room)])
	binary.BigEndian.PutUint16(b[begin+4:], uint16(len(b)-begin))
	return b
}

func appendChunk(b []byte, kind uint16, value []byte) []byte {
	b = binary.BigEndian.AppendUint16(b, 0) // vendor: generic
	b = binary.BigEndian.AppendUint16(b, kind)
	b = binary.BigEndian.AppendUint16(b, uint16(head+len(value)))
	return append(b, value...)
}

func append8(b []byte, kind uint16, v uint8) []byte { return appendChunk(b, kind, []byte{v}) }

func append16(b []byte, kind, v uint16) []byte {
	return appendChunk(b, kind, binary.BigEndian.AppendUint16(make([]byte, 0, 2), v))
}

func append32(b []byte, kind uint16, v uint32) []byte {
	return appendChunk(b, kind, binary.BigEndian.AppendUint32(make([]byte, 0, 4), v))
}
