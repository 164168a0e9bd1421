package scripting

import "github.com/yuin/gopher-lua/ast"

// scope is a block with its local variables, the last one first.
type scope struct {
	outer *scope
	names []string
	vars  []*variable
}

func (s *scope) find(name string) *variable {
	for ; s != nil; s = s.outer {
		for i := len(s.names) - 1; i >= 0; i-- {
			if s.names[i] == name {
				return s.vars[i]
			}
		}
	}
	return nil
}

// visible names the local variables that can be seen.
func (s *scope) visible() []string {
	var names []string
	for ; s != nil; s = s.outer {
		names = append(names, s.names...)
	}
	return names
}

// variable is a variable and what is known of it, once all files have been looked through.
type variable struct {
	handed   bool      // the first parameter of a handler
	alias    *variable // it was declared as a copy of
	of       *variable // it is a parameter of the function that this variable holds
	position int       // among those, from 0
	assigned bool      // something else may be in it

	named   bool // a parameter named call
	verbs   bool // a verb is called on it
	misfits bool // used as no call is

	calls   [][]*variable // of the function in it: the variables that were passed, nil for other values
	escapes bool          // that function may be called by others, too
	asking  bool          // isCall is at it
}

// isCall tells whether it is certain that the variable is a call.
func (v *variable) isCall() bool {
	switch {
	case v.assigned:
		return false
	case v.handed, v.asking: // a function that calls itself passes on what it got
		return true
	case v.alias != nil:
		return v.alias.isCall()
	case v.of == nil || v.of.assigned || v.of.escapes || len(v.of.calls) == 0:
		return false
	}
	v.asking = true
	defer func() { v.asking = false }()
	for _, args := range v.of.calls {
		if v.position >= len(args) || args[v.position] == nil || !args[v.position].isCall() {
			return false
		}
	}
	return true
}

// looksLikeCall tells whether the variable most likely is a call.
func (v *variable) looksLikeCall() bool { return v.named && v.verbs && !v.misfits && !v.assigned }

func (f *fileCheck) declare(name string, v *variable) {
	f.scope.names, f.scope.vars = append(f.scope.names, name), append(f.scope.vars, v)
}

// within runs do in a block of its own.
func (f *fileCheck) within(do func()) {
	f.scope = &scope{outer: f.scope}
	do()
	f.scope = f.scope.outer
}

// function looks through a function. first is what is known of its first parameter, in the variable that it is put into; nil
// when nothing is, or none.
func (f *fileCheck) function(params []string, body []ast.Stmt, first, in *variable) {
	f.within(func() {
		for i, name := range params {
			v := &variable{named: name == "call", of: in, position: i}
			if i == 0 && first != nil {
				v = first
			}
			f.declare(name, v)
		}
		f.block(body)
	})
}

// globalVariable is what is known of a global.
func (f *fileCheck) globalVariable(name string) *variable {
	v := f.globals[name]
	if v == nil {
		v = &variable{}
		f.globals[name] = v
	}
	return v
}
