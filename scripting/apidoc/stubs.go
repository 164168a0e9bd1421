package apidoc

import (
	"fmt"
	"slices"
	"strings"

	"offhook/scripting"
)

// Stubs is a definition file for lua-language-server: types, documents and parameters of everything that scripts can use.
func Stubs(ref scripting.Reference) string {
	s := &stubs{}
	s.linef("---@meta")
	s.linef("-- Generated: offhook stubs > offhook.d.lua")
	s.linef("-- Verbs are completed and checked where the editor knows the call: write ---@param call Call before function on_call(call).")
	s.linef("\n---Seconds as a number, or text with a unit: \"200ms\", \"2m\".\n---@alias duration number|string")
	s.call(ref)
	for _, o := range slices.Concat(ref.Objects, ref.Tests.Objects) {
		s.object(o)
	}
	for _, m := range ref.Modules {
		s.class(m.Name+"lib", m.Doc)
		for _, c := range m.Constants {
			s.linef("---@field %s any%s", c.Name, comment(c.Doc))
		}
		s.linef("%s = {}", m.Name)
		for _, f := range m.Functions {
			s.function(m.Name+"."+f.Name, f)
		}
	}
	for _, f := range ref.Globals {
		s.function(f.Name, f)
	}
	for _, f := range ref.Tests.Globals {
		if !slices.ContainsFunc(ref.Globals, func(g scripting.Function) bool { return g.Name == f.Name }) {
			s.function(f.Name, f)
		}
	}
	for _, h := range ref.Handlers {
		s.handler(h)
	}
	return s.String()
}

type stubs struct{ strings.Builder }

func (s *stubs) linef(format string, args ...any) { fmt.Fprintf(s, format+"\n", args...) }

func oneLine(text string) string { return strings.ReplaceAll(text, "\n", " ") }

// comment is a doc behind a type; nothing when there is none.
func comment(doc string) string {
	if doc == "" {
		return ""
	}
	return " # " + oneLine(doc)
}

// class begins a class.
func (s *stubs) class(name, doc string) {
	s.linef("")
	if doc != "" {
		s.linef("---%s", oneLine(doc))
	}
	s.linef("---@class %s", name)
}

func className(name string) string { return strings.ToUpper(name[:1]) + name[1:] }

func (s *stubs) call(ref scripting.Reference) {
	s.class("Call", "A call.")
	for _, f := range ref.Fields {
		s.linef("---@field %s %s%s", f.Name, typeName(f.Type, nil), comment(f.Doc))
	}
	s.linef("local Call = {}")
	for _, f := range ref.Verbs {
		s.function("Call:"+f.Name, f)
	}
}

func (s *stubs) object(o scripting.Object) {
	name := className(o.Name)
	kinds := make([]string, len(o.Fields))
	for i, f := range o.Fields {
		kinds[i] = s.kind(name, f)
	}
	s.class(name, o.Doc)
	for i, f := range o.Fields {
		s.linef("---@field %s %s%s", f.Name, kinds[i], comment(remarks(f)))
	}
	s.linef("local %s = {}", name)
	for _, f := range o.Methods {
		s.function(name+":"+f.Name, f)
	}
}

// table writes the class of a table with fields and returns its name.
func (s *stubs) table(name string, fields []scripting.Param, required bool) string {
	kinds := make([]string, len(fields))
	for i, f := range fields {
		kinds[i] = s.kind(name, f)
	}
	s.class(name, "")
	for i, f := range fields {
		optional := "?"
		if f.Required || required {
			optional = ""
		}
		s.linef("---@field %s%s %s%s", f.Name, optional, kinds[i], comment(remarks(f)))
	}
	return name
}

// kind is the type of a parameter of a function or table of that name.
func (s *stubs) kind(owner string, p scripting.Param) string {
	if len(p.Fields) > 0 {
		return s.table(owner+"."+p.Name, p.Fields, false)
	}
	if p.Name == "call" {
		return "Call"
	}
	if p.Object != "" {
		return fmt.Sprintf("fun(%s: %s)", p.Object, className(p.Object))
	}
	return typeName(p.Type, p.Choices)
}

func (s *stubs) function(title string, f scripting.Function) {
	owner := strings.ReplaceAll(title, ":", ".")
	var params, lines []string
	for _, p := range f.Params {
		kind, optional := s.kind(owner, p), "?"
		if p.Required {
			optional = ""
		}
		params = append(params, p.Name)
		lines = append(lines, fmt.Sprintf("---@param %s%s %s%s", p.Name, optional, kind, comment(remarks(p))))
	}
	if len(f.Options) > 0 {
		params = append(params, "options")
		lines = append(lines, fmt.Sprintf("---@param options? %s", s.table(owner+".options", f.Options, false)))
	}
	for _, r := range f.Returns {
		kind := typeName(r.Type, r.Values)
		switch {
		case r.Object != "":
			kind = className(r.Object)
		case len(r.Fields) > 0:
			kind = s.table(owner+"."+r.Name, r.Fields, true)
		}
		lines = append(lines, fmt.Sprintf("---@return %s %s%s", kind, r.Name, comment(r.Doc)))
	}
	s.linef("\n---%s", oneLine(f.Doc))
	if f.Example != "" {
		s.linef("---```lua\n---%s\n---```", strings.ReplaceAll(f.Example, "\n", "\n---"))
	}
	for _, line := range lines {
		s.linef("%s", line)
	}
	s.linef("function %s(%s) end", title, strings.Join(params, ", "))
}

func (s *stubs) handler(h scripting.Handler) {
	var params, lines []string
	for _, p := range h.Params {
		params = append(params, p.Name)
		lines = append(lines, fmt.Sprintf("---@param %s %s", p.Name, s.kind(h.Name, p)))
	}
	s.linef("\n---%s", oneLine(h.Doc))
	for _, line := range lines {
		s.linef("%s", line)
	}
	s.linef("function %s(%s) end", h.Name, strings.Join(params, ", "))
}

// typeName is a type in the notation of lua-language-server.
func typeName(t scripting.Type, choices []string) string {
	if len(choices) > 0 {
		words := make([]string, len(choices))
		for i, c := range choices {
			words[i] = fmt.Sprintf("%q", c)
		}
		return strings.Join(words, "|")
	}
	name, ok := map[scripting.Type]string{
		scripting.Value: "any", scripting.Text: "string", scripting.Number: "number", scripting.Integer: "integer", scripting.Boolean: "boolean",
		scripting.Duration: "duration", scripting.Func: "function", scripting.Table: "table", scripting.Texts: "string|string[]",
		scripting.TextTable: "table<string, string|number|boolean>", scripting.HeaderTable: "table<string, string|string[]>",
		scripting.CodecList: "string|string[]", scripting.Times: "integer|boolean", scripting.Sound: "string|string[]|number|number[]",
		scripting.Sounds: "string|string[]", scripting.ToneSpec: "string|number|number[]", scripting.DigitSet: "string|boolean",
	}[t]
	if !ok {
		return "any"
	}
	return name
}
