// Package tone makes the sounds of a telephone exchange, and those to measure one with: sines, one or several, with or without
// a cadence, modulated or sweeping; noise; and the tones of the world's networks by name. Parse reads how they are written.
//
//	text ── Parse ──> Spec ── Lay ──> Score ── Render ──> samples, as real numbers
//
// All is a pure function of the sample's number: no clock, no state, and any part can be rendered on its own. The package knows
// no codec: the peak of each sine is given in units of samples.
package tone
