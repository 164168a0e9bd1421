package media

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/rtp"
)

// notes is what a session told, as text.
type notes struct {
	mu   sync.Mutex
	told []string
}

func (n *notes) event(e Event) {
	n.mu.Lock()
	defer n.mu.Unlock()
	text := string(e.Digit)
	if e.Inband {
		text += "~"
	}
	n.told = append(n.told, text)
	if e.Inband && (e.Duration-100*time.Millisecond).Abs() > 25*time.Millisecond {
		n.told = append(n.told, fmt.Sprintf("(%v)", e.Duration))
	}
}

func (n *notes) String() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return strings.Join(n.told, "")
}

// keypads makes a session that sends and one that looks for digits in the sound, and tells what it hears.
func keypads(t *testing.T, how Inband) (from, to *Session, heard *notes) {
	t.Helper()
	_, from, to, heard = keypadsOver(t, how)
	return from, to, heard
}

func keypadsOver(t *testing.T, how Inband) (n *network, from, to *Session, heard *notes) {
	t.Helper()
	n = &network{delay: 10 * time.Millisecond, random: rand.New(rand.NewPCG(3, 4))}
	n.engine = NewVirtual(n.deliver)
	t.Cleanup(func() { n.engine.Close() })
	heard = &notes{}
	local := netip.MustParseAddr("192.0.2.1")
	from = open(t, n.engine, SessionOptions{Local: local})
	to = open(t, n.engine, SessionOptions{Local: local, Event: heard.event, Inband: how})
	return n, from, to, heard
}

// agree configures both ends.
func agree(a, b *Session, c Codec, telephoneEvent uint8) {
	p := Params{Codec: c, PayloadType: c.PayloadType(), DTMFPayloadType: telephoneEvent, Send: true, Receive: true}
	p.Remote = b.Addr()
	a.Configure(p)
	p.Remote = a.Addr()
	b.Configure(p)
}

func dial(t *testing.T, s *Session, digits string) {
	t.Helper()
	src, err := Digits(digits, 100*time.Millisecond, 100*time.Millisecond, -10)
	if err != nil {
		t.Fatal(err)
	}
	<-begin(t, s, src).Done()
}

func TestDigitsInEveryCodec(t *testing.T) {
	for _, codec := range Codecs() {
		t.Run(codec.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				from, to, heard := keypads(t, InbandAuto)
				agree(from, to, codec, 0)
				dial(t, from, "1234567890*#ABCDw5555")
				time.Sleep(time.Second)
				if got, want := heard.String(), "1~2~3~4~5~6~7~8~9~0~*~#~A~B~C~D~5~5~5~5~"; got != want {
					t.Errorf("heard %s, want %s", got, want)
				}
			})
		})
	}
}

// TestDigitsOverABadNetwork: packets come late, in another order, and one of fifty not at all.
func TestDigitsOverABadNetwork(t *testing.T) {
	for _, codec := range []Codec{PCMU, PCMA, L16Wideband} { // G.722 needs every packet: its decoder is off for a while after a loss
		synctest.Test(t, func(t *testing.T) {
			n, from, to, heard := keypadsOver(t, InbandAuto)
			n.loss, n.jitter = 0.02, 30*time.Millisecond
			agree(from, to, codec, 0)
			digits := "1234567890*#ABCD1122334455667788990"
			dial(t, from, digits)
			time.Sleep(time.Second)
			got := regexp.MustCompile(`\(.*?\)`).ReplaceAllString(heard.String(), "")
			if got = strings.ReplaceAll(got, "~", ""); got != digits {
				t.Errorf("%v: heard %s, want %s", codec, got, digits)
			}
		})
	}
}

// TestWhenDigitsAreHeard: which of digits by sound and digits by RFC 4733 a session tells, and how each.
func TestWhenDigitsAreHeard(t *testing.T) {
	for _, c := range []struct {
		name           string
		how            Inband
		telephoneEvent uint8
		want           string
	}{
		{"auto, not agreed", InbandAuto, 0, "1~2~7~"},
		{"auto, agreed", InbandAuto, 101, "45"},
		{"on, not agreed", InbandOn, 0, "1~2~7~"},
		{"on, agreed: until the first telephone-event", InbandOn, 101, "1~2~45"},
		{"off, not agreed", InbandOff, 0, ""},
		{"off, agreed", InbandOff, 101, "45"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				from, to, heard := keypads(t, c.how)
				agree(from, to, PCMU, c.telephoneEvent)
				dial(t, from, "12")
				time.Sleep(time.Second)
				if c.telephoneEvent != 0 {
					p, err := from.SendDTMF("45", 0, 0)
					if err != nil {
						t.Fatal(err)
					}
					<-p.Done()
				}
				dial(t, from, "7")
				time.Sleep(time.Second)
				if got := heard.String(); got != c.want {
					t.Errorf("told %s, want %s", got, c.want)
				}
			})
		})
	}
}

// TestPressBothWays: a gateway that sends a press as sound and as telephone-event at the same time makes one event of it.
func TestPressBothWays(t *testing.T) {
	for _, how := range []Inband{InbandAuto, InbandOn} {
		synctest.Test(t, func(t *testing.T) {
			from, to, heard := keypads(t, how)
			agree(from, to, PCMU, 101)
			clip := clipOf(t, Tone(spoken(t, "dtmf:9", -10)), PCMU, defaultPtime)
			inject := func(payloadType uint8, marker bool, sequence uint16, timestamp uint32, payload []byte) {
				b, _ := (&rtp.Packet{
					Header: rtp.Header{
						Version: 2, PayloadType: payloadType, Marker: marker, SequenceNumber: sequence, Timestamp: timestamp, SSRC: 7,
					},
					Payload: payload,
				}).Marshal()
				to.engine.Inject(to.Addr(), from.Addr(), b)
			}
			var sequence uint16
			for i := range clip.Len() {
				sequence++
				inject(0, i == 0, sequence, uint32(160*i), clip.Frame(i))
				if i < 5 { // the same 100 ms
					sequence++
					end := byte(10)
					if i == 4 {
						end |= 0x80
					}
					inject(101, i == 0, sequence, 0, []byte{9, end, byte(160 * (i + 1) >> 8), byte(160 * (i + 1))})
				}
				time.Sleep(defaultPtime)
			}
			time.Sleep(time.Second)
			if got := heard.String(); got != "9" {
				t.Errorf("%v: told %s, want 9", how, got)
			}
		})
	}
}

// TestDigitsAfterReINVITE: they are heard in the new codec, and no more once telephone-event is agreed.
func TestDigitsAfterReINVITE(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		from, to, heard := keypads(t, InbandAuto)
		for _, c := range []struct {
			codec          Codec
			telephoneEvent uint8
		}{{PCMU, 0}, {G722, 0}, {PCMA, 0}, {PCMA, 101}, {G722, 0}} {
			agree(from, to, c.codec, c.telephoneEvent)
			dial(t, from, "15")
			time.Sleep(time.Second)
		}
		if got, want := heard.String(), "1~5~1~5~1~5~1~5~"; got != want {
			t.Errorf("told %s, want %s", got, want)
		}
	})
}

// TestNobodyLooksForDigits: a session that need not look for digits has nothing that could.
func TestNobodyLooksForDigits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		from, to, _ := keypads(t, InbandAuto)
		agree(from, to, PCMU, 0)
		time.Sleep(time.Second)
		if to.hearing != nil {
			t.Error("a session listens to a far end that is silent")
		}
		agree(from, to, PCMU, 101)
		dial(t, from, "1")
		if to.hearing != nil {
			t.Error("a session listens though telephone-event is agreed")
		}
	})
}

func TestDigitsRefused(t *testing.T) {
	for digits, want := range map[string]string{
		"12x":                     `'x' at 3 is none of`,
		"":                        "want one or more",
		strings.Repeat("5", 2000): "up to 2m0s",
	} {
		if _, err := Digits(digits, 100*time.Millisecond, 100*time.Millisecond, -10); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.10q: %v", digits, err)
		}
	}
}
