// Package g722 is ITU-T G.722 at 64 kbit/s: 7 kHz of audio, sampled 16,000 times a second, in 8,000 octets.
//
//	16-bit samples ── QMF ──> low band  ── 6 bits ADPCM ──┐
//	                     └──> high band ── 2 bits ADPCM ──┴──> octet
//
// Two samples make one octet, the high band in its upper two bits (G.722 §1.4.4; RFC 3551 §4.5.2). Names of blocks and tables are
// those of the Recommendation, §6; numbers are its 16-bit integers. The Recommendation's samples are of 14 bits: a 16-bit sample
// is one times 4. Modes 2 and 3, which give bits to data, are not here: no RTP stream has them. A decoder that hears octets of
// another encoder state than its own comes to sound the same within 0.2 s.
//
// An Encoder and a Decoder are each of one stream, for one goroutine at a time; their zero values are not ready: use New….
package g722
