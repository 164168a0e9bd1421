package scripting

import (
	"reflect"
	"strings"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"

	"offhook/media"
	"offhook/scripting/sandbox"
)

// everyFunction yields all functions of the reference with the name they are called by.
func everyFunction(ref Reference) map[string]Function {
	all := map[string]Function{}
	for _, f := range ref.Verbs {
		all["call:"+f.Name] = f
	}
	for _, f := range ref.Globals {
		all[f.Name] = f
	}
	for _, m := range ref.Modules {
		for _, f := range m.Functions {
			all[m.Name+"."+f.Name] = f
		}
	}
	for _, o := range ref.Objects {
		for _, f := range o.Methods {
			all[o.Name+":"+f.Name] = f
		}
	}
	return all
}

func TestReferenceIsComplete(t *testing.T) {
	ref := NewReference()
	all := everyFunction(ref)
	want := len(ref.Verbs) + len(ref.Globals)
	for _, m := range ref.Modules {
		want += len(m.Functions)
	}
	for _, o := range ref.Objects {
		want += len(o.Methods)
	}
	if len(all) != want {
		t.Errorf("%d functions, want %d: two have one name", len(all), want)
	}
	for name, f := range all {
		if f.run == nil || !strings.HasSuffix(f.Doc, ".") {
			t.Errorf("%s: no Go function, or its doc is no sentence: %q", name, f.Doc)
		}
		if _, err := sandbox.Compile(name, f.Example, sandbox.Limits{}); err != nil {
			t.Errorf("%s: example: %v", name, err)
		}
		if strings.HasPrefix(name, "call:") && !strings.Contains(f.Example, name) {
			t.Errorf("%s: the example does not show it: %s", name, f.Example)
		}
		optional := false
		for _, p := range f.Params {
			if optional && p.Required {
				t.Errorf("%s: %s is required after one that is not", name, p.Name)
			}
			optional = optional || !p.Required
		}
	}
	for _, f := range ref.Fields {
		if f.get == nil || f.Doc == "" {
			t.Errorf("call.%s: no Go function or no doc", f.Name)
		}
	}
	for _, h := range ref.Handlers {
		if !strings.HasPrefix(h.Name, "on_") || h.Doc == "" {
			t.Errorf("handler %q: no doc, or not on_", h.Name)
		}
	}
}

// TestDefaultsFitTheirTypes: a default is what the conversion of its type would give, so that verbs meet one Go type only.
func TestDefaultsFitTheirTypes(t *testing.T) {
	goTypes := map[Type]reflect.Type{
		Text: reflect.TypeFor[string](), Number: reflect.TypeFor[float64](), Integer: reflect.TypeFor[int](), Boolean: reflect.TypeFor[bool](),
		Duration: reflect.TypeFor[time.Duration](), Func: reflect.TypeFor[*lua.LFunction](), Table: reflect.TypeFor[*lua.LTable](),
		Texts: reflect.TypeFor[[]string](), TextTable: reflect.TypeFor[map[string]string](), HeaderTable: reflect.TypeFor[[]Header](), CodecList: reflect.TypeFor[[]media.Codec](), DigitSet: reflect.TypeFor[string](),
		Times: reflect.TypeFor[int](),
	}
	samples := map[Type]lua.LValue{
		Text: lua.LString("x"), Number: lua.LNumber(1), Integer: lua.LNumber(1), Boolean: lua.LTrue, Duration: lua.LNumber(1),
		Func: &lua.LFunction{}, Table: newTable(0, 0), Texts: lua.LString("x"), TextTable: newTable(0, 0), HeaderTable: newTable(0, 0), CodecList: lua.LString("PCMU"), DigitSet: lua.LTrue,
		Times: lua.LTrue,
	}
	for kind, want := range goTypes {
		got, err := convert(&Param{Type: kind}, samples[kind])
		if err != nil || reflect.TypeOf(got) != want {
			t.Errorf("%v converts to %T, %v; want %v", kind, got, err, want)
		}
	}
	for name, f := range everyFunction(NewReference()) {
		for _, p := range append(f.Params, f.Options...) {
			if p.Default != nil && reflect.TypeOf(p.Default) != goTypes[p.Type] {
				t.Errorf("%s: the default of %s is a %T, want %v", name, p.Name, p.Default, goTypes[p.Type])
			}
		}
	}
}

func TestTypesHaveNames(t *testing.T) {
	for kind := Value; kind <= DigitSet; kind++ {
		if kind.String() == "" {
			t.Errorf("type %d has no name", kind)
		}
	}
}

func FuzzDuration(f *testing.F) {
	for _, s := range []string{"200ms", "1m30s", "10", "-1s", "1e9h", "2 s", "", ".", "1d"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if d, err := textToDuration(s); err == nil && (d < 0 || d > maxDuration) {
			t.Errorf("%q is %v", s, d)
		} else if err != nil && d != 0 {
			t.Errorf("%q: %v with an error", s, d)
		}
	})
}
