package transport

import (
	"bytes"
	"hash/fnv"
	"net/netip"
	"strconv"
	"strings"
)

// reject builds the stateless answer to a request that cannot be parsed, from
// its raw bytes: the Vias, From, To, Call-ID and CSeq as far as they are there
// (RFC 3261 §8.2.6). It also returns the port the answer goes to. It is false
// for what must not be answered: a response, an ACK, a message that does not
// even look like a request, and one without a Via.
//
// The answer is longer than the request by a fixed amount at most, so that a
// forged source address turns nobody into an amplifier.
func reject(raw []byte, source netip.AddrPort, f *fault) (answer []byte, port uint16, ok bool) {
	raw = bytes.TrimLeft(raw, "\r\n")
	line, rest := cutLine(raw)
	if !looksLikeRequest(line) {
		return nil, 0, false
	}
	var vias, others bytes.Buffer
	var seen kind
	tag := fnv.New64a()
	for {
		f, after, ok := nextField(rest)
		if !ok {
			break
		}
		rest = after
		value := printable(f.value)
		switch {
		case f.kind == kindVia && vias.Len() == 0:
			value, port = rejectVia(value, source)
			vias.WriteString("Via: " + value + "\r\n")
			tag.Write([]byte(value))
		case f.kind == kindVia:
			vias.WriteString("Via: " + value + "\r\n")
		case f.kind&(kindFrom|kindTo|kindCallID|kindCSeq) != 0 && seen&f.kind == 0:
			seen |= f.kind
			tag.Write([]byte(value))
			others.WriteString(rejectField(f.kind, value, tag.Sum64()))
		}
	}
	if vias.Len() == 0 {
		return nil, 0, false
	}
	out := "SIP/2.0 " + strconv.Itoa(f.status) + " " + f.reason + "\r\n" +
		vias.String() + others.String() + "Content-Length: 0\r\n\r\n"
	return []byte(out), port, true
}

// looksLikeRequest takes "METHOD something SIP/version" for a request, however
// broken the middle is, unless it is an ACK.
func looksLikeRequest(line []byte) bool {
	words := bytes.Fields(line)
	if len(words) < 2 {
		return false
	}
	for _, c := range words[0] {
		if !isTokenByte(c) {
			return false
		}
	}
	last := words[len(words)-1]
	return len(last) > 4 && bytes.EqualFold(last[:4], []byte("SIP/")) && !bytes.EqualFold(words[0], []byte("ACK"))
}

// rejectField renders a copied header field. A To without a tag gets one that
// is the same for each copy of the request, as RFC 3261 §8.2.7 asks of a
// stateless UAS: sum is a hash over the fields so far.
func rejectField(k kind, value string, sum uint64) string {
	switch k {
	case kindFrom:
		return "From: " + value + "\r\n"
	case kindCallID:
		return "Call-ID: " + value + "\r\n"
	case kindCSeq:
		return "CSeq: " + value + "\r\n"
	}
	if !hasTag(value) {
		value += ";tag=" + strconv.FormatUint(sum, 36)
	}
	return "To: " + value + "\r\n"
}

// hasTag looks for a tag parameter behind the URI.
func hasTag(value string) bool {
	value = value[strings.LastIndexByte(value, '>')+1:]
	for i, param := range strings.Split(value, ";") {
		name, _, _ := strings.Cut(param, "=")
		if i > 0 && strings.EqualFold(strings.TrimSpace(name), "tag") {
			return true
		}
	}
	return false
}

// rejectVia does on text what stampVia does on a parsed Via.
func rejectVia(value string, source netip.AddrPort) (string, uint16) {
	top, rest, more := strings.Cut(value, ",")
	port := uint16(defaultPort)
	params := strings.Split(top, ";")
	if i := strings.LastIndexByte(params[0], ':'); i >= 0 {
		if n, err := strconv.ParseUint(strings.TrimSpace(params[0][i+1:]), 10, 16); err == nil && n > 0 {
			port = uint16(n)
		}
	}
	var out strings.Builder
	out.WriteString(strings.TrimSpace(params[0]))
	for _, param := range params[1:] {
		name, _, _ := strings.Cut(param, "=")
		switch name = strings.TrimSpace(name); {
		case strings.EqualFold(name, "received"):
			continue
		case strings.EqualFold(name, "rport"):
			port = source.Port()
			param = "rport=" + strconv.Itoa(int(port))
		}
		out.WriteString(";" + strings.TrimSpace(param))
	}
	out.WriteString(";received=" + source.Addr().WithZone("").String())
	if more {
		out.WriteString("," + rest)
	}
	return out.String(), port
}

// printable puts a value on one line, without control characters. Bytes that
// are no UTF-8 stay as they are: the answer must not outgrow the request.
func printable(value []byte) string {
	out := bytes.Clone(value)
	for i, c := range out {
		if c < ' ' || c == 0x7f {
			out[i] = ' '
		}
	}
	return string(out)
}
