// Package apidoc writes down what scripts can use, from the descriptions that
// also register it: as a page for people, as stubs for lua-language-server and
// as JSON. It is pure: a Reference in, text out.
package apidoc

import (
	_ "embed"
	"fmt"
	"strings"
	"time"

	"offhook/scripting"
)

//go:embed rules.md
var rules string

//go:embed testing.md
var testRules string

// These commands write the page and the stubs anew.
const (
	Command      = "go run ./cmd/offhook api --format markdown > scripts/README.md"
	StubsCommand = "go run ./cmd/offhook stubs > scripts/offhook.d.lua"
)

// literal is a default as scripts write it.
func literal(p scripting.Param) string {
	switch v := p.Default.(type) {
	case nil:
		return ""
	case time.Duration:
		return fmt.Sprintf("%q", shortDuration(v))
	case string:
		if p.Type == scripting.DigitSet && len(v) == len("0123456789*#ABCD") {
			return "true"
		}
		return fmt.Sprintf("%q", v)
	}
	return fmt.Sprint(p.Default)
}

// shortDuration is as people write it: 1m30s, 200ms, without zeros at the end.
func shortDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// remarks are what a description says of a parameter beside its type: its limits, its choices, its default and its doc.
func remarks(p scripting.Param) string {
	var all []string
	if p.Doc != "" {
		all = append(all, p.Doc)
	}
	if len(p.Choices) > 0 {
		all = append(all, "one of "+quoted(p.Choices))
	}
	if p.Min != p.Max {
		all = append(all, strings.TrimSpace(fmt.Sprintf("%s to %s %s", number(p.Min), number(p.Max), p.Unit)))
	} else if p.Unit != "" {
		all = append(all, "in "+p.Unit)
	}
	if text := literal(p); text != "" {
		all = append(all, "default "+text)
	}
	return strings.Join(all, "; ")
}

func number(f float64) string { return fmt.Sprintf("%.10g", f) }

func quoted(list []string) string {
	words := make([]string, len(list))
	for i, s := range list {
		words[i] = fmt.Sprintf("%q", s)
	}
	return strings.Join(words, ", ")
}

// firstSentence is what lists show of a doc.
func firstSentence(doc string) string {
	first, _, _ := strings.Cut(doc, ". ")
	return strings.TrimSuffix(first, ".")
}

// signature is how a function is called: call:header(name [, nth]).
func signature(title string, f scripting.Function) string {
	var b strings.Builder
	b.WriteString(title)
	onlyTable := len(f.Params) == 0 && len(f.Options) > 0
	if !onlyTable {
		b.WriteByte('(')
	}
	brackets := 0
	for i, p := range f.Params {
		before, after := ", ", ""
		if i == 0 {
			before = ""
		}
		if !p.Required {
			before, after = strings.TrimRight(" ["+before, " ")+" ", ""
			if i == 0 {
				before = "["
			}
			brackets++
		}
		b.WriteString(before + p.Name + after)
	}
	if len(f.Options) > 0 {
		names := make([]string, len(f.Options))
		for i, o := range f.Options {
			names[i] = o.Name + "="
		}
		table := "{" + strings.Join(names, ", ") + "}"
		switch {
		case onlyTable:
			b.WriteString(table)
		case brackets > 0 || len(f.Params) > 0:
			b.WriteString(" [, " + table)
			brackets++
		}
	}
	if !onlyTable {
		b.WriteString(strings.Repeat("]", brackets) + ")")
	}
	return b.String()
}
