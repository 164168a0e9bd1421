package scripting

import lua "github.com/yuin/gopher-lua"

// fields describes what a script reads of its call.
func fields() []Field {
	return []Field{
		{"id", Text, "Our name for the call, on every log line.", func(r *run) any { return r.call.ID() }},
		{"sip_call_id", Text, "The Call-ID header field.", func(r *run) any { return r.said().SIPCallID }},
		{"from", Table, "The caller as the From header field has it: {user, host, port, name, uri, params}.", func(r *run) any { return addressToLua(r.said().From) }},
		{"to", Table, "The called party as the To header field has it.", func(r *run) any { return addressToLua(r.said().To) }},
		{"ruri", Table, "The Request-URI, taken apart as from is.", func(r *run) any { return addressToLua(r.said().RequestURI) }},
		{"did", Text, "The called number: the user part of the Request-URI, with what needs no %XX written without (RFC 3261 §19.1.4); call.ruri.user has it as it was sent.", func(r *run) any { return r.said().DID }},
		{"cli", Text, "The calling number: P-Asserted-Identity, else Remote-Party-ID, else From, written as call.did is.", func(r *run) any { return r.said().CLI }},
		{"source", Table, "Where the INVITE came from: {ip, port, transport}.", sourceToLua},
		{"trunk", Text, "The configured trunk that the call came in on, or nil.", func(r *run) any { return orNil(r.said().Trunk) }},
		{"codec", Text, "The codec agreed on, or nil.", func(r *run) any { return orNil(r.call.Codec()) }},
		{"state", Text, `"incoming", "early", "answered" or "ended".`, func(r *run) any { return string(r.call.State()) }},
		{"script", Text, "The script that serves the call.", func(r *run) any { return r.script.name }},
		{"generation", Integer, "The generation of the scripts that the call began with.", func(r *run) any { return r.generation.Number }},
		{"vars", Table, "A table of the script's own that goes into the call record.", func(r *run) any { return r.variables() }},
	}
}

func orNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func addressToLua(a Address) lua.LValue {
	t := newTable(0, 6)
	t.RawSetString("user", lua.LString(a.User))
	t.RawSetString("host", lua.LString(a.Host))
	if a.Port != 0 {
		t.RawSetString("port", lua.LNumber(a.Port))
	}
	t.RawSetString("name", lua.LString(a.Name))
	t.RawSetString("uri", lua.LString(a.URI))
	t.RawSetString("params", toLua(a.Params))
	return t
}

func sourceToLua(r *run) any {
	t := newTable(0, 3)
	t.RawSetString("ip", lua.LString(r.said().Source.Addr().String()))
	t.RawSetString("port", lua.LNumber(r.said().Source.Port()))
	t.RawSetString("transport", lua.LString(r.said().Transport))
	return t
}

// recorded is what of call.vars goes into the call record.
func (r *run) recorded() map[string]any {
	if r.vars == nil {
		return nil
	}
	vars := map[string]any{}
	r.vars.ForEach(func(key, value lua.LValue) {
		kept := logValue(value)
		if text, ok := kept.(string); ok {
			kept = r.hidden(text)
		}
		vars[cut(key.String())] = kept
	})
	return vars
}

// variables returns call.vars, which exists from its first use on.
func (r *run) variables() *lua.LTable {
	if r.vars == nil {
		r.vars = newTable(0, 4)
	}
	return r.vars
}
