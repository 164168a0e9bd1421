package scripting

import (
	"fmt"
	"math"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"offhook/media"
)

// convert gives the Go value of an argument: what each Type becomes stands here.
func convert(p *Param, v lua.LValue) (any, error) {
	switch p.Type {
	case Text:
		return toText(p, v)
	case Number:
		return toNumber(p, v) // float64
	case Integer:
		return toInteger(p, v) // int
	case Boolean:
		if b, ok := v.(lua.LBool); ok {
			return bool(b), nil
		}
	case Duration:
		return parseDuration(v) // time.Duration
	case Func:
		if fn, ok := v.(*lua.LFunction); ok {
			return fn, nil
		}
	case Table:
		if t, ok := v.(*lua.LTable); ok {
			return t, nil
		}
	case Texts:
		return toTexts(v) // []string
	case TextTable:
		return toTextTable(v) // map[string]string
	case HeaderTable:
		return toHeaders(v) // []Header
	case CodecList:
		return toCodecs(v) // []media.Codec
	case Times:
		return toTimes(v) // int, 0 = without end
	case DigitSet:
		return toDigits(v) // string
	case Value, Sound, Sounds, ToneSpec:
		return v, nil // for the verb to look at: it depends on the call's folder of sounds
	}
	return nil, wrongType(p, v)
}

func wrongType(p *Param, v lua.LValue) error {
	return fmt.Errorf("%s is not a %s", describe(v), p.Type)
}

// describe shows a value in an error: short values themselves, others by their type.
func describe(v lua.LValue) string {
	switch v := v.(type) {
	case lua.LString:
		if len(v) > 40 {
			return fmt.Sprintf("%q…", string(v[:40]))
		}
		return fmt.Sprintf("%q", string(v))
	case lua.LNumber, lua.LBool:
		return v.String()
	case *lua.LNilType:
		return "nil"
	}
	return "a " + v.Type().String()
}

func toText(p *Param, v lua.LValue) (any, error) {
	s, err := toString(v)
	if err != nil {
		return nil, wrongType(p, v)
	}
	if len(p.Choices) > 0 && !slices.Contains(p.Choices, s) {
		return nil, fmt.Errorf("%q is not one of %s%s", s, strings.Join(p.Choices, ", "), suggest(s, p.Choices))
	}
	return s, nil
}

func toString(v lua.LValue) (string, error) {
	switch v.(type) {
	case lua.LString, lua.LNumber:
		return v.String(), nil
	}
	return "", fmt.Errorf("%s is not a string", describe(v))
}

func toNumber(p *Param, v lua.LValue) (any, error) {
	n, ok := v.(lua.LNumber)
	f := float64(n)
	switch {
	case !ok, math.IsNaN(f), math.IsInf(f, 0):
		return nil, wrongType(p, v)
	case p.Min != p.Max && (f < p.Min || f > p.Max):
		return nil, fmt.Errorf("%g is not within %g to %g%s", f, p.Min, p.Max, unit(p))
	}
	return f, nil
}

func unit(p *Param) string {
	if p.Unit == "" {
		return ""
	}
	return " " + p.Unit
}

func toInteger(p *Param, v lua.LValue) (any, error) {
	f, err := toNumber(p, v)
	if err != nil {
		return nil, err
	}
	n := f.(float64)
	if n != math.Trunc(n) || math.Abs(n) > 1<<31 {
		return nil, fmt.Errorf("%g is not a whole number", n)
	}
	return int(n), nil
}

func toTexts(v lua.LValue) ([]string, error) {
	t, ok := v.(*lua.LTable)
	if !ok {
		s, err := toString(v)
		return []string{s}, err
	}
	var texts []string
	for i := 1; i <= t.Len(); i++ {
		s, err := toString(t.RawGetInt(i))
		if err != nil {
			return nil, fmt.Errorf("element %d: %w", i, err)
		}
		texts = append(texts, s)
	}
	if len(texts) == 0 {
		return nil, fmt.Errorf("the list is empty")
	}
	return texts, nil
}

func toTextTable(v lua.LValue) (map[string]string, error) {
	t, ok := v.(*lua.LTable)
	if !ok {
		return nil, fmt.Errorf(`%s is not a table: write {name = "value"}`, describe(v))
	}
	texts := map[string]string{}
	for key, value := t.Next(lua.LNil); key != lua.LNil; key, value = t.Next(key) {
		name, ok := key.(lua.LString)
		if !ok {
			return nil, fmt.Errorf(`values have names: write {name = "value"}; got %s`, describe(key))
		}
		switch value.(type) {
		case lua.LString, lua.LNumber, lua.LBool:
			texts[string(name)] = value.String()
		default:
			return nil, fmt.Errorf("%s: %s is not a string", string(name), describe(value))
		}
	}
	return texts, nil
}

func toCodecs(v lua.LValue) ([]media.Codec, error) {
	names, err := toTexts(v)
	if err != nil {
		return nil, err
	}
	codecs := make([]media.Codec, len(names))
	for i, name := range names {
		if codecs[i], err = media.ParseCodec(name); err != nil {
			return nil, err
		}
	}
	return codecs, nil
}

// toTimes reads how often something is to happen: false is once.
func toTimes(v lua.LValue) (int, error) {
	switch v := v.(type) {
	case lua.LBool:
		if bool(v) {
			return 0, nil
		}
		return 1, nil
	case lua.LNumber:
		if n := float64(v); n == math.Trunc(n) && n >= 1 && n <= 1e6 {
			return int(n), nil
		}
	}
	return 0, fmt.Errorf("%s is neither a whole number from 1 to 1000000 nor true", describe(v))
}

const allDigits = "0123456789*#ABCD"

// toDigits returns the digits meant; true means all of them and false none.
func toDigits(v lua.LValue) (string, error) {
	switch v := v.(type) {
	case lua.LBool:
		if bool(v) {
			return allDigits, nil
		}
		return "", nil
	case lua.LString, lua.LNumber:
		digits := strings.ToUpper(v.String())
		if i := strings.IndexFunc(digits, func(r rune) bool { return !strings.ContainsRune(allDigits, r) }); i >= 0 {
			return "", fmt.Errorf("%q is not a digit: write some of %s", digits[i:i+1], allDigits)
		}
		return digits, nil
	}
	return "", fmt.Errorf("%s is neither true nor digits", describe(v))
}
