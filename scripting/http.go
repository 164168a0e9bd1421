package scripting

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"

	"offhook/scripting/fetch"
	"offhook/scripting/sandbox"
)

func httpModule() Module {
	url := Param{Name: "url", Type: Text, Required: true, Doc: "http or https"}
	common := []Param{
		{Name: "headers", Type: TextTable, Doc: `header fields of the request, as {Authorization = "Bearer …"}`},
		{Name: "timeout", Type: Duration, Doc: "of each try; without it scripting.http_timeout_seconds"},
		{Name: "retries", Type: Integer, Default: 0, Min: 0, Max: 5, Doc: "further tries after trouble of the network, 429 or 5xx"},
	}
	body := []Param{
		{Name: "json", Type: Value, Doc: "a value to send as JSON"},
		{Name: "form", Type: TextTable, Doc: "fields to send as a form"},
		{Name: "body", Type: Text, Doc: "what to send as it is; headers may tell its Content-Type"},
	}
	returns := []Return{
		{Name: "res", Type: Table, Doc: "nil on trouble of the network", Fields: []Param{
			{Name: "status", Type: Integer, Doc: "200, say"},
			{Name: "ok", Type: Boolean, Doc: "whether the status is 200 to 299"},
			{Name: "headers", Type: Table, Doc: "by name in lower case"},
			{Name: "body", Type: Text},
			{Name: "json", Type: Value, Doc: "the body decoded, when it is JSON by its Content-Type and no mistake is in it"},
		}},
		{Name: "err", Type: Text, Doc: "what the trouble was"},
	}
	return Module{
		Name: "http",
		Doc: "Asks web services. The script waits as in a verb: the call goes on, its events are served, and its end ends the request. " +
			"Trouble of the network raises nothing: the first result is nil and the second one tells why. " +
			"Only hosts that scripting.http_allow names can be asked; another one is an error.",
		Functions: []Function{
			{
				Name: "get", Doc: "Makes a GET request.",
				Params: []Param{url}, Options: common, Returns: returns,
				Example: `local res, err = http.get("https://api.example.com/plan?cli=" .. call.cli, { timeout = "800ms" })`,
				Live:    true, After: true,
				run: func(r *run, a *arguments) int {
					return r.fetch(a, fetch.Request{Method: http.MethodGet, Header: map[string]string{}})
				},
			},
			{
				Name: "post", Doc: "Makes a POST request.",
				Params: []Param{url}, Options: append(body, common...), Returns: returns,
				Example: `local res, err = http.post("https://api.example.com/calls", { json = { from = call.cli }, retries = 2 })`,
				Live:    true, After: true, run: (*run).post,
			},
		},
	}
}

func (r *run) post(a *arguments) int {
	q := fetch.Request{Method: http.MethodPost, Header: map[string]string{}}
	bodies := 0
	if a.has("json") {
		text, err := encodeJSON(a.LState, toLua(a.lookup("json")))
		if err != nil {
			r.raise(a, fmt.Errorf("option json: %w", err))
		}
		q.Body, q.Header["Content-Type"] = text, "application/json"
		bodies++
	}
	if a.has("form") {
		form := url.Values{}
		for name, value := range arg[map[string]string](a, "form") {
			form.Set(name, value)
		}
		q.Body, q.Header["Content-Type"] = []byte(form.Encode()), "application/x-www-form-urlencoded"
		bodies++
	}
	if a.has("body") {
		q.Body, q.Header["Content-Type"] = []byte(arg[string](a, "body")), "text/plain; charset=utf-8"
		bodies++
	}
	if bodies > 1 {
		r.raise(a, errors.New("write one of json, form and body"))
	}
	return r.fetch(a, q)
}

// fetch makes the request, completed by the parameters that get and post have in common.
func (r *run) fetch(a *arguments, q fetch.Request) int {
	q.URL, q.Timeout, q.Retries = arg[string](a, "url"), arg[time.Duration](a, "timeout"), arg[int](a, "retries")
	for name, value := range arg[map[string]string](a, "headers") {
		if err := checkField(name, value); err != nil {
			r.raise(a, fmt.Errorf("option headers: %w", err))
		}
		q.Header[http.CanonicalHeaderKey(name)] = value
	}
	res, err := await(r, a, func(ctx context.Context) (*fetch.Response, error) { return r.engine.options.HTTP.Do(ctx, q) })
	switch mistake := (*url.Error)(nil); {
	case errors.As(err, &mistake) && mistake.Op == "parse", mistake == nil && errors.Is(err, fetch.ErrNotAllowed):
		r.raise(a, err)
	case err != nil:
		return a.returns(lua.LNil, lua.LString(err.Error()))
	}
	return a.returns(responseTable(a.LState, res))
}

// checkField refuses what would break the request (RFC 9110 §5).
func checkField(name, value string) error {
	switch {
	case name == "" || strings.ContainsFunc(name, func(r rune) bool { return !isToken(r) && !strings.ContainsRune("#$&^|", r) }):
		return fmt.Errorf("%q is not the name of a header field", name)
	case strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }):
		return fmt.Errorf("%s: %q is not one line of text", name, value)
	}
	return nil
}

func responseTable(L *lua.LState, res *fetch.Response) *lua.LTable {
	sandbox.Charge(L, len(res.Body))
	headers := map[string]string{}
	for name, values := range res.Header {
		headers[strings.ToLower(name)] = strings.Join(values, ", ")
	}
	t := newTable(0, 5)
	t.RawSetString("status", lua.LNumber(res.Status))
	t.RawSetString("ok", lua.LBool(res.Status >= 200 && res.Status < 300))
	t.RawSetString("headers", mapToLua(headers))
	t.RawSetString("body", lua.LString(res.Body))
	if kind, _, _ := strings.Cut(headers["content-type"], ";"); kind == "application/json" || strings.HasSuffix(kind, "+json") {
		if value, err := decodeJSON(L, string(res.Body)); err == nil {
			t.RawSetString("json", value)
		}
	}
	return t
}
