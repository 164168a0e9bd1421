package g711

// The digital milliwatt of G.711 Tables 5 and 6: eight character signals that, repeated, are a sine of 1 kHz at 0 dBm0.
// They take two magnitudes, those of the sine at 22.5° and 67.5°, and so its peak is the root of the sum of their squares.
const (
	// MilliwattULaw is the peak of a sine of 0 dBm0 in µ-law, in units of 16-bit samples.
	MilliwattULaw = 22651.11882446428 // 4·√(2207²+5215²)
	// MilliwattALaw is the peak of a sine of 0 dBm0 in A-law, in units of 16-bit samples.
	MilliwattALaw = 22824.234138301334 // 8·√(1120²+2624²)

	// OverloadULaw is the level in dBm0 of the largest sine that µ-law holds (Tmax, G.711 §5).
	OverloadULaw = 3.17
	// OverloadALaw is the level in dBm0 of the largest sine that A-law holds (Tmax, G.711 §5).
	OverloadALaw = 3.14
)
