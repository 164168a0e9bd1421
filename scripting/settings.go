package scripting

import (
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

func configModule() Module {
	return Module{
		Name: "config",
		Doc:  "Reads the configuration: the script's own [script.NAME] table, then the [behavior] section.",
		Functions: []Function{{
			Name: "get",
			Doc:  "Returns a setting.",
			Params: []Param{
				{Name: "key", Type: Text, Required: true},
				{Name: "default", Type: Value, Doc: "returned when it is not set; text, as it comes from the environment, becomes a number or a boolean when this is one"},
			},
			Returns: []Return{{Name: "value", Type: Value}},
			Example: `local hz = config.get("tone_frequency", 440)`,
			run: func(r *run, a *arguments) int {
				if value, ok := r.engine.setting(r.script.name, arg[string](a, "key")); ok {
					return a.returns(alike(toLua(value), a.lookup("default")))
				}
				return a.returns(toLua(a.lookup("default")))
			},
		}},
	}
}

// alike makes text what its default is, if it reads as that: the environment and flags know no other type.
func alike(value lua.LValue, missing any) lua.LValue {
	text, ok := value.(lua.LString)
	if !ok {
		return value
	}
	plain := strings.TrimSpace(string(text))
	switch missing.(type) {
	case lua.LNumber:
		if n, err := strconv.ParseFloat(plain, 64); err == nil {
			return lua.LNumber(n)
		}
	case lua.LBool:
		if b, err := strconv.ParseBool(plain); err == nil {
			return lua.LBool(b)
		}
	}
	return value
}

func (e *Engine) setting(script, key string) (any, bool) {
	if e.options.Config == nil {
		return nil, false
	}
	return e.options.Config(script, key)
}
