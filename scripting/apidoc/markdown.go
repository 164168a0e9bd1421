package apidoc

import (
	"fmt"
	"strings"

	"offhook/scripting"
)

// Markdown is the reference page.
func Markdown(ref scripting.Reference) string {
	p := &page{}
	p.line("# The script API")
	p.line("<!-- Generated: %s -->", Command)
	p.line("%s", strings.TrimSpace(rules))
	p.handlers(ref.Handlers)
	p.fields(ref.Fields)
	p.line("## Verbs")
	p.index("call:", ref.Verbs)
	for _, f := range ref.Verbs {
		p.function("call:"+f.Name, f)
	}
	p.line("## Modules")
	for _, m := range ref.Modules {
		p.module(m)
	}
	p.line("## Global functions")
	for _, f := range ref.Globals {
		p.function(f.Name, f)
	}
	p.line("## Objects")
	p.objects(ref.Objects)
	if len(ref.Tests.Globals) > 0 {
		p.tests(ref.Tests)
	}
	return p.String()
}

func (p *page) objects(list []scripting.Object) {
	for _, o := range list {
		p.line("### %s", o.Name)
		p.line("%s", o.Doc)
		p.params(o.Fields, "field")
		for _, f := range o.Fields {
			p.params(f.Fields, "in "+f.Name)
		}
		for _, f := range o.Methods {
			p.function(o.Name+":"+f.Name, f)
		}
	}
}

func (p *page) tests(t scripting.Tests) {
	p.line("## Tests of scripts")
	p.line("%s", strings.TrimSpace(testRules))
	for _, f := range t.Globals {
		p.function(f.Name, f)
	}
	p.objects(t.Objects)
}

// page is Markdown as it is written.
type page struct{ strings.Builder }

// line writes a paragraph.
func (p *page) line(format string, args ...any) {
	if p.Len() > 0 {
		p.WriteByte('\n')
	}
	fmt.Fprintf(p, format, args...)
	p.WriteByte('\n')
}

// table writes rows of cells under a head.
func (p *page) table(head []string, rows [][]string) {
	p.line("| %s |", strings.Join(head, " | "))
	p.WriteString(strings.Repeat("|---", len(head)) + "|\n")
	for _, row := range rows {
		for i := range row {
			row[i] = strings.ReplaceAll(row[i], "|", `\|`)
		}
		p.WriteString("| " + strings.Join(row, " | ") + " |\n")
	}
}

func (p *page) handlers(list []scripting.Handler) {
	p.line("## Handlers")
	p.line("Functions that a script defines and that Offhook calls.")
	var rows [][]string
	for _, h := range list {
		var names []string
		for _, param := range h.Params {
			names = append(names, param.Name)
		}
		doc := h.Doc
		if h.Required {
			doc = "**Required.** " + doc
		}
		rows = append(rows, []string{"`" + h.Name + "(" + strings.Join(names, ", ") + ")`", doc})
	}
	p.table([]string{"handler", "runs when"}, rows)
	for _, h := range list {
		for _, param := range h.Params {
			if len(param.Fields) > 0 {
				p.line("`%s` of `%s`:", param.Name, h.Name)
				p.params(param.Fields, "")
			}
		}
	}
}

func (p *page) fields(list []scripting.Field) {
	p.line("## Fields of the call")
	p.line("They are read only.")
	var rows [][]string
	for _, f := range list {
		rows = append(rows, []string{"`call." + f.Name + "`", f.Type.String(), f.Doc})
	}
	p.table([]string{"field", "type", ""}, rows)
}

func (p *page) index(prefix string, list []scripting.Function) {
	var rows [][]string
	for _, f := range list {
		anchor := strings.NewReplacer(":", "", ".", "").Replace(prefix + f.Name)
		rows = append(rows, []string{fmt.Sprintf("[`%s%s`](#%s)", prefix, f.Name, anchor), firstSentence(f.Doc)})
	}
	p.table([]string{"verb", ""}, rows)
}

func (p *page) module(m scripting.Module) {
	p.line("### Module %s", m.Name)
	p.line("%s", m.Doc)
	for _, c := range m.Constants {
		p.line("`%s.%s`: %s", m.Name, c.Name, c.Doc)
	}
	for _, f := range m.Functions {
		p.function(m.Name+"."+f.Name, f)
	}
}

func (p *page) function(title string, f scripting.Function) {
	p.line("### %s", title)
	p.line("`%s`%s", signature(title, f), results(f))
	doc := f.Doc
	if f.After && strings.Contains(title, ":") {
		doc += " Also once the call has ended."
	}
	p.line("%s", doc)
	p.params(f.Params, "parameter")
	for _, param := range f.Params {
		if len(param.Fields) > 0 {
			p.params(param.Fields, "in "+param.Name)
		}
	}
	p.params(f.Options, "option")
	p.returns(f)
	if f.Example != "" {
		p.line("```lua\n%s\n```", f.Example)
	}
}

// results shows what a function returns, behind its signature.
func results(f scripting.Function) string {
	if f.Ends {
		return " does not return"
	}
	if len(f.Returns) == 0 {
		return ""
	}
	var names []string
	for _, r := range f.Returns {
		names = append(names, "`"+r.Name+"`")
	}
	return " → " + strings.Join(names, ", ")
}

// params writes a table of parameters, with those of tables in it.
func (p *page) params(list []scripting.Param, what string) {
	if len(list) == 0 {
		return
	}
	p.table([]string{what, "type", ""}, paramRows(list, ""))
}

func paramRows(list []scripting.Param, prefix string) (rows [][]string) {
	for _, param := range list {
		text := remarks(param)
		if param.Required {
			text = strings.TrimSuffix("required; "+text, "; ")
		}
		rows = append(rows, []string{"`" + prefix + param.Name + "`", param.Type.String(), text})
		if prefix != "" {
			rows = append(rows, paramRows(param.Fields, prefix+param.Name+".")...)
		}
	}
	return rows
}

func (p *page) returns(f scripting.Function) {
	var rows [][]string
	for _, r := range f.Returns {
		text, kind := r.Doc, r.Type.String()
		if r.Object != "" {
			kind = r.Object
		}
		if len(r.Values) > 0 {
			text = strings.TrimPrefix(text+"; one of "+quoted(r.Values), "; ")
		}
		rows = append(rows, []string{"`" + r.Name + "`", kind, text})
		rows = append(rows, paramRows(r.Fields, r.Name+".")...)
	}
	if len(rows) > 0 {
		p.table([]string{"returns", "type", ""}, rows)
	}
}
