package fault

import "testing"

func TestRaw(t *testing.T) {
	value := func(name string) (string, bool) { return "[" + name + "]", name != "nothing" }
	for _, c := range []struct{ name, text, want string }{
		{"without an end", "FOO ${uri} SIP/2.0\nTo: ${to}", "FOO [uri] SIP/2.0\r\nTo: [to]\r\nContent-Length: 0\r\n\r\n"},
		{"with a body", "FOO x SIP/2.0\r\nTo: ${nothing}\n\na\nb", "FOO x SIP/2.0\r\nTo: ${nothing}\r\nContent-Length: 4\r\n\r\na\r\nb"},
		{"with a length of its own", "FOO x SIP/2.0\nl: 7\n\n", "FOO x SIP/2.0\r\nl: 7\r\n\r\n"},
		{"garbage", "${", "${\r\nContent-Length: 0\r\n\r\n"},
		{"nothing", "", "\r\nContent-Length: 0\r\n\r\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := string(Raw(c.text, value)); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
