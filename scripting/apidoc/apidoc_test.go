package apidoc

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"offhook/scripting"
	"offhook/scripting/sandbox"
	"offhook/scripting/scripttest"
)

func TestFilesAreUpToDate(t *testing.T) {
	ref := scripttest.NewReference()
	for _, file := range []struct{ path, want, command string }{
		{"scripts/README.md", Markdown(ref), Command},
		{"scripts/offhook.d.lua", Stubs(ref), StubsCommand},
	} {
		text, err := os.ReadFile("../../" + file.path)
		if err != nil {
			t.Fatal(err)
		}
		if string(text) != file.want {
			t.Errorf("%s is not what the functions are described as: run\n\t%s", file.path, file.command)
		}
	}
}

// TestExamplesCompile: each piece of Lua on the page is a program.
func TestExamplesCompile(t *testing.T) {
	pieces := strings.Split(Markdown(scripttest.NewReference()), "```lua\n")[1:]
	if len(pieces) < 50 {
		t.Errorf("only %d examples", len(pieces))
	}
	for i, piece := range pieces {
		source, _, ok := strings.Cut(piece, "\n```")
		if _, err := sandbox.Compile(fmt.Sprint("example ", i+1), source, sandbox.Limits{}); err != nil || !ok {
			t.Errorf("%v\n%s", err, source)
		}
	}
}

// TestEverythingIsTold: all that the reference has is in each form.
func TestEverythingIsTold(t *testing.T) {
	ref := scripttest.NewReference()
	text, err := JSON(ref)
	if err != nil {
		t.Fatal(err)
	}
	page, stubs, doc := Markdown(ref), Stubs(ref), string(text)
	want := func(where, text, part string) {
		t.Helper()
		if !strings.Contains(text, part) {
			t.Errorf("the %s lacks %s", where, part)
		}
	}
	function := func(prefix string, f scripting.Function) {
		title := prefix + f.Name
		want("page", page, "\n### "+title+"\n")
		want("JSON", doc, `"signature": `+strings.Trim(quote(signature(title, f)), "\n"))
		stubTitle := title
		if object, method, ok := strings.Cut(title, ":"); ok {
			stubTitle = className(object) + ":" + method
		}
		want("stubs", stubs, "\nfunction "+stubTitle+"(")
		for _, p := range append(f.Params, f.Options...) {
			want("page", page, "| `"+p.Name+"` | "+p.Type.String()+" |")
		}
		for _, p := range f.Params {
			want("stubs", stubs, "---@param "+p.Name)
		}
		for _, p := range f.Options {
			want("stubs", stubs, "---@field "+p.Name)
		}
	}
	for _, f := range ref.Verbs {
		function("call:", f)
	}
	for _, m := range ref.Modules {
		for _, f := range m.Functions {
			function(m.Name+".", f)
		}
	}
	for _, f := range ref.Globals {
		function("", f)
	}
	for _, f := range ref.Tests.Globals {
		function("", f)
	}
	for _, o := range slices.Concat(ref.Objects, ref.Tests.Objects) {
		for _, f := range o.Fields {
			want("page", page, "| `"+f.Name+"` | "+f.Type.String()+" |")
			want("stubs", stubs, "---@field "+f.Name+" ")
		}
		for _, f := range o.Methods {
			function(o.Name+":", f)
		}
	}
	for _, f := range ref.Fields {
		want("page", page, "`call."+f.Name+"`")
		want("stubs", stubs, "---@field "+f.Name+" ")
	}
	for _, h := range ref.Handlers {
		want("page", page, "`"+h.Name+"(")
		want("stubs", stubs, "\nfunction "+h.Name+"(")
	}
}

// quote is a string as in JSON.
func quote(s string) string {
	text, _ := json.Marshal(s)
	return string(text)
}

func TestStubsAreLua(t *testing.T) {
	if _, err := sandbox.Compile("offhook.d.lua", Stubs(scripttest.NewReference()), sandbox.Limits{Source: 1 << 20}); err != nil {
		t.Error(err)
	}
}

// TestTypesHaveNames: no type is any in the stubs but the one that is.
func TestTypesHaveNames(t *testing.T) {
	for kind := scripting.Text; kind <= scripting.DigitSet; kind++ {
		if name := typeName(kind, nil); name == "any" {
			t.Errorf("%v has no name", kind)
		}
	}
}

func TestSignatures(t *testing.T) {
	required := func(name string) scripting.Param { return scripting.Param{Name: name, Required: true} }
	optional := func(name string) scripting.Param { return scripting.Param{Name: name} }
	for _, c := range []struct {
		f    scripting.Function
		want string
	}{
		{scripting.Function{}, "f()"},
		{scripting.Function{Params: []scripting.Param{required("a"), required("b")}}, "f(a, b)"},
		{scripting.Function{Params: []scripting.Param{required("a"), optional("b"), optional("c")}}, "f(a [, b [, c]])"},
		{scripting.Function{Params: []scripting.Param{optional("a"), optional("b")}}, "f([a [, b]])"},
		{scripting.Function{Params: []scripting.Param{required("a")}, Options: []scripting.Param{optional("x"), optional("y")}}, "f(a [, {x=, y=}])"},
		{scripting.Function{Options: []scripting.Param{optional("x")}}, "f{x=}"},
	} {
		if got := signature("f", c.f); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
}
