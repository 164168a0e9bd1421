package scripting

import (
	"fmt"
	"slices"

	"github.com/yuin/gopher-lua/ast"
)

// call looks at f(…), object.f(…) and object:f(…).
func (f *fileCheck) call(e *ast.FuncCallExpr) {
	switch fn := e.Func.(type) {
	case nil:
		f.method(e)
	case *ast.IdentExpr:
		f.plainCall(e, fn)
	case *ast.AttrGetExpr:
		f.index(fn, false)
		f.memberCall(e, fn)
	default:
		f.expr(fn, false)
	}
	asks := false
	if fn, ok := e.Func.(*ast.IdentExpr); ok {
		asks = fn.Value == "type" && f.scope.find("type") == nil
	}
	for _, arg := range e.Args {
		f.expr(arg, asks)
	}
}

// method looks at object:name(…).
func (f *fileCheck) method(e *ast.FuncCallExpr) {
	object, ok := e.Receiver.(*ast.IdentExpr)
	if !ok {
		f.expr(e.Receiver, false)
		return
	}
	v := f.scope.find(object.Value)
	if v == nil {
		f.global(object, false)
		f.later = append(f.later, func() {
			if f.isModule(object.Value) {
				f.find(e.Line(), e.Method, fmt.Sprintf("write a dot, as %s.%s(…), not a colon", object.Value, e.Method))
			}
		})
		return
	}
	verb := f.verbs[e.Method]
	v.verbs = v.verbs || verb != nil
	f.later = append(f.later, func() {
		switch {
		case verb != nil:
			if v.isCall() {
				f.arguments(verb, e.Args, e.Line(), e.Method)
			}
		case v.isCall() && slices.Contains(f.fields, e.Method):
			f.find(e.Line(), e.Method, fmt.Sprintf("%s is no verb: write call.%s", e.Method, e.Method))
		default:
			f.member(e.Line(), object.Value, e.Method, v)
		}
	})
}

// plainCall looks at name(…).
func (f *fileCheck) plainCall(e *ast.FuncCallExpr, name *ast.IdentExpr) {
	v := f.scope.find(name.Value)
	if v != nil {
		v.misfits = true
		v.calls = append(v.calls, f.passed(e.Args))
		return
	}
	v = f.globalVariable(name.Value)
	v.calls = append(v.calls, f.passed(e.Args))
	f.global(name, false)
	fn := f.functions[name.Value]
	if fn == nil {
		return
	}
	f.later = append(f.later, func() {
		if !f.isLibrary(name.Value) {
			return
		}
		f.arguments(fn, e.Args, e.Line(), name.Value)
		if name.Value == "require" {
			f.require(e)
		}
	})
}

// passed are the variables among arguments, nil for other values.
func (f *fileCheck) passed(args []ast.Expr) []*variable {
	vars := make([]*variable, len(args))
	for i, arg := range args {
		if ident, ok := arg.(*ast.IdentExpr); ok {
			vars[i] = f.scope.find(ident.Value)
		}
	}
	return vars
}

// require looks for the module that is named.
func (f *fileCheck) require(e *ast.FuncCallExpr) {
	if len(e.Args) == 0 {
		return
	}
	if name, ok := e.Args[0].(*ast.StringExpr); ok && !slices.Contains(f.files, modulePath(name.Value)) {
		message := fmt.Sprintf("require: no module %q (%s)%s", name.Value, modulePath(name.Value), suggest(name.Value, moduleNames(f.files)))
		f.find(e.Line(), name.Value, message)
	}
}

// memberCall looks at object.name(…).
func (f *fileCheck) memberCall(e *ast.FuncCallExpr, fn *ast.AttrGetExpr) {
	object, ok := fn.Object.(*ast.IdentExpr)
	key, constant := fn.Key.(*ast.StringExpr)
	if !ok || !constant {
		return
	}
	v := f.scope.find(object.Value)
	function := f.functions[object.Value+"."+key.Value]
	f.later = append(f.later, func() {
		switch {
		case v == nil && f.isModule(object.Value) && function != nil:
			f.arguments(function, e.Args, e.Line(), key.Value)
		case v != nil && v.isCall() && f.verbs[key.Value] != nil && !passes(e.Args):
			f.find(e.Line(), key.Value, fmt.Sprintf("write a colon, as call:%s(…), not a dot", key.Value))
		}
	})
}

// passes tells whether the first argument may be the call, as in call.ring(call).
func passes(args []ast.Expr) bool {
	if len(args) == 0 {
		return false
	}
	_, literal := literalOf(args[0])
	return !literal
}
