// Package measure tells what a stream of linear samples sounds like: tones with their frequency, level, distortion,
// beginning and end, and how loud and how silent the whole was.
//
// It has no goroutine, no clock and no socket; time is counted in samples.
package measure
