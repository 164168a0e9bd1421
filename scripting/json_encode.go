package scripting

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"

	lua "github.com/yuin/gopher-lua"

	"offhook/scripting/sandbox"
)

// encodeJSON returns a value as JSON of at most the length that strings may have.
func encodeJSON(L *lua.LState, v lua.LValue) ([]byte, error) {
	e := &jsonEncoder{state: L, longest: sandbox.LimitsOf(L).StringLen}
	e.text = json.NewEncoder(&e.out)
	e.text.SetEscapeHTML(false)
	err := e.value(v, 0)
	if err == nil && e.out.Len() > e.longest {
		err = e.tooLong()
	}
	return e.out.Bytes(), err
}

type jsonEncoder struct {
	state   *lua.LState
	longest int
	out     bytes.Buffer
	text    *json.Encoder // writes strings to out
}

func (e *jsonEncoder) tooLong() error { return fmt.Errorf("would be longer than %d bytes", e.longest) }

func (e *jsonEncoder) value(v lua.LValue, depth int) error {
	if e.out.Len() > e.longest {
		return e.tooLong()
	}
	sandbox.Spend(e.state, 1)
	switch v := v.(type) {
	case *lua.LNilType:
		e.out.WriteString("null")
	case lua.LBool:
		e.out.WriteString(strconv.FormatBool(bool(v)))
	case lua.LNumber:
		return e.number(float64(v))
	case lua.LString:
		return e.string(string(v))
	case *lua.LTable:
		if depth >= deepestJSON {
			return fmt.Errorf("tables nested more than %d deep, perhaps in a circle", deepestJSON)
		}
		return e.table(v, depth+1)
	default:
		if v != null {
			return fmt.Errorf("%s has no JSON", describe(v))
		}
		e.out.WriteString("null")
	}
	return nil
}

func (e *jsonEncoder) number(f float64) error {
	switch {
	case math.IsNaN(f) || math.IsInf(f, 0):
		return fmt.Errorf("%g has no JSON", f)
	case f == math.Trunc(f) && math.Abs(f) < 1<<53:
		e.out.Write(strconv.AppendInt(e.out.AvailableBuffer(), int64(f), 10))
	default:
		e.out.Write(strconv.AppendFloat(e.out.AvailableBuffer(), f, 'g', -1, 64))
	}
	return nil
}

func (e *jsonEncoder) string(s string) error {
	if len(s) > e.longest {
		return e.tooLong()
	}
	sandbox.Spend(e.state, len(s)/16)
	if err := e.text.Encode(s); err != nil {
		return err
	}
	e.out.Truncate(e.out.Len() - 1) // the encoder ends each value with a line
	return nil
}

func (e *jsonEncoder) table(t *lua.LTable, depth int) error {
	names, length, err := jsonShape(t)
	switch {
	case err != nil:
		return err
	case names == nil && (length > 0 || t.Metatable == lua.LValue(emptyList)):
		return e.list(t, length, depth)
	}
	slices.Sort(names)
	e.out.WriteByte('{')
	for i, name := range names {
		if i > 0 {
			e.out.WriteByte(',')
		}
		if err := e.string(name); err != nil {
			return err
		}
		e.out.WriteByte(':')
		if err := e.value(t.RawGetString(name), depth); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	e.out.WriteByte('}')
	return nil
}

func (e *jsonEncoder) list(t *lua.LTable, length, depth int) error {
	e.out.WriteByte('[')
	for i := range length {
		if i > 0 {
			e.out.WriteByte(',')
		}
		if err := e.value(t.RawGetInt(i+1), depth); err != nil {
			return fmt.Errorf("element %d: %w", i+1, err)
		}
	}
	e.out.WriteByte(']')
	return nil
}

// jsonShape returns the keys of an object, or how long a list is.
func jsonShape(t *lua.LTable) (names []string, length int, err error) {
	count := 0
	for key, _ := t.Next(lua.LNil); key != lua.LNil; key, _ = t.Next(key) {
		switch key := key.(type) {
		case lua.LString:
			names = append(names, string(key))
		case lua.LNumber:
			if n := float64(key); n != math.Trunc(n) || n < 1 || n > 1<<31 {
				return nil, 0, fmt.Errorf("the key %v has no JSON: keys are strings, or 1 to n", key)
			}
			count++
			length = max(length, int(key))
		default:
			return nil, 0, fmt.Errorf("%s as a key has no JSON: keys are strings, or 1 to n", describe(key))
		}
	}
	switch {
	case count > 0 && names != nil:
		return nil, 0, fmt.Errorf("a table with both names (%q) and numbers as keys has no JSON", names[0])
	case count != length:
		return nil, 0, fmt.Errorf("a list with holes has no JSON: %d of %d elements are there; write json.null", count, length)
	}
	return names, length, nil
}
