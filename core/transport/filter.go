package transport

// junk is what a datagram can be besides a SIP message.
type junk uint8

const (
	notJunk   junk = iota
	keepAlive      // only CR, LF, NUL or blanks: NAT keep-alives of all makers
	noise          // STUN, RTP and everything else that starts as no message does
)

// filter sorts out what is no SIP message by its first bytes. A request starts
// with a token character and a response with "SIP", so a STUN message (first
// two bits zero, RFC 5389 §6) or an RTP packet (version bits 10) cannot pass.
func filter(b []byte) junk {
	if isKeepAlive(b) {
		return keepAlive
	}
	// Some stacks put a CRLF before the start line even over UDP.
	i := 0
	for b[i] == '\r' || b[i] == '\n' {
		i++
	}
	if !isTokenByte(b[i]) {
		return noise
	}
	return notJunk
}

func isKeepAlive(b []byte) bool {
	for _, c := range b {
		if c != '\r' && c != '\n' && c != 0 && !isBlank(c) {
			return false
		}
	}
	return true
}

// isTokenByte tells whether c may stand in a token (RFC 3261 §25.1).
func isTokenByte(c byte) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		return true
	}
	return isSeparator(c, "-.!%*_+`'~")
}
