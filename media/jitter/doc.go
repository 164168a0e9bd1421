// Package jitter is a jitter buffer: RTP packets in as they arrive, samples out at an even pace.
//
// It is pure: no goroutine, no clock, no socket. Its only clock is Pull: who pulls n samples says that so much time has passed
// since the pull before. A stream is laid out by its timestamps:
//
//	          cursor                       slack of the packet that came last
//	            |<------------------------------------>|
//	  heard     | packet 7 | (8 missing) | packet 9    | packet 10
//	------------+----------+-------------+-------------+-----------> timestamps, in samples
//
// The delay follows the network. A packet that comes too late, while nothing after it was heard yet, moves the cursor back to it,
// so that it is heard and the delay grows, up to Options.Max. When every packet of the last seconds came early enough, the cursor
// moves ahead: in silence at once, within sound only if much can be gained. What is missing is concealed as in G.711 Appendix I.
package jitter
