// Package g711 is ITU-T G.711: µ-law and A-law, between 8-bit character signals as they stand in RTP (for A-law with the
// even bits inverted) and 16-bit linear samples.
//
// G.711 defines µ-law over values of 14 bits and A-law over values of 13 bits; a 16-bit sample is such a value times 4 and
// times 8. The package does no framing, no packet loss concealment (Appendix I) and no comfort noise (Appendix II). It
// has no state: every function may be called from everywhere.
package g711
