package g722

// Silence is an octet that, repeated, decodes to zeros from the beginning on; a second after sound, to less than 64.
const Silence = 0xfc

// Encoder encodes one stream.
type Encoder struct {
	low     low
	high    high
	history history
	odd     bool  // a sample waits for its second
	waiting int32 // that sample
}

// NewEncoder makes an encoder in the state that G.722 begins in.
func NewEncoder() *Encoder { return &Encoder{low: newLow(), high: newHigh()} }

// Encode appends an octet to dst for every two samples. A sample left over waits for the next call.
func (e *Encoder) Encode(dst []byte, samples []int16) []byte {
	for _, s := range samples {
		if e.odd = !e.odd; e.odd {
			e.waiting = int32(s)
			continue
		}
		dst = append(dst, e.encode(e.waiting, int32(s)))
	}
	return dst
}

// encode encodes two samples. The filters have a gain of 2¹², the sum of two of them one bit more, and what they make of 16 bits
// is halved to the 15 that the bands have.
func (e *Encoder) encode(a, b int32) byte {
	even, odd := filter(e.history.push(a, b))
	lower := e.low.quantise((odd + even) >> 14)
	upper := e.high.quantise((odd - even) >> 14)
	e.low.adapt(lower)
	e.high.adapt(upper)
	return byte(upper<<6 | lower)
}

// Decoder decodes one stream.
type Decoder struct {
	low     low
	high    high
	history history
}

// NewDecoder makes a decoder in the state that G.722 begins in.
func NewDecoder() *Decoder { return &Decoder{low: newLow(), high: newHigh()} }

// Decode appends two samples to dst for every octet.
func (d *Decoder) Decode(dst []int16, octets []byte) []int16 {
	for _, c := range octets {
		a, b := d.decode(int32(c))
		dst = append(dst, a, b)
	}
	return dst
}

func (d *Decoder) decode(code int32) (a, b int16) {
	lower, upper := code&63, code>>6
	l, h := d.low.value(lower), d.high.value(upper)
	d.low.adapt(lower)
	d.high.adapt(upper)
	even, odd := filter(d.history.push(l+h, l-h))
	return int16(saturate(odd >> 11)), int16(saturate(even >> 11))
}
