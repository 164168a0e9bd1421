package fault

import (
	"strconv"
	"strings"
)

// Raw makes a message of text as people write it: lines may end in LF, ${NAME} stands for what value gives, and an empty
// line and Content-Length are added where they are missing.
func Raw(text string, value func(name string) (string, bool)) []byte {
	message := withCRLF(expand(text, value))
	if !strings.Contains(message, "\r\n\r\n") {
		message = strings.TrimRight(message, "\r\n") + "\r\n\r\n"
	}
	m := split([]byte(message))
	if m.index("Content-Length") < 0 {
		m.add("Content-Length", strconv.Itoa(len(m.body)))
	}
	return m.bytes()
}
