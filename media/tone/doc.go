// Package tone makes sines: one or several frequencies, as real numbers that can be looped without a click.
//
// It knows no codec: the peak of each sine is given in units of samples. Cadences and sweeps are not here.
package tone
