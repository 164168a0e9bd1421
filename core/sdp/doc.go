// Package sdp is the offer/answer model (RFC 3264) for one audio stream. It
// reads descriptions itself, leniently, and writes them by pion/sdp (RFC 8866).
// It is pure: descriptions in, a description and what was agreed on out. It
// opens no ports and changes no session.
package sdp
