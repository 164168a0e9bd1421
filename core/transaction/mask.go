package transaction

import "bytes"

// Mask returns a message for people to read: without what would let them in or listen in, whoever sees it. That is the
// values of Authorization and Proxy-Authorization from the first one that is secret on (digest responses can be tried
// against dictionaries), and the keys in a=crypto of SDP (RFC 4568). A message without them is returned as it is.
func Mask(message []byte) []byte {
	lower := bytes.ToLower(message)
	if !bytes.Contains(lower, []byte("authorization")) && !bytes.Contains(lower, []byte("inline:")) {
		return message
	}
	out := make([]byte, 0, len(message))
	hidden := false // in the continuation of a line whose value is
	for line := range bytes.Lines(message) {
		text := bytes.TrimRight(line, "\r\n")
		if hidden && len(text) > 0 && (text[0] == ' ' || text[0] == '\t') {
			continue
		}
		keep := secretAt(text)
		hidden = keep >= 0 && text[1] != '='
		if keep < 0 {
			out = append(out, line...)
			continue
		}
		out = append(append(out, text[:keep]...), "***"...)
		out = append(out, line[len(text):]...)
	}
	return out
}

// secretAt is where in a line what is secret begins, -1 for a line without it.
func secretAt(line []byte) int {
	lower := bytes.ToLower(line)
	if bytes.HasPrefix(lower, []byte("a=crypto:")) {
		if i := bytes.Index(lower, []byte("inline:")); i >= 0 {
			return i + len("inline:")
		}
		return -1
	}
	name, value, ok := bytes.Cut(lower, []byte(":"))
	switch string(bytes.TrimSpace(name)) {
	case "authorization", "proxy-authorization":
	default:
		return -1
	}
	if !ok {
		return -1
	}
	scheme := bytes.TrimLeft(value, " \t")
	at := len(line) - len(scheme)
	if i := bytes.IndexAny(scheme, " \t"); i >= 0 {
		at += i + 1 // "Digest " stays
	}
	return at
}
