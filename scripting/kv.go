package scripting

import (
	"context"
	"errors"
	"fmt"
	"time"

	lua "github.com/yuin/gopher-lua"

	"offhook/scripting/kv"
)

func kvModule() Module {
	key := Param{Name: "key", Type: Text, Required: true, Doc: "1 to 512 bytes"}
	ttl := Param{Name: "ttl", Type: Duration, Doc: "after so long the key is gone; without it never"}
	failure := Return{Name: "err", Type: Text, Doc: "when the store fails"}
	return Module{
		Name: "kv",
		Doc: "Keeps values that all calls share: over restarts when scripting.kv_path is set, and for several servers together with " +
			"scripting.kv_redis. A store that fails, on a full disk or with no network say, raises nothing: the first result is nil and the second one tells why.",
		Functions: []Function{
			{
				Name: "get", Doc: "Returns the value of a key.",
				Params:  []Param{key, {Name: "default", Type: Value, Doc: "returned when there is none"}},
				Returns: []Return{{Name: "value", Type: Value, Doc: "string, number or boolean; nil when there is none"}, failure},
				Example: `local greeting = kv.get("greeting", "welcome.wav")`,
				Live:    true, After: true, run: (*run).kvGet,
			},
			{
				Name: "set", Doc: "Stores a value. nil deletes the key.",
				Params:  []Param{key, {Name: "value", Type: Value, Doc: "string, number or boolean; of a table write json.encode(table)"}},
				Options: []Param{ttl},
				Returns: []Return{{Name: "ok", Type: Boolean}, failure},
				Example: `kv.set("last:" .. call.cli, call.did, { ttl = "24h" })`,
				Live:    true, After: true, run: (*run).kvSet,
			},
			{
				Name: "incr", Doc: "Adds to a number, at once for all calls: no two of them get the same sum. A key that is not there counts as 0.",
				Params:  []Param{key, {Name: "by", Type: Number, Default: 1.0}},
				Options: []Param{{Name: "ttl", Type: Duration, Doc: "after so long a key that this creates is gone; one that is there keeps its own"}},
				Returns: []Return{{Name: "sum", Type: Number}, failure},
				Example: `local nth = kv.incr("calls:" .. call.did, 1, { ttl = "24h" })`,
				Live:    true, After: true, run: (*run).kvIncr,
			},
			{
				Name: "del", Doc: "Deletes a key.",
				Params:  []Param{key},
				Returns: []Return{{Name: "existed", Type: Boolean, Doc: "whether it was there"}, failure},
				Example: `kv.del("greeting")`,
				Live:    true, After: true, run: (*run).kvDel,
			},
		},
	}
}

func (r *run) kvGet(a *arguments) int {
	value, err := await(r, a, func(context.Context) (any, error) {
		value, _, err := r.engine.options.Store.Get(arg[string](a, "key"))
		return value, err
	})
	if err == nil && value == nil {
		value = a.lookup("default")
	}
	return r.kvResult(a, value, err)
}

func (r *run) kvSet(a *arguments) int {
	key, ttl := arg[string](a, "key"), arg[time.Duration](a, "ttl")
	value, err := kvValue(a.lookup("value"))
	if err != nil {
		r.raise(a, fmt.Errorf("value: %w", err))
	}
	_, err = await(r, a, func(context.Context) (bool, error) {
		if value == nil {
			return r.engine.options.Store.Delete(key)
		}
		return true, r.engine.options.Store.Set(key, value, ttl)
	})
	return r.kvResult(a, true, err)
}

func (r *run) kvIncr(a *arguments) int {
	key, by, ttl := arg[string](a, "key"), arg[float64](a, "by"), arg[time.Duration](a, "ttl")
	sum, err := await(r, a, func(context.Context) (float64, error) { return r.engine.options.Store.Incr(key, by, ttl) })
	return r.kvResult(a, sum, err)
}

func (r *run) kvDel(a *arguments) int {
	existed, err := await(r, a, func(context.Context) (bool, error) { return r.engine.options.Store.Delete(arg[string](a, "key")) })
	return r.kvResult(a, existed, err)
}

// kvResult returns a value, or why there is none. What the script itself did wrong is raised.
func (r *run) kvResult(a *arguments, value any, err error) int {
	switch {
	case errors.Is(err, kv.ErrKey), errors.Is(err, kv.ErrValue), errors.Is(err, kv.ErrNotNumber):
		r.raise(a, err)
	case err != nil:
		return a.returns(lua.LNil, lua.LString(err.Error()))
	}
	return a.returns(toLua(value))
}

// kvValue is what the store takes of a value.
func kvValue(v any) (any, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case lua.LString:
		return string(v), nil
	case lua.LNumber:
		return float64(v), nil
	case lua.LBool:
		return bool(v), nil
	case lua.LValue:
		return nil, fmt.Errorf("%s cannot be stored: write a string, a number or a boolean, or json.encode(…) of a table", describe(v))
	}
	return nil, fmt.Errorf("%T cannot be stored", v)
}
