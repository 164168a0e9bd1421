package core_test

import (
	"context"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"offhook/core"
	"offhook/core/coretest"
	"offhook/core/transport"
)

// TestRFC4475 gives a server each of the torture messages of RFC 4475 and looks
// at what it answers. Where the RFC leaves a choice the comment names it.
func TestRFC4475(t *testing.T) {
	want := map[string]string{
		// §3.1.1 Valid messages
		"wsinv":      "481",     // it has a To tag, of a dialog that nobody has
		"intmeth":    "405",     // an extension method
		"esc01":      "100 200", // escapes in the user part
		"escnull":    "405",     // REGISTER: we are no registrar
		"esc02":      "405",     // RE%47IST%45R is another method
		"lwsdisp":    "200",     // no blank between display name and <
		"longreq":    "100 200", // long values
		"dblreq":     "405",     // a REGISTER; the INVITE behind it in the datagram is ignored
		"semiuri":    "200",     // ; in the user part
		"transports": "200",     // unknown transports in Via
		"mpart01":    "405",     // MESSAGE outside a call
		"unreason":   "",        // responses
		"noreason":   "",
		// §3.1.2 Invalid messages
		"badinv01": "400", "clerr": "400", "ncl": "400", "scalar02": "400", "scalarlg": "", "quotbal": "400", "ltgtruri": "400",
		"lwsruri": "400", "lwsstart": "400", "trws": "400", "escruri": "400",
		"baddate":    "100 200", // to be ignored or refused
		"regbadct":   "405",     // REGISTER
		"badaspec":   "400",
		"baddn":      "400",
		"badvers":    "505",
		"mismatch01": "400",
		"mismatch02": "400", // or 501
		"bigcode":    "",
		// §3.2 Transaction layer
		"badbranch": "200", // the cookie alone: matched as RFC 2543 says
		// §3.3 Application layer
		"insuf":    "400",
		"unkscm":   "416",
		"novelsc":  "416",
		"unksm2":   "405", // REGISTER
		"bext01":   "420",
		"invut":    "415",
		"regaut01": "405",
		"multi01":  "400",
		"mcl01":    "400",
		"bcast":    "",
		"zeromf":   "200", // we forward nothing
		"cparam01": "405", "cparam02": "405", "regescrt": "405",
		"sdp01": "406",
		// §3.4 Backward compatibility
		"inv2543": "100 200",
	}
	files, err := filepath.Glob("transport/testdata/rfc4475/*.dat")
	if err != nil || len(files) != len(want) {
		t.Fatalf("%d messages, want %d: %v", len(files), len(want), err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(file), ".dat")
		for _, network := range []string{"UDP", "TCP"} {
			t.Run(name+" "+network, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { torture(t, b, network, want[name]) })
			})
		}
	}
}

// torture delivers one message, as the only one of its connection or datagram.
func torture(t *testing.T, message []byte, network, want string) {
	n := coretest.NewNetwork()
	s := core.New(core.Options{Media: n.Media(), Handler: answeringAtOnce{}, Log: discard(), DTMF: true})
	var answers []string
	var first coretest.Message
	f := transport.NewFlow(network, netip.MustParseAddrPort("192.0.2.1:5060"), netip.MustParseAddrPort("192.0.2.7:5060"), func(b []byte) error {
		m := coretest.Parse(b)
		status := strings.Split(m.Start+" ", " ")[1]
		if m.Status() != 0 && (len(answers) == 0 || answers[len(answers)-1] != status) { // not the copies of a 2xx without an ACK
			answers = append(answers, status)
		}
		if first.Start == "" {
			first = m
		}
		return nil
	})
	s.Deliver(message, f)
	checkBaseline(t, s, n)
	if got := strings.Join(answers, " "); got != want {
		t.Errorf("answered %q, want %q\n%s", got, want, first)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	n.Close()
}

// answeringAtOnce answers without ringing.
type answeringAtOnce struct{}

func (answeringAtOnce) ServeCall(ctx context.Context, c *core.Call) {
	_ = c.Answer(core.AnswerOptions{})
	<-ctx.Done()
}
