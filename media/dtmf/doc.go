// Package dtmf is the telephone-event payload of RFC 4733 (before: RFC 2833), events 0 to 15: its coding, the sending of
// digits laid out in frames, and the recognition of key presses in what comes in.
//
// All of it is pure: instants and frame numbers come from the caller. It does no RTP: sequence numbers, timestamps,
// reordering and redundancy (RFC 2198) are the session's; it does not know DTMF in SIP INFO nor as sound.
package dtmf
