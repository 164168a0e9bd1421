// Package sdp is the offer/answer model (RFC 3264) for one audio stream, over
// pion/sdp for the syntax (RFC 8866). It is pure: descriptions in, a description
// and what was agreed on out. It opens no ports and changes no session.
package sdp
