package scripting

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"offhook/scripting/sandbox"
)

// decodeJSON returns the value of a JSON text. The error tells the line and the column.
func decodeJSON(L *lua.LState, text string) (lua.LValue, error) {
	sandbox.Spend(L, len(text)/4)
	if err := json.Unmarshal([]byte(text), new(json.RawMessage)); err != nil { // it only looks whether the text is valid
		at := int64(len(text))
		if syntax := (*json.SyntaxError)(nil); errors.As(err, &syntax) {
			at = syntax.Offset
		}
		return nil, place(text, at, err)
	}
	d := &jsonDecoder{state: L, tokens: json.NewDecoder(strings.NewReader(text)), room: sandbox.LimitsOf(L).Memory}
	v, err := d.value(0)
	if err != nil {
		return nil, place(text, d.tokens.InputOffset(), err)
	}
	if v == null {
		v = lua.LNil
	}
	return v, nil
}

// place says where in the text an error is: at the last of so many bytes.
func place(text string, bytes int64, err error) error {
	before := text[:bytes]
	line := 1 + strings.Count(before, "\n")
	column := len(before) - 1 - strings.LastIndexByte(before, '\n')
	return fmt.Errorf("line %d, column %d: %s", line, max(column, 1), strings.TrimPrefix(err.Error(), "json: "))
}

type jsonDecoder struct {
	state  *lua.LState
	tokens *json.Decoder
	room   int // bytes that the values may still take: they count as the script's only once it has them
}

// What a value takes, about; see sandbox's own estimate.
const (
	jsonTableBytes   = 128
	jsonHashBytes    = 600 // of an object with anything in it, more
	jsonMemberBytes  = 96
	jsonElementBytes = 24
)

func (d *jsonDecoder) take(bytes int) error {
	if d.room -= bytes; d.room < 0 {
		return fmt.Errorf("the values take more memory than %d bytes", sandbox.LimitsOf(d.state).Memory)
	}
	sandbox.Charge(d.state, bytes)
	return nil
}

func (d *jsonDecoder) value(depth int) (lua.LValue, error) {
	token, err := d.tokens.Token()
	if err != nil {
		return nil, err
	}
	return d.of(token, depth)
}

// of makes the value that begins with a token.
func (d *jsonDecoder) of(token json.Token, depth int) (lua.LValue, error) {
	switch t := token.(type) {
	case string:
		return lua.LString(t), d.take(len(t))
	case float64:
		return lua.LNumber(t), nil
	case bool:
		return lua.LBool(t), nil
	case json.Delim:
		if depth >= deepestJSON {
			return nil, fmt.Errorf("nested more than %d deep", deepestJSON)
		}
		if err := d.take(jsonTableBytes); err != nil {
			return nil, err
		}
		if t == '[' {
			return d.list(depth + 1)
		}
		return d.object(depth + 1)
	}
	return null, nil
}

func (d *jsonDecoder) list(depth int) (lua.LValue, error) {
	t := newTable(0, 0)
	for d.tokens.More() {
		v, err := d.value(depth)
		if err == nil {
			err = d.take(jsonElementBytes)
		}
		if err != nil {
			return nil, err
		}
		t.Append(v)
	}
	if t.Len() == 0 {
		t.Metatable = emptyList
	}
	_, err := d.tokens.Token() // ]
	return t, err
}

func (d *jsonDecoder) object(depth int) (lua.LValue, error) {
	t := newTable(0, 0)
	if d.tokens.More() {
		if err := d.take(jsonHashBytes); err != nil {
			return nil, err
		}
	}
	for d.tokens.More() {
		token, err := d.tokens.Token()
		if err != nil {
			return nil, err
		}
		name := token.(string)
		v, err := d.value(depth)
		if err == nil {
			err = d.take(jsonMemberBytes + len(name))
		}
		if err != nil {
			return nil, err
		}
		if v != null {
			t.RawSetString(name, v)
		}
	}
	_, err := d.tokens.Token() // }
	return t, err
}
