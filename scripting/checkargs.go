package scripting

import (
	"fmt"
	"slices"
	"strconv"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"
)

// arguments looks at what a function of the reference is given.
func (f *fileCheck) arguments(fn *Function, args []ast.Expr, line int, word string) {
	given, more := len(args), false
	if given > 0 && isMany(args[given-1]) {
		given, more = given-1, true
	}
	wrong := func(line int, word string, err error) { f.find(line, word, fn.title+": "+err.Error()) }
	for i := range fn.Params {
		p := &fn.Params[i]
		if i < given {
			f.argument(p, args[i], func(err error) { wrong(lineOf(args[i], line), "", fmt.Errorf("%s: %w", p.Name, err)) })
		} else if p.Required && !more {
			wrong(line, word, fmt.Errorf("%s: is missing: write a %s", p.Name, p.Type))
		}
	}
	most := len(fn.Params)
	if len(fn.Options) > 0 {
		if most < given {
			f.options(fn.Options, args[most], line, wrong)
		}
		most++
	}
	if given > most {
		wrong(line, word, fmt.Errorf("takes at most %d arguments, got %d", most, given))
	}
}

// isMany tells whether an argument that stands last may be none or several.
func isMany(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.FuncCallExpr:
		return !e.AdjustRet
	case *ast.Comma3Expr:
		return !e.AdjustRet
	}
	return false
}

// argument converts an argument as a call would, if it is written out.
func (f *fileCheck) argument(p *Param, e ast.Expr, wrong func(error)) {
	v, ok := literalOf(e)
	if !ok || v == lua.LNil && !p.Required {
		return
	}
	if v == lua.LNil {
		wrong(fmt.Errorf("is missing: write a %s", p.Type))
	} else if _, err := convert(p, v); err != nil {
		wrong(err)
	}
}

// options looks at an option table that is written out.
func (f *fileCheck) options(options []Param, e ast.Expr, line int, wrong func(line int, word string, err error)) {
	table, ok := e.(*ast.TableExpr)
	if !ok {
		if v, ok := literalOf(e); ok && v != lua.LNil {
			wrong(lineOf(e, line), "", fmt.Errorf("options are a table, as {%s = …}; got %s", options[0].Name, describe(v)))
		}
		return
	}
	for _, field := range table.Fields {
		key, named := field.Key.(*ast.StringExpr)
		at := lineOf(field.Value, line)
		switch {
		case field.Key == nil:
			wrong(at, "", fmt.Errorf("options have names, as {%s = …}", options[0].Name))
		case !named:
		case !knows(options, key.Value):
			wrong(lineOf(key, at), key.Value, fmt.Errorf("no option %q%s", key.Value, suggest(key.Value, namesOf(options))))
		default:
			p := &options[slices.IndexFunc(options, func(p Param) bool { return p.Name == key.Value })]
			f.argument(p, field.Value, func(err error) { wrong(at, key.Value, fmt.Errorf("option %s: %w", key.Value, err)) })
		}
	}
}

// lineOf is the line of an expression; those that have none stand on the line of what is around them.
func lineOf(e ast.Expr, around int) int {
	if line := e.Line(); line > 0 {
		return line
	}
	return around
}

// literalOf is the value of an expression that is written out. Functions and tables with other things in them stand for any
// function and any table.
func literalOf(e ast.Expr) (lua.LValue, bool) {
	switch e := e.(type) {
	case *ast.NilExpr:
		return lua.LNil, true
	case *ast.TrueExpr:
		return lua.LTrue, true
	case *ast.FalseExpr:
		return lua.LFalse, true
	case *ast.StringExpr:
		return lua.LString(e.Value), true
	case *ast.NumberExpr:
		n, err := strconv.ParseFloat(e.Value, 64) // hexadecimal numbers are left alone
		return lua.LNumber(n), err == nil
	case *ast.UnaryMinusOpExpr:
		n, ok := literalOf(e.Expr)
		number, isNumber := n.(lua.LNumber)
		return -number, ok && isNumber
	case *ast.FunctionExpr:
		return &lua.LFunction{}, true
	case *ast.TableExpr:
		return literalTable(e)
	}
	return nil, false
}

func literalTable(e *ast.TableExpr) (lua.LValue, bool) {
	t := newTable(0, 0)
	for _, field := range e.Fields {
		value, ok := literalOf(field.Value)
		if !ok {
			return nil, false
		}
		if field.Key == nil {
			t.Append(value)
			continue
		}
		key, ok := literalOf(field.Key)
		if !ok || key == lua.LNil {
			return nil, false
		}
		t.RawSet(key, value)
	}
	return t, true
}
