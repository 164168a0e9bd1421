// Package wav reads and writes WAV files (RIFF/WAVE): it reads PCM of 8, 16, 24 and 32 bits, floating point of 32 and 64
// bits, µ-law and A-law in any rate and number of channels that the header may say, and writes 16-bit PCM of one channel.
//
// It does not resample or mix. What it reads may come from anybody: no header makes it take more memory than the file is
// long, or than the caller allows.
package wav
