package scripting

import (
	"fmt"
	"maps"
	"slices"

	"github.com/agnivade/levenshtein"
	"github.com/yuin/gopher-lua/ast"
)

func (f *fileCheck) exprs(list []ast.Expr) {
	for _, e := range list {
		f.expr(e, false)
	}
}

// expr looks at an expression; asked says that it is only asked whether its value is there.
func (f *fileCheck) expr(e ast.Expr, asked bool) {
	if f.depth++; f.depth <= maxChecked {
		f.lookAt(e, asked)
	}
	f.depth--
}

func (f *fileCheck) lookAt(e ast.Expr, asked bool) {
	switch e := e.(type) {
	case *ast.IdentExpr:
		v := f.scope.find(e.Value)
		if v == nil {
			v = f.globalVariable(e.Value)
			f.global(e, asked)
		}
		v.escapes = true
	case *ast.AttrGetExpr:
		f.index(e, asked)
	case *ast.TableExpr:
		for _, field := range e.Fields {
			f.expr(field.Key, false)
			f.expr(field.Value, false)
		}
	case *ast.FuncCallExpr:
		f.call(e)
	case *ast.LogicalOpExpr:
		f.expr(e.Lhs, true)
		f.expr(e.Rhs, asked)
	case *ast.RelationalOpExpr:
		f.expr(e.Lhs, isNil(e.Rhs))
		f.expr(e.Rhs, isNil(e.Lhs))
	case *ast.StringConcatOpExpr:
		f.exprs([]ast.Expr{e.Lhs, e.Rhs})
	case *ast.ArithmeticOpExpr:
		f.exprs([]ast.Expr{e.Lhs, e.Rhs})
	case *ast.UnaryMinusOpExpr:
		f.expr(e.Expr, false)
	case *ast.UnaryNotOpExpr:
		f.expr(e.Expr, true)
	case *ast.UnaryLenOpExpr:
		f.expr(e.Expr, false)
	case *ast.FunctionExpr:
		f.function(e.ParList.Names, e.Stmts, nil, nil)
	}
}

func isNil(e ast.Expr) bool {
	_, ok := e.(*ast.NilExpr)
	return ok
}

// isG tells whether e is the table of globals.
func (f *fileCheck) isG(e ast.Expr) bool {
	ident, ok := e.(*ast.IdentExpr)
	return ok && ident.Value == "_G" && f.scope.find("_G") == nil
}

// isModule tells whether a global is a module of the library, once all files have been looked through.
func (f *fileCheck) isModule(name string) bool { return len(f.library[name]) > 0 && f.isLibrary(name) }

// isLibrary tells whether a global is what the library says.
func (f *fileCheck) isLibrary(name string) bool {
	_, ok := f.library[name]
	return ok && !f.set[name] && !f.unknown
}

// global looks at a read of a global.
func (f *fileCheck) global(e *ast.IdentExpr, asked bool) {
	name, line, scope := e.Value, e.Line(), f.scope
	if name == "_G" {
		f.unknown = true // where it is only indexed, it does not come here
		return
	}
	f.read[name] = true
	if asked {
		f.asked[name] = true
	}
	if _, ok := f.library[name]; ok {
		return
	}
	f.later = append(f.later, func() {
		if !f.set[name] && !f.asked[name] && !f.unknown {
			f.find(line, name, f.missing(name, scope))
		}
	})
}

// missing says what to write in place of a global that is not there.
func (f *fileCheck) missing(name string, s *scope) string {
	if _, handler := f.handlers[name]; name == "call" || handler {
		return fmt.Sprintf("%s is not there: call is the parameter of a handler, as on_call(call)", name)
	}
	if slices.Contains([]string{"io", "load", "loadstring", "loadfile", "dofile", "collectgarbage", "module", "setfenv", "getfenv", "newproxy"}, name) {
		return fmt.Sprintf("%s is not there: scripts reach no files and load no code", name)
	}
	if len(name) < 3 {
		return name + " is read and never set" // near to everything
	}
	names := slices.Concat(s.visible(), slices.Sorted(maps.Keys(f.set)), slices.Sorted(maps.Keys(f.library)))
	return fmt.Sprintf("%s is read and never set%s", name, suggest(name, names))
}

// index looks at object.key and object[key].
func (f *fileCheck) index(e *ast.AttrGetExpr, asked bool) {
	key, constant := e.Key.(*ast.StringExpr)
	if !constant {
		f.expr(e.Key, false)
	}
	object, ok := e.Object.(*ast.IdentExpr)
	if !ok || !constant {
		f.expr(e.Object, false)
		return
	}
	if f.isG(object) {
		f.read[key.Value], f.asked[key.Value] = true, true
		f.globalVariable(key.Value).escapes = true
		return
	}
	v := f.scope.find(object.Value)
	if v == nil {
		f.global(object, false)
		if asked {
			f.asked[object.Value+"."+key.Value] = true
		}
	}
	f.later = append(f.later, func() { f.member(e.Line(), object.Value, key.Value, v) })
}

// member looks at a name in a call or in a module.
func (f *fileCheck) member(line int, object, key string, v *variable) {
	switch {
	case v != nil:
		names := f.ofCall()
		if !slices.Contains(names, key) && (v.isCall() || v.looksLikeCall() && isTypo(key, names)) {
			f.find(line, key, fmt.Sprintf("call has no %q%s", key, suggest(key, names)))
		}
	case f.isModule(object) && !f.asked[object+"."+key]:
		if names := f.library[object]; !slices.Contains(names, key) {
			f.find(line, key, fmt.Sprintf("%s has no %q%s", object, key, suggest(key, names)))
		}
	}
}

// isTypo tells whether a word is one of names but for one letter, or two that changed places.
func isTypo(word string, names []string) bool {
	return len(word) >= 4 && slices.ContainsFunc(names, func(name string) bool {
		return levenshtein.ComputeDistance(word, name) == 1 || swapped(word, name)
	})
}

func swapped(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := 1; i < len(a); i++ {
		if a[i-1] != b[i-1] {
			return a[i-1] == b[i] && a[i] == b[i-1] && a[i+1:] == b[i+1:]
		}
	}
	return false
}
