package journal

import "time"

// Call is one call in short: what lists show, and the call record.
type Call struct {
	ID        string `json:"id"` // on each log line of the call
	SIPCallID string `json:"sip_call_id"`
	Outgoing  bool   `json:"outgoing,omitempty"`
	From      string `json:"from"` // URI
	To        string `json:"to"`   // URI
	DID       string `json:"did"`  // user part of the Request-URI
	CLI       string `json:"cli"`  // the caller's number: P-Asserted-Identity, Remote-Party-ID, else From
	Trunk     string `json:"trunk,omitempty"`
	Source    string `json:"source"` // address and port that the INVITE came from, or went to
	Transport string `json:"transport"`

	Script     string `json:"script,omitempty"`
	Generation uint64 `json:"generation,omitempty"`

	State    string    `json:"state"` // "incoming", "early", "answered" or "ended"
	Start    time.Time `json:"start"`
	Ring     time.Time `json:"ring,omitzero"`
	Answer   time.Time `json:"answer,omitzero"`
	End      time.Time `json:"end,omitzero"`
	Duration float64   `json:"duration"` // seconds from the answer to the end, or until now

	By     string `json:"by,omitempty"`     // who or what ended it
	Code   int    `json:"code,omitempty"`   // final response to the INVITE
	Reason string `json:"reason,omitempty"` // text of the Reason header field or phrase of the final response
	Q850   int    `json:"q850,omitempty"`

	Codec       string    `json:"codec,omitempty"`
	SRTP        string    `json:"srtp,omitempty"`
	Received    *Received `json:"rx,omitempty"`
	Sent        *Sent     `json:"tx,omitempty"`
	RoundTripMs float64   `json:"rtt_ms,omitempty"`
	MOS         float64   `json:"mos,omitempty"`

	Vars       map[string]any `json:"vars,omitempty"`
	Marks      []Mark         `json:"marks,omitempty"`
	Verdict    *Verdict       `json:"verdict,omitempty"`
	Digits     string         `json:"digits,omitempty"` // that were pressed; those that must not be kept are Masked
	Recordings []string       `json:"recordings,omitempty"`
	Error      *ScriptError   `json:"error,omitempty"`

	LeftOut int `json:"left_out,omitempty"` // entries and points that found no room in the journal
}

// Ended tells whether the call is over.
func (c *Call) Ended() bool { return !c.End.IsZero() }

// Received counts the RTP that came.
type Received struct {
	Packets  uint64  `json:"packets"`
	Bytes    uint64  `json:"bytes"`
	Lost     int64   `json:"lost"`
	LossPct  float64 `json:"loss_pct"`
	JitterMs float64 `json:"jitter_ms"`
	Late     uint64  `json:"late"`
}

// Sent counts the RTP that left.
type Sent struct {
	Packets uint64 `json:"packets"`
	Bytes   uint64 `json:"bytes"`
	Skipped uint64 `json:"skipped"` // frames left out because the machine was late
}

// Mark is a moment that the script noted.
type Mark struct {
	At   float64 `json:"at"` // seconds since Start
	Name string  `json:"name"`
	Data string  `json:"data,omitempty"` // name=value pairs
}

// Verdict is what the script said of the call.
type Verdict struct {
	Result  string `json:"result"` // "pass" or "fail"
	Message string `json:"message,omitempty"`
	Checks  int    `json:"checks"`
	Failed  int    `json:"failed"`
}

// ScriptError is why a script failed.
type ScriptError struct {
	Message   string `json:"message"`
	File      string `json:"file,omitempty"`
	Line      int    `json:"line,omitempty"`
	Traceback string `json:"traceback,omitempty"`
}
