package scripting

func configModule() Module {
	return Module{
		Name: "config",
		Doc:  "Reads the configuration: the script's own [script.NAME] table, then the [behavior] section.",
		Functions: []Function{{
			Name: "get",
			Doc:  "Returns a setting.",
			Params: []Param{
				{Name: "key", Type: Text, Required: true},
				{Name: "default", Type: Value, Doc: "returned when it is not set"},
			},
			Returns: []Return{{Name: "value", Type: Value}},
			Example: `local hz = config.get("tone_frequency", 440)`,
			run: func(r *run, a *arguments) int {
				if value, ok := r.engine.setting(r.script.name, arg[string](a, "key")); ok {
					return a.returns(toLua(value))
				}
				return a.returns(toLua(a.lookup("default")))
			},
		}},
	}
}

func (e *Engine) setting(script, key string) (any, bool) {
	if e.options.Config == nil {
		return nil, false
	}
	return e.options.Config(script, key)
}
