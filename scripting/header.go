package scripting

import (
	"fmt"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

func header() Function {
	return Function{
		Name: "header",
		Doc:  "The value of a header field of the INVITE. The name may be in any case.",
		Params: []Param{
			{Name: "name", Type: Text, Required: true, Doc: "as \"User-Agent\""},
			{Name: "nth", Type: Integer, Default: 1, Min: 1, Max: 1000, Doc: "which one, when there are several"},
		},
		Returns: []Return{{Name: "value", Type: Text, Doc: "nil when there is none"}},
		Example: `local agent = call:header("User-Agent")`,
		After:   true,
		run: func(r *run, a *arguments) int {
			values := r.call.Header(arg[string](a, "name"))
			if nth := arg[int](a, "nth"); nth <= len(values) {
				return a.returns(lua.LString(values[nth-1]))
			}
			return a.returns(lua.LNil)
		},
	}
}

func headers() Function {
	return Function{
		Name:    "headers",
		Doc:     "All values of a header field of the INVITE, in order.",
		Params:  []Param{{Name: "name", Type: Text, Required: true, Doc: "as \"Via\", in any case"}},
		Returns: []Return{{Name: "values", Type: Table, Doc: "a list, empty when there is none"}},
		Example: `for _, via in ipairs(call:headers("Via")) do log.info(via) end`,
		After:   true,
		run: func(r *run, a *arguments) int {
			values := r.call.Header(arg[string](a, "name"))
			list := a.CreateTable(len(values), 0)
			for _, v := range values {
				list.Append(lua.LString(v))
			}
			return a.returns(list)
		},
	}
}

func setHeader() Function {
	return Function{
		Name: "set_header",
		Doc:  "Puts a header field on the next message that we send for this call. Several calls with one name send several.",
		Params: []Param{
			{Name: "name", Type: Text, Required: true, Doc: "as \"X-Account\""},
			{Name: "value", Type: Text, Required: true},
		},
		Example: `call:set_header("X-Account", "4711")`,
		run: func(r *run, a *arguments) int {
			h := Header{arg[string](a, "name"), arg[string](a, "value")}
			if err := checkHeader(h); err != nil {
				r.raise(a, err)
			}
			r.headers = append(r.headers, h)
			return 0
		},
	}
}

// withHeaders returns a verb's own header fields behind those of set_header, which are used up by it.
func (r *run) withHeaders(own []Header) []Header {
	set := r.headers
	r.headers = nil
	return append(set, own...)
}

// headersOption is the option of all verbs that send a message.
func headersOption() Param {
	return Param{Name: "headers", Type: HeaderTable, Doc: "header fields for the message, as {[\"X-Name\"] = \"value\"}"}
}

func toHeaders(v lua.LValue) ([]Header, error) {
	table, ok := v.(*lua.LTable)
	if !ok {
		return nil, fmt.Errorf(`%s is not a table: write {["X-Name"] = "value"}`, describe(v))
	}
	var headers []Header
	for key, value := table.Next(lua.LNil); key != lua.LNil; key, value = table.Next(key) {
		name, ok := key.(lua.LString)
		if !ok {
			return nil, fmt.Errorf(`header fields have names: write {["X-Name"] = "value"}; got %s`, describe(key))
		}
		values, err := toTexts(value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", string(name), err)
		}
		for _, text := range values {
			h := Header{string(name), text}
			if err := checkHeader(h); err != nil {
				return nil, err
			}
			headers = append(headers, h)
		}
	}
	return headers, nil
}

// ownHeaders are the header fields that keep dialogs and transactions together: the server alone sets them.
var ownHeaders = []string{
	"via", "v", "from", "f", "to", "t", "call-id", "i", "cseq", "contact", "m", "content-length", "l", "content-type", "c",
	"max-forwards", "route", "record-route", "session-expires", "x", "min-se", "rseq", "rack",
}

// checkHeader refuses what would break the message: RFC 3261 §25.1 allows a token as name, and one line as value.
func checkHeader(h Header) error {
	switch {
	case h.Name == "" || strings.ContainsFunc(h.Name, func(r rune) bool { return !isToken(r) }):
		return fmt.Errorf("%q is not the name of a header field", h.Name)
	case slices.Contains(ownHeaders, strings.ToLower(h.Name)):
		return fmt.Errorf("%s is set by the server, not by scripts", h.Name)
	case strings.ContainsFunc(h.Value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }):
		return fmt.Errorf("%s: %q is not one line of text", h.Name, h.Value)
	}
	return nil
}

func isToken(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-.!%*_+`'~", r)
}
