package scripting

import (
	"errors"
	"fmt"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"offhook/scripting/route"
	"offhook/scripting/sandbox"
)

// mostRules a route may have.
const mostRules = 1000

func routes() Function {
	return Function{
		Name: "route",
		Doc: "Returns a function for on_call that gives each call to the first rule that matches, or to default. A rule matches when all that it names does; " +
			"patterns are those of [[route]] in the configuration: a text, _9X. as in Asterisk, or /RE2/. Without a match and a default the call is rejected with 404.",
		Params:  []Param{{Name: "rules", Type: Table, Required: true, Doc: "a list of rules, and default = a function", Fields: routeParams()}},
		Returns: []Return{{Name: "handler", Type: Func, Doc: "takes the call"}},
		Example: `on_call = route{
  { to = "_9X.", from = "/^\\+49/", run = function(call) call:redirect("sip:out@192.0.2.7") end },
  { source = "10.0.0.0/8", when = function(call) return time.match("mon-fri 09:00-17:30") end, run = function(call) call:answer() end },
  default = function(call) call:reject(404) end,
}`,
		run: (*run).route,
	}
}

// routeParams describe one rule.
func routeParams() []Param {
	return []Param{
		{Name: "to", Type: Text, Doc: "pattern of the called user: call.did"},
		{Name: "from", Type: Text, Doc: "pattern of the user of From: call.from.user"},
		{Name: "source", Type: Text, Doc: "the address that the call comes from, or a prefix as 10.0.0.0/8"},
		{Name: "trunk", Type: Text, Doc: "name of the trunk that the call comes in on: call.trunk"},
		{Name: "header", Type: TextTable, Doc: "patterns of header fields of the INVITE, as {[\"X-Env\"] = \"test\"}"},
		{Name: "when", Type: Func, Doc: "gets the call; the rule matches when it returns neither false nor nil"},
		{Name: "run", Type: Func, Required: true, Doc: "gets the call"},
	}
}

// routeRule is a rule, ready to be matched.
type routeRule struct {
	facts *route.Table // of this rule alone
	when  *lua.LFunction
	run   *lua.LFunction
}

func (r *run) route(a *arguments) int {
	table := arg[*lua.LTable](a, "rules")
	var rules []routeRule
	fallback, err := routeDefault(table)
	if err == nil {
		rules, err = r.routeRules(a, table)
	}
	if err != nil {
		r.raise(a, err)
	}
	// The table goes with the function, so that what it holds counts as the script's memory.
	handler := a.NewClosure(func(L *lua.LState) int {
		r := sandbox.Owner(L).(*run)
		if ud, ok := L.Get(1).(*lua.LUserData); !ok || ud != r.object {
			L.RaiseError("route: the function that it returns takes the call: write on_call = route{…}, or handler(call)")
		}
		return r.pick(L, rules, fallback)
	}, table)
	return a.returns(handler)
}

func routeDefault(table *lua.LTable) (*lua.LFunction, error) {
	for key, value := table.Next(lua.LNil); key != lua.LNil; key, value = table.Next(key) {
		if _, ok := key.(lua.LNumber); ok {
			continue
		}
		fn, ok := value.(*lua.LFunction)
		switch {
		case key != lua.LString("default"):
			return nil, fmt.Errorf("%s is neither a rule nor default: write rules as { to = …, run = … }", describe(key))
		case !ok:
			return nil, fmt.Errorf("default: %s is not a function", describe(value))
		}
		return fn, nil
	}
	return nil, nil
}

func (r *run) routeRules(a *arguments, table *lua.LTable) ([]routeRule, error) {
	if table.Len() > mostRules {
		return nil, fmt.Errorf("more than %d rules", mostRules)
	}
	var rules []routeRule
	shape := &Function{Name: "route", Options: routeParams()}
	for i := 1; i <= table.Len(); i++ {
		rule := &arguments{LState: a.LState, fn: shape, values: make([]any, len(shape.Options))}
		err := error(nil)
		if _, ok := table.RawGetInt(i).(*lua.LTable); ok {
			err = rule.takeOptions(table.RawGetInt(i))
		} else {
			err = fmt.Errorf("%s is not a rule: write { to = …, run = … }", describe(table.RawGetInt(i)))
		}
		compiled := routeRule{}
		if err == nil {
			compiled, err = r.engine.routeRule(rule)
		}
		if err != nil {
			return nil, fmt.Errorf("rule %d: %w", i, err)
		}
		rules = append(rules, compiled)
	}
	return rules, nil
}

// routeRule compiles a rule, or finds it among those of other calls.
func (e *Engine) routeRule(a *arguments) (routeRule, error) {
	rule := routeRule{when: arg[*lua.LFunction](a, "when"), run: arg[*lua.LFunction](a, "run")}
	conditions := route.Rule{
		To: arg[string](a, "to"), From: arg[string](a, "from"), Source: arg[string](a, "source"), Trunk: arg[string](a, "trunk"), Header: arg[map[string]string](a, "header"),
		Script: "run",
	}
	var err error
	rule.facts, err = e.rules.get(fmt.Sprintf("%q", conditions), func() (*route.Table, error) {
		table, err := route.New([]route.Rule{conditions}, false)
		if err != nil {
			return nil, errors.New(strings.TrimPrefix(err.Error(), "route 1: ")) // its number is ours to tell
		}
		return table, nil
	})
	return rule, err
}

// pick is the function that route returns: it finds the rule for the call and runs it.
func (r *run) pick(L *lua.LState, rules []routeRule, fallback *lua.LFunction) int {
	said := r.said()
	facts := route.Facts{To: route.Unescape(said.DID), From: route.Unescape(said.From.User), Source: said.Source.Addr(), Trunk: said.Trunk, Header: r.call.Header}
	for _, rule := range rules {
		if _, number := rule.facts.Pick(facts, noScript); number == 1 && (rule.when == nil || lua.LVAsBool(callOne(L, rule.when))) {
			callOne(L, rule.run)
			return 0
		}
	}
	if fallback != nil {
		callOne(L, fallback)
		return 0
	}
	r.reject(404)
	r.unwind(L)
	return 0
}

// noScript says that rules of a script name no scripts.
func noScript(string) bool { return false }

// callOne calls a function of the script with what the running function was called with, and returns its first result.
func callOne(L *lua.LState, fn *lua.LFunction) lua.LValue {
	L.Push(fn)
	L.Push(L.Get(1))
	L.Call(1, 1)
	value := L.Get(-1)
	L.Pop(1)
	return value
}
