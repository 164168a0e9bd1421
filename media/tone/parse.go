package tone

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

const (
	// Longest is how long the parts of a tone may last in all, but for one without end.
	Longest = 2 * time.Minute

	mostFrequencies = 4    // at once
	mostParts       = 1200 // as in two minutes of digits
)

// A SyntaxError says what is wrong with a tone and where.
type SyntaxError struct {
	Text     string
	Position int // of the character in Text, from 1
	Problem  string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("tone %.60q: at %d: %s", e.Text, e.Position, e.Problem)
}

// An UnknownError is a name that is in no list.
type UnknownError struct {
	Text    string
	Country string // that the name is looked for in; "" = it is that of a country, or of a tone without one
	Name    string
	Known   []string
}

func (e *UnknownError) Error() string {
	if e.Country != "" {
		return fmt.Sprintf("tone %.60q: %.40q is no tone of %s", e.Text, e.Name, e.Country)
	}
	return fmt.Sprintf("tone %.60q: %.40q is neither a tone nor a country", e.Text, e.Name)
}

// Parse reads a tone:
//
//	440+480/2000,0/4000     a cadence as in Asterisk's indications: frequencies in Hz, 0 for silence, and for how long, in ms or
//	                        with a unit ("2s"), again and again; a part without a time has no end
//	!950/330,!1400/330,0    parts with ! come first, and once
//	400*25/1000,0/2000      400 Hz modulated by 25 Hz
//	us.busy                 a tone of a country, see Countries and Names
//	milliwatt               1004 Hz, 0 dBm0
//	sweep 300-3400/10s      from 300 to 3400 Hz in 10 s, logarithmically
//	noise.white, noise.pink
//	dtmf:123#               digits, each 100 ms with 100 ms of silence after it; w is a pause of 500 ms
//
// Errors are a *SyntaxError or an *UnknownError.
func Parse(text string) (Spec, error) {
	p := parser{text: text, rest: text}
	p.space()
	var spec Spec
	var err error
	switch {
	case p.rest == "":
		err = p.wrong("nothing: write Hz as 440, a cadence as 440/500,0/500, or a name as us.busy")
	case p.word("sweep "):
		spec, err = p.sweep()
	case p.word("dtmf:"):
		spec, err = p.digits()
	case isLetter(p.rest[0]):
		spec, err = p.named(strings.TrimSpace(p.rest))
	default:
		spec, err = p.cadence()
	}
	spec.text = text
	return spec, err
}

// parser reads text from left to right.
type parser struct{ text, rest string }

func (p *parser) wrong(format string, args ...any) error {
	return &SyntaxError{p.text, len(p.text) - len(p.rest) + 1, fmt.Sprintf(format, args...)}
}

func (p *parser) space() { p.rest = strings.TrimLeft(p.rest, " \t") }

// word takes a word that stands next, and the blanks after it.
func (p *parser) word(w string) bool {
	rest, ok := strings.CutPrefix(p.rest, w)
	if ok {
		p.rest = rest
		p.space()
	}
	return ok
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// cadence reads parts with commas between them.
func (p *parser) cadence() (spec Spec, err error) {
	for {
		p.space()
		part, err := p.part()
		if err != nil {
			return Spec{}, err
		}
		if n := len(spec.Parts); n > 0 && part.Once && !spec.Parts[n-1].Once {
			return Spec{}, p.wrong("a part with ! after one without: those that are played once come first")
		}
		if spec.Parts = append(spec.Parts, part); len(spec.Parts) > mostParts || total(spec.Parts) > Longest {
			return Spec{}, p.wrong("longer than %v or %d parts", Longest, mostParts)
		}
		p.space()
		switch {
		case p.rest == "":
			return spec.settle(), nil
		case p.rest[0] != ',':
			return Spec{}, p.wrong("%.10q where a comma or the end should be", p.rest)
		case part.Duration == 0:
			return Spec{}, p.wrong("a part without a time is the last: write one as in 440/500")
		}
		p.rest = p.rest[1:]
	}
}

// settle takes what is played again and again out of a tone that needs no cadence: one part that goes on and on.
func (s Spec) settle() Spec {
	switch first := s.repeats(); {
	case first == len(s.Parts)-1:
		s.Parts[first].Duration = 0
	case first < len(s.Parts) && s.Parts[len(s.Parts)-1].Duration == 0: // the last has no end, so none is played again
		for i := range s.Parts {
			s.Parts[i].Once = true
		}
	}
	return s
}

// part reads "!350+440/2000".
func (p *parser) part() (part Part, err error) {
	part.Once = p.word("!")
	if part.Sound, err = p.sound(); err != nil {
		return part, err
	}
	p.space()
	if p.word("/") {
		part.Duration, err = p.duration("")
	}
	return part, err
}

// sound reads "350+440", "400*25" or "0".
func (p *parser) sound() (Sound, error) {
	s := Sound{Kind: Sines}
	for {
		lowest := 20.0
		if s.Kind == Modulated {
			lowest = 1
		}
		f, err := p.frequency(lowest, len(s.Frequencies) == 0)
		if err != nil {
			return s, err
		}
		if f == 0 {
			return Sound{}, nil
		}
		if s.Frequencies = append(s.Frequencies, f); s.Kind == Modulated {
			return s, nil
		}
		if len(s.Frequencies) > mostFrequencies {
			return s, p.wrong("more than %d frequencies at once", mostFrequencies)
		}
		p.space()
		switch {
		case p.word("+"):
		case len(s.Frequencies) == 1 && p.word("*"):
			s.Kind = Modulated
		default:
			return s, nil
		}
	}
}

// frequency reads a number of Hz from lowest to below 8000, or 0 where silence may stand.
func (p *parser) frequency(lowest float64, silence bool) (float64, error) {
	at := *p
	text := p.number()
	f, err := strconv.ParseFloat(text, 64)
	switch {
	case err != nil:
		return 0, at.wrong("%.10q where a frequency in Hz should be", at.rest)
	case f == 0 && silence:
		return 0, nil
	case !(f >= lowest && f < 8000):
		return 0, at.wrong("%s Hz is not from %g to below 8000", text, lowest)
	}
	return f, nil
}

// number takes digits and points.
func (p *parser) number() string {
	n := len(p.rest) - len(strings.TrimLeft(p.rest, "0123456789."))
	text := p.rest[:n]
	p.rest = p.rest[n:]
	return text
}

// duration reads a time; without a unit, of ms. If there must be a unit, example shows one.
func (p *parser) duration(example string) (time.Duration, error) {
	at := *p
	n, err := strconv.ParseFloat(p.number(), 64)
	if err != nil {
		return 0, at.wrong("%.10q where a time should be, as 500 for 500 ms", at.rest)
	}
	unit := time.Millisecond
	switch {
	case p.word("ms"):
	case p.word("s"):
		unit = time.Second
	case p.word("m"):
		unit = time.Minute
	case example != "":
		return 0, at.wrong("a time without a unit: write it as in %s", example)
	}
	ms := n * float64(unit/time.Millisecond)
	if !(ms >= 1 && ms <= float64(Longest.Milliseconds())) || ms != float64(int64(ms)) {
		return 0, at.wrong("a time of %g ms: want whole milliseconds from 1 ms to %v", ms, Longest)
	}
	return time.Duration(ms) * time.Millisecond, nil
}
