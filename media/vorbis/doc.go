// Package vorbis decodes Vorbis I sound in Ogg files (RFC 3533, https://xiph.org/vorbis/doc/Vorbis_I_spec.html): one stream of up
// to 8 channels, with floors of type 1, which all encoders since 2002 write.
//
// Files may come from anybody: what a header claims is bounded before memory is taken, what is wrong is an error. It does not seek, and
// does not look at checksums: a damaged packet is heard, or left out.
package vorbis
