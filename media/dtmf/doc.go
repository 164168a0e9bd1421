// Package dtmf is DTMF in two forms: the telephone-event payload of RFC 4733 (before: RFC 2833), events 0 to 15, with its coding, the
// sending of digits laid out in frames, and the recognition of key presses in what comes in; and a detector of digits as sound.
//
// All of it is pure: instants, frame numbers and samples come from the caller. It does no RTP: sequence numbers, timestamps,
// reordering and redundancy (RFC 2198) are the session's; it does not know DTMF in SIP INFO.
package dtmf
