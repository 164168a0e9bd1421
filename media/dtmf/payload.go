package dtmf

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// Size is the length of a payload in octets (RFC 4733 §2.3).
const Size = 4

// digits holds the digit of each event from 0 to 15 (RFC 4733 §3.2, Table 3).
const digits = "0123456789*#ABCD"

// Payload is one telephone-event payload (RFC 4733 §2.3).
type Payload struct {
	Event    uint8  // 0–9, 10 = *, 11 = #, 12–15 = A–D; others are not DTMF
	End      bool   // the event is over
	Volume   uint8  // power of the tone, −dBm0, 0 to 63
	Duration uint16 // since the event (or its segment, §2.5.1.3) began, in timestamp units
}

// Append appends the payload's octets to b.
func (p Payload) Append(b []byte) []byte {
	flags := p.Volume & 0x3f
	if p.End {
		flags |= 0x80
	}
	return binary.BigEndian.AppendUint16(append(b, p.Event, flags), p.Duration)
}

// Parse reads the first event of a payload. Further events that RFC 4733 §2.5.1.5 lets a packet carry are not looked at;
// the reserved bit is ignored.
func Parse(b []byte) (Payload, error) {
	if len(b) < Size {
		return Payload{}, fmt.Errorf("parse telephone-event: %d octets, want %d", len(b), Size)
	}
	return Payload{
		Event:    b[0],
		End:      b[1]&0x80 != 0,
		Volume:   b[1] & 0x3f,
		Duration: binary.BigEndian.Uint16(b[2:]),
	}, nil
}

// Digit is the key of an event; false if the event is not a DTMF digit.
func Digit(event uint8) (byte, bool) {
	if int(event) >= len(digits) {
		return 0, false
	}
	return digits[event], true
}

// Event is the event of a key: 0–9, *, #, A–D and a–d.
func Event(digit byte) (uint8, bool) {
	if digit >= 'a' && digit <= 'd' {
		digit -= 'a' - 'A'
	}
	i := strings.IndexByte(digits, digit)
	return uint8(i), i >= 0
}
