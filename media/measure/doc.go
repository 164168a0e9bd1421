// Package measure tells what a stream of linear samples sounds like: tones with their frequency, level, distortion,
// beginning and end, and how loud and how silent the whole was.
//
//	samples ──> Meter ──> level, peak, silence, clipping
//	              │
//	              ├─ searching: the spectrum of 64 ms, every 32 ms, has one peak ──┐
//	              └─ tracking: a sine is fitted to every 20 ms <───────────────────┘ until the fit fails for 80 ms
//
// The frequency is the slope of the phase over all fits (0.01 Hz after half a second of G.711), the level their mean;
// beginning and end are the samples where sine and silence explain best what was heard. Of several frequencies at the
// same time it follows the strongest. A frequency that steps by less than 8 Hz, or a level by less than 3 dB, stays one tone.
//
// It has no goroutine, no clock and no socket; time is counted in samples. A Meter is for one goroutine at a time.
package measure
