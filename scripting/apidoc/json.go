package apidoc

import (
	"encoding/json"

	"offhook/scripting"
)

type document struct {
	Handlers []entry `json:"handlers"`
	Fields   []entry `json:"fields"`
	Verbs    []entry `json:"verbs"`
	Modules  []entry `json:"modules"`
	Globals  []entry `json:"globals"`
	Objects  []entry `json:"objects"`
	Tests    tests   `json:"tests"`
}

// tests is what tests of scripts can use.
type tests struct {
	Globals []entry `json:"globals"`
	Objects []entry `json:"objects"`
}

// entry is one thing that has a name; what it has not is left out.
type entry struct {
	Name      string   `json:"name"`
	Type      string   `json:"type,omitempty"`
	Doc       string   `json:"doc,omitempty"`
	Signature string   `json:"signature,omitempty"`
	Required  bool     `json:"required,omitempty"`
	Default   string   `json:"default,omitempty"` // as scripts write it
	Min       float64  `json:"min,omitempty"`
	Max       float64  `json:"max,omitempty"`
	Unit      string   `json:"unit,omitempty"`
	Choices   []string `json:"choices,omitempty"`
	Params    []entry  `json:"params,omitempty"`
	Options   []entry  `json:"options,omitempty"`
	Returns   []entry  `json:"returns,omitempty"`
	Ends      bool     `json:"ends,omitempty"`
	Example   string   `json:"example,omitempty"`
	Fields    []entry  `json:"fields,omitempty"`
	Functions []entry  `json:"functions,omitempty"`
	Constants []entry  `json:"constants,omitempty"`
}

// JSON is the reference for programs.
func JSON(ref scripting.Reference) ([]byte, error) {
	d := document{
		Handlers: each(ref.Handlers, func(h scripting.Handler) entry {
			return entry{Name: h.Name, Doc: h.Doc, Required: h.Required, Params: each(h.Params, param)}
		}),
		Fields: each(ref.Fields, func(f scripting.Field) entry { return entry{Name: f.Name, Type: f.Type.String(), Doc: f.Doc} }),
		Verbs:  functions("call:", ref.Verbs),
		Modules: each(ref.Modules, func(m scripting.Module) entry {
			constants := each(m.Constants, func(c scripting.Constant) entry { return entry{Name: c.Name, Doc: c.Doc} })
			return entry{Name: m.Name, Doc: m.Doc, Functions: functions(m.Name+".", m.Functions), Constants: constants}
		}),
		Globals: functions("", ref.Globals),
		Objects: objects(ref.Objects),
		Tests:   tests{functions("", ref.Tests.Globals), objects(ref.Tests.Objects)},
	}
	text, err := json.MarshalIndent(d, "", "  ")
	return append(text, '\n'), err
}

func each[T any](list []T, of func(T) entry) []entry {
	var entries []entry
	for _, v := range list {
		entries = append(entries, of(v))
	}
	return entries
}

func objects(list []scripting.Object) []entry {
	return each(list, func(o scripting.Object) entry {
		return entry{Name: o.Name, Doc: o.Doc, Functions: functions(o.Name+":", o.Methods), Fields: each(o.Fields, param)}
	})
}

func functions(prefix string, list []scripting.Function) []entry {
	return each(list, func(f scripting.Function) entry {
		return entry{
			Name: f.Name, Doc: f.Doc, Signature: signature(prefix+f.Name, f), Ends: f.Ends, Example: f.Example,
			Params: each(f.Params, param), Options: each(f.Options, param), Returns: each(f.Returns, result),
		}
	})
}

func param(p scripting.Param) entry {
	return entry{
		Name: p.Name, Type: p.Type.String(), Doc: p.Doc, Required: p.Required, Default: literal(p), Min: p.Min, Max: p.Max, Unit: p.Unit,
		Choices: p.Choices, Fields: each(p.Fields, param),
	}
}

func result(r scripting.Return) entry {
	kind := r.Type.String()
	if r.Object != "" {
		kind = r.Object
	}
	return entry{Name: r.Name, Type: kind, Doc: r.Doc, Choices: r.Values, Fields: each(r.Fields, param)}
}
