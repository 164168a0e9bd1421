package sound

import "encoding/binary"

// decoderDelay is how many samples late every MP3 decoder is, beside what the encoder says of itself.
const decoderDelay = 528 + 1

// trim says what of the samples is the sound: encoders fill up the first and the last frame, and say how much in a tag.
type trim struct {
	first int64 // samples of each channel before the sound
	count int64 // of the sound; 0 = not known
}

// readTag reads the Xing or Info tag with the extension of LAME in the first frame of an MP3 file; the frame itself is silent.
// Without one there is nothing to trim.
func readTag(head []byte) (t trim) {
	if len(head) < 4 {
		return t
	}
	mpeg1, mono := head[1]&0x08 != 0, head[3]>>6 == 3
	perFrame, side := int64(1152), 32 // of the side information, in octets
	switch {
	case mpeg1 && mono:
		side = 17
	case mono:
		perFrame, side = 576, 9
	case !mpeg1:
		perFrame, side = 576, 17
	}
	at := 4 + side
	if len(head) < at+8 || string(head[at:at+4]) != "Xing" && string(head[at:at+4]) != "Info" {
		return t
	}
	t.first = perFrame
	flags := binary.BigEndian.Uint32(head[at+4:])
	at += 8
	frames := int64(0)
	for bit, size := range []int{4, 4, 100, 4} { // frames, octets, table of contents, quality
		if flags>>bit&1 == 0 {
			continue
		}
		if bit == 0 && len(head) >= at+size {
			frames = int64(binary.BigEndian.Uint32(head[at:]))
		}
		at += size
	}
	if len(head) < at+24 || head[at] != 'L' { // LAME, Lavc, Lavf
		return t
	}
	delay := int64(head[at+21])<<4 | int64(head[at+22])>>4
	padding := int64(head[at+22]&0x0f)<<8 | int64(head[at+23])
	t.first += delay + decoderDelay
	t.count = max(0, frames*perFrame-delay-padding)
	return t
}
