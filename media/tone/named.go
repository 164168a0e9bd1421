package tone

import (
	"fmt"
	"strings"
	"time"
)

const (
	digitOn, digitGap = 100 * time.Millisecond, 100 * time.Millisecond
	digitPause        = 500 * time.Millisecond // of 'w'
)

// named finds a tone by its name.
func (p *parser) named(name string) (Spec, error) {
	switch name {
	case "milliwatt":
		spec := Of(1004)
		spec.Milliwatt = true
		return spec, nil
	case "noise.white":
		return Spec{Parts: []Part{{Sound: Sound{Kind: White}}}}, nil
	case "noise.pink":
		return Spec{Parts: []Part{{Sound: Sound{Kind: Pink}}}}, nil
	}
	country, tone, dotted := strings.Cut(name, ".")
	names := Names(country)
	switch {
	case !dotted || country == "noise":
		return Spec{}, &UnknownError{Text: p.text, Name: name, Known: []string{"milliwatt", "noise.white", "noise.pink", "sweep", "dtmf", "us.dial"}}
	case names == nil:
		return Spec{}, &UnknownError{Text: p.text, Name: country, Known: Countries()}
	}
	cadence, ok := lookup(country, tone)
	if !ok {
		return Spec{}, &UnknownError{p.text, country, tone, names}
	}
	return Parse(cadence)
}

// sweep reads "300-3400/10s".
func (p *parser) sweep() (Spec, error) {
	const example = "sweep 300-3400/10s"
	from, err := p.frequency(20, false)
	if err != nil {
		return Spec{}, err
	}
	if !p.word("-") {
		return Spec{}, p.wrong("want - and where to sweep to: %s", example)
	}
	to, err := p.frequency(20, false)
	if err != nil {
		return Spec{}, err
	}
	if from == to {
		return Spec{}, p.wrong("a sweep from %g Hz to %g Hz", from, to)
	}
	if !p.word("/") {
		return Spec{}, p.wrong("want / and for how long: %s", example)
	}
	d, err := p.duration(example)
	if err == nil && p.rest != "" {
		err = p.wrong("%.10q after the sweep", p.rest)
	}
	return Spec{Parts: []Part{{Sound: Sound{Sweep, []float64{from, to}}, Duration: d, Once: true}}}, err
}

// digits reads "123#".
func (p *parser) digits() (spec Spec, err error) {
	if p.rest == "" {
		return Spec{}, p.wrong("no digits")
	}
	for ; p.rest != ""; p.rest = p.rest[1:] {
		parts, ok := dial(p.rest[0], digitOn, digitGap)
		if !ok {
			return Spec{}, p.wrong("%q is none of 0-9 * # A-D w", p.rest[0])
		}
		if spec.Parts = append(spec.Parts, parts...); total(spec.Parts) > Longest {
			return Spec{}, p.wrong("longer than %v", Longest)
		}
	}
	return spec, nil
}

// Digits is the spec of digits, each on long and followed by gap; w is a pause of 500 ms. All may last up to Longest.
func Digits(digits string, on, gap time.Duration) (Spec, error) {
	spec := Spec{text: "dtmf:" + digits}
	for i := range len(digits) {
		parts, ok := dial(digits[i], on, gap)
		if !ok {
			return Spec{}, fmt.Errorf("digits %q: %q at %d is none of 0-9 * # A-D w", digits, digits[i], i+1)
		}
		spec.Parts = append(spec.Parts, parts...)
	}
	if on <= 0 || gap <= 0 || total(spec.Parts) > Longest || len(spec.Parts) == 0 || len(spec.Parts) > mostParts {
		return Spec{}, fmt.Errorf("digits %.60q, %v on and %v off: want one or more that last up to %v in all", digits, on, gap, Longest)
	}
	return spec, nil
}

// dial is the parts of one digit.
func dial(digit byte, on, gap time.Duration) (parts []Part, ok bool) {
	if digit == 'w' || digit == 'W' {
		return []Part{{Duration: digitPause, Once: true}}, true
	}
	low, high, ok := dualTone(digit)
	return []Part{{Sound: Sound{Sines, []float64{low, high}}, Duration: on, Once: true}, {Duration: gap, Once: true}}, ok
}

// dualTone is the two frequencies of a digit in Hz (ITU-T Q.23).
func dualTone(digit byte) (low, high float64, ok bool) {
	if digit >= 'a' && digit <= 'd' {
		digit -= 'a' - 'A'
	}
	i := strings.IndexByte("123A456B789C*0#D", digit)
	if i < 0 {
		return 0, 0, false
	}
	return [...]float64{697, 770, 852, 941}[i/4], [...]float64{1209, 1336, 1477, 1633}[i%4], true
}
