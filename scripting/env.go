package scripting

import (
	"fmt"
	"path"
	"slices"

	lua "github.com/yuin/gopher-lua"
)

func envModule() Module {
	return Module{
		Name: "env",
		Doc:  "Reads environment variables of the server: those that scripting.env_allow in the configuration names.",
		Functions: []Function{{
			Name: "get",
			Doc:  "Returns an environment variable. One that the configuration does not allow is an error.",
			Params: []Param{
				{Name: "name", Type: Text, Required: true},
				{Name: "default", Type: Value, Doc: "returned when it is not set"},
			},
			Returns: []Return{{Name: "value", Type: Text, Doc: "nil when it is not set and there is no default"}},
			Example: `local zone = env.get("TZ", "UTC")`,
			run: func(r *run, a *arguments) int {
				name := arg[string](a, "name")
				if !r.engine.allowsEnv(name) {
					r.raise(a, fmt.Errorf("%s is not allowed: add it to scripting.env_allow", name))
				}
				if value, ok := r.engine.options.Environ(name); ok {
					return a.returns(lua.LString(value))
				}
				return a.returns(toLua(a.lookup("default")))
			},
		}},
	}
}

func (e *Engine) allowsEnv(name string) bool {
	return slices.ContainsFunc(e.options.EnvAllow, func(pattern string) bool {
		ok, err := path.Match(pattern, name)
		return err == nil && ok
	})
}
