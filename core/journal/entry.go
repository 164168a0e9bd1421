package journal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
	"time"
)

// Kind says what an Entry tells of.
type Kind uint8

// What can happen in a call.
const (
	KindMessage Kind = iota + 1 // a SIP message: Peer, Sent, Again, Lost and Raw; Text is its Title, set by Get, and what is wrong on purpose
	KindState                   // the state of the call: "early", "answered", "confirmed", "ended"
	KindVerb                    // the script called a function: Place, and Text as it would be written
	KindReturn                  // that function took its time and has returned: Text what, Took how long
	KindMedia                   // of the RTP session: opened, a codec, a playback or a recording begins or ends, first RTP
	KindDigit                   // a key was pressed: Text is the digit, or Masked
	KindMark                    // of the script
	KindCheck                   // a check of the script that failed
	KindVerdict                 // "pass: …" or "fail: …"
	KindLog                     // a line that the script logged
	KindError                   // the script failed: Text has the traceback after the first line
)

var kindNames = [...]string{"", "message", "state", "verb", "return", "media", "digit", "mark", "check", "verdict", "log", "error"}

// String names the kind as JSON does.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("kind %d", k)
}

// MarshalText is String.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (k *Kind) UnmarshalText(b []byte) error {
	for i, name := range kindNames {
		if i > 0 && name == string(b) {
			*k = Kind(i)
			return nil
		}
	}
	return fmt.Errorf("%q is no kind of entry", b)
}

// Masked stands for a digit that must not be kept.
const Masked = "•"

// Peer is the other end of a message.
type Peer struct {
	Network string         `json:"network"` // as in Via: "UDP", "TCP"
	Local   netip.AddrPort `json:"local"`   // our address
	Remote  netip.AddrPort `json:"remote"`
}

// Entry is one thing that happened.
type Entry struct {
	At    time.Duration // since Call.Start
	Kind  Kind
	Sent  bool          // KindMessage: by us
	Again bool          // KindMessage: a copy, sent again or absorbed
	Lost  bool          // KindMessage: it has not left, on purpose
	Peer  *Peer         // KindMessage; shared, read only
	Raw   []byte        // KindMessage: as on the wire, but for masked digits and, from Get, what Options.Mask takes out; read only
	Place string        // the line of the script, as "default.lua:7"; empty: not known
	Text  string        // see Kind
	Took  time.Duration // KindReturn
}

// entryJSON is an Entry as JSON has it.
type entryJSON struct {
	At    float64 `json:"at"` // seconds since the call's start
	Kind  Kind    `json:"kind"`
	Sent  bool    `json:"sent,omitempty"`
	Again bool    `json:"again,omitempty"`
	Lost  bool    `json:"lost,omitempty"`
	Peer  *Peer   `json:"peer,omitempty"`
	Raw   string  `json:"raw,omitempty"`
	Place string  `json:"place,omitempty"`
	Text  string  `json:"text,omitempty"`
	Took  float64 `json:"took,omitempty"` // seconds
}

// MarshalJSON writes times as seconds and the message as a string.
func (e Entry) MarshalJSON() ([]byte, error) {
	return json.Marshal(entryJSON{e.At.Seconds(), e.Kind, e.Sent, e.Again, e.Lost, e.Peer, string(e.Raw), e.Place, e.Text, e.Took.Seconds()})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (e *Entry) UnmarshalJSON(b []byte) error {
	var j entryJSON
	if err := json.Unmarshal(b, &j); err != nil {
		return err
	}
	*e = Entry{duration(j.At), j.Kind, j.Sent, j.Again, j.Lost, j.Peer, []byte(j.Raw), j.Place, j.Text, duration(j.Took)}
	return nil
}

func duration(seconds float64) time.Duration {
	return time.Duration(seconds * float64(time.Second)).Round(time.Microsecond)
}

// Title is what a message is called on a ladder: "INVITE, SDP", "200 OK, SDP".
func Title(raw []byte) string {
	line, _, _ := bytes.Cut(raw, []byte("\r\n"))
	name, response := strings.CutPrefix(string(line), "SIP/2.0 ")
	if !response {
		name, _, _ = strings.Cut(name, " ") // the method
	}
	head, body, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
	if len(body) > 0 && bytes.Contains(bytes.ToLower(head), []byte("application/sdp")) {
		name += ", SDP"
	}
	return name
}

// Point is how well RTP went until a moment.
type Point struct {
	At       float64 `json:"at"` // seconds since the call's start
	Sent     uint64  `json:"sent"`
	Received uint64  `json:"received"`
	Lost     int64   `json:"lost"`
	JitterMs float64 `json:"jitter_ms"`
	MOS      float64 `json:"mos"`
}
