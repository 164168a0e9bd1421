package fault

import (
	"bytes"
	"strconv"
	"strings"
	"testing"
)

const response = "SIP/2.0 200 OK\r\nv: SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK1\r\nVIA: SIP/2.0/UDP 192.0.2.8\r\nCSeq: 1 INVITE\r\n" +
	"Subject: a\r\n  long one\r\nContent-Type: application/sdp\r\nContent-Length: 5\r\n\r\nv=0\r\n"

func TestEdit(t *testing.T) {
	text := func(s string) *string { return &s }
	value := func(name string) (string, bool) { return "<sip:us@192.0.2.1>", strings.EqualFold(name, "contact") }
	for _, c := range []struct {
		name string
		edit Edit
		want []string // old, new, old, new …
	}{
		{"nothing", Edit{}, nil},
		{"status", Edit{Status: "486 Busy Here"}, []string{"200 OK", "486 Busy Here"}},
		{"remove in compact form, all of them", Edit{Remove: []string{"Via"}},
			[]string{"v: SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK1\r\nVIA: SIP/2.0/UDP 192.0.2.8\r\n", ""}},
		{"remove with the lines it goes on in", Edit{Remove: []string{"s"}}, []string{"Subject: a\r\n  long one\r\n", ""}},
		{"set where the first was", Edit{Set: []Header{{"via", "x"}}},
			[]string{"v: SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK1\r\nVIA: SIP/2.0/UDP 192.0.2.8", "via: x"}},
		{"set what is not there", Edit{Set: []Header{{"X-A", "1"}}}, []string{"Length: 5\r\n", "Length: 5\r\nX-A: 1\r\n"}},
		{"add", Edit{Add: []Header{{"CSeq", "2 INVITE"}}}, []string{"Length: 5\r\n", "Length: 5\r\nCSeq: 2 INVITE\r\n"}},
		{"values", Edit{Remove: []string{"cseq"}, Set: []Header{{"X", "${cseq}/${v}/${contact}/${nothing}/${"}}},
			[]string{"CSeq: 1 INVITE\r\n", "", "Length: 5\r\n", "Length: 5\r\nX: 1 INVITE/SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK1/<sip:us@192.0.2.1>/${nothing}/${\r\n"}},
		{"body", Edit{Body: text("${body}s=-\nt=0 0\r\n")}, []string{"Length: 5", "Length: 17", "v=0\r\n", "v=0\r\ns=-\r\nt=0 0\r\n"}},
		{"no body", Edit{Body: text("")}, []string{"Length: 5", "Length: 0", "\r\n\r\nv=0\r\n", "\r\n\r\n"}},
		{"wrong length", Edit{Set: []Header{{"l", "99"}}, Body: text("x")}, []string{"Content-Length: 5", "l: 99", "v=0\r\n", "x"}},
		{"no length", Edit{Remove: []string{"l"}, Body: text("x")}, []string{"Content-Length: 5\r\n", "", "v=0\r\n", "x"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := response
			for i := 0; i < len(c.want); i += 2 {
				want = strings.Replace(want, c.want[i], c.want[i+1], 1)
			}
			before := []byte(response)
			if got := string(c.edit.Apply(before, value)); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
			if string(before) != response {
				t.Error("the message itself has changed")
			}
		})
	}
}

// A body gets the type that it has by its looks; a request keeps its start line.
func TestEditOfRequest(t *testing.T) {
	sdp := "v=0\n"
	e := Edit{Status: "200 OK", Body: &sdp}
	want := "BYE sip:a SIP/2.0\r\nTo: a\r\nContent-Length: 5\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n"
	if got := string(e.Apply([]byte("BYE sip:a SIP/2.0\r\nTo: a\r\n\r\n"), nil)); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// FuzzEdit: whatever the message is, its start line stays, what is removed is gone, and the body is as long as
// Content-Length says.
func FuzzEdit(f *testing.F) {
	f.Add([]byte(response), "Via", "1", "x")
	f.Add([]byte("BYE sip:a SIP/2.0\r\n\r\n"), "X", "${via}${", "")
	f.Add([]byte("\r\n : \r\n"), "l", "${body}", "${l}")
	f.Fuzz(func(t *testing.T, message []byte, name, value, body string) {
		identify(message) // must only return
		e := Edit{Set: []Header{{name, value}}, Remove: []string{"To"}, Body: &body}
		if e.check() != nil || len(message) > 1<<12 || len(body) > 1<<10 || len(value) > 1<<8 {
			return
		}
		got := split(e.Apply(message, nil))
		if !bytes.Equal(got.start, split(message).start) {
			t.Fatalf("start line %q of %q", got.start, message)
		}
		if at := got.index("To"); at >= 0 && !same(name, "To") {
			t.Fatalf("To is left in %q", got.bytes())
		}
		if at := got.index("Content-Length"); at >= 0 && !same(name, "Content-Length") {
			_, length, _ := strings.Cut(string(got.fields[at].line), ":")
			if n, err := strconv.Atoi(strings.TrimSpace(length)); err != nil || n != len(got.body) {
				t.Fatalf("Content-Length %s of %d bytes: %q", length, len(got.body), got.bytes())
			}
		}
	})
}
