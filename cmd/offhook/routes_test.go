package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const routesFile = `[[route]]
to = "_9X."
source = "10.0.0.0/8"
script = "emergency"

[[route]]
from = '/^\+49/'
header = { X-Env = "test" }
script = "german"
`

const trunksFile = `[[trunk]]
name = "b"
source = "10.0.0.1"
max_calls = 1
script = "menu"

[[route]]
trunk = "a"
script = "german"
[[trunk]]
name = "a"
source = "10.0.0.2"
`

// offhook runs one command line with a configuration file and scripts that do nothing but reject.
func offhook(t *testing.T, toml, scripts string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	dir := t.TempDir()
	t.Chdir(dir) // places are short then
	for _, name := range strings.Fields(scripts) {
		write(t, dir, name+".lua", "function on_call(call) call:reject() end")
	}
	write(t, dir, "offhook.toml", toml)
	var out, errs bytes.Buffer
	code = run(append(args, "--scripts", ".", "--config", "offhook.toml"), &out, &errs)
	return out.String(), errs.String(), code
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestRoutesExplain(t *testing.T) {
	const scripts = "default emergency german menu"
	tests := []struct {
		name, toml, scripts, args string
		stdout, stderr            string
		code                      int
	}{
		{"first", routesFile, scripts, "--to 911 --source 10.0.0.7",
			"route 1  offhook.toml:1  yes  to _9X., source 10.0.0.0/8\nscript: emergency\n", "", 0},
		{"second", routesFile, scripts, "--to 911 --source 192.0.2.1 --from +4930 --header x-env:test",
			"route 1  offhook.toml:1  no   source 192.0.2.1 is not in 10.0.0.0/8\nroute 2  offhook.toml:6  yes  from /^\\+49/, header X-Env test\nscript: german\n", "", 0},
		{"trunk", trunksFile, scripts, "--to 1 --trunk b",
			"route 1  offhook.toml:7  no   trunk b is not a\nroute 2  offhook.toml:5  yes  trunk b\nscript: menu\n", "", 0},
		{"another trunk", trunksFile, scripts, "--to 1 --trunk a", "route 1  offhook.toml:7  yes  trunk a\nscript: german\n", "", 0},
		{"no trunk", trunksFile, scripts, "--to 1",
			"route 1  offhook.toml:7  no  no trunk, not a\nroute 2  offhook.toml:5  no  no trunk, not b\nelse                         no route matches\nscript: default\n", "", 0},
		{"unknown trunk", trunksFile, scripts, "--to 1 --trunk c", "", `offhook: flag --trunk: there is no [[trunk]] "c" in the configuration` + "\n", 2},
		{"escaped", routesFile, scripts, "--to %39%311 --source ::ffff:10.0.0.7",
			"route 1  offhook.toml:1  yes  to _9X., source 10.0.0.0/8\nscript: emergency\n", "", 0},
		{"default", routesFile, scripts, "--to menu --from +49",
			"route 1  offhook.toml:1  no  to \"menu\" does not match _9X.\nroute 2  offhook.toml:6  no  there is no header X-Env\n" +
				"else                         no route matches\nscript: default\n", "", 0},
		{"by user", "[routing]\nby_user = true\n", scripts, "--to menu",
			"else      routing.by_user is on and there is a script named like the called user \"menu\"\nscript: menu\n", "", 0},
		{"none", "", "menu", "--to 1", "else      no route matches, and there is no script \"default\"\nscript: none\n", "offhook: no script answers this call\n", 1},
		{"missing", routesFile, "default german", "--to 911 --source 10.0.0.7",
			"route 1  offhook.toml:1  yes  to _9X., source 10.0.0.0/8\nscript: emergency (does not exist)\n", "offhook: no script answers this call\n", 1},
		{"a URI", "", scripts, "--to sip:911@example.com", "", `offhook: flag --to: "sip:911@example.com" is more than a user: write what stands between sip: and @` + "\n", 2},
		{"a port", "", scripts, "--source 10.0.0.7:5060", "", `offhook: flag --source: "10.0.0.7:5060" is not an IP address: write one, without a port` + "\n", 2},
		{"no colon", "", scripts, "--header X", "", `offhook: flag --header: "X" is not a header field: write 'Name: value'` + "\n", 2},
		{"bad pattern", "[[route]]\nscript = \"menu\"\nto = \"_9.1\"\n", scripts, "--to 1", "",
			"offhook: offhook.toml:3: route 1: to: pattern _9.1: '.' must be the last character\n", 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			stdout, stderr, code := offhook(t, tt.toml, tt.scripts, append([]string{"routes", "explain"}, strings.Fields(tt.args)...)...)
			if stdout != tt.stdout || stderr != tt.stderr || code != tt.code {
				t.Errorf("exit code %d\n%s%s\nwant %d\n%s%s", code, stdout, stderr, tt.code, tt.stdout, tt.stderr)
			}
		})
	}
}

func TestRoutesExplainJSON(t *testing.T) {
	stdout, stderr, code := offhook(t, routesFile, "default german", "routes", "explain", "--json", "--from", "+49", "--header", "X-Env: prod", "--header", "X-Env: test")
	want := explained{
		Script: "german", Exists: true, Route: 2, Place: "offhook.toml:6", Why: `from /^\+49/, header X-Env test`,
		Missed: []missedRoute{{1, "offhook.toml:1", `to "" does not match _9X.`}},
	}
	if got := (explained{}); json.Unmarshal([]byte(stdout), &got) != nil || code != 0 || stderr != "" || !equalJSON(got, want) {
		t.Errorf("exit code %d, %s\n%s\nwant %+v", code, stderr, stdout, want)
	}
	stdout, stderr, code = offhook(t, "", "menu", "routes", "explain", "--json", "--to", "1")
	if got := (explained{}); json.Unmarshal([]byte(stdout), &got) != nil || got.Exists || code != 1 || stderr != "" {
		t.Errorf("exit code %d, %s\n%s", code, stderr, stdout)
	}
}

func equalJSON(a, b any) bool {
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return bytes.Equal(x, y)
}

func TestRoutesList(t *testing.T) {
	toml := routesFile + "[routing]\nby_user = true\n[script.menu]\ngreeting = \"hi.wav\"\n"
	for _, command := range [][]string{{"routes"}, {"routes", "list"}} {
		stdout, stderr, code := offhook(t, toml, "default german", command...)
		for _, want := range []string{
			"ROUTE  TO    FROM     SOURCE      TRUNK  HEADER       SCRIPT                      PLACE\n",
			"1      _9X.  any      10.0.0.0/8  any    any          emergency (does not exist)  offhook.toml:1\n",
			"2      any   /^\\+49/  any         any    X-Env: test  german                      offhook.toml:6\n",
			"else   NAME  any      any         any    any          NAME, if it exists          offhook.toml:11\n",
			"else   any   any      any         any    any          default ",
		} {
			if !strings.Contains(stdout, want) {
				t.Errorf("%q does not print\n%s\nbut\n%s", command, want, stdout)
			}
		}
		const complaints = `offhook: warning: offhook.toml:12: script.menu: nobody reads these settings: there is no script "menu", only default, german
offhook: offhook.toml:4: route 1: script: there is no script "emergency", only default, german
`
		if code != 1 || stderr != complaints {
			t.Errorf("exit code %d\n%s\nwant 1\n%s", code, stderr, complaints)
		}
	}
	stdout, stderr, code := offhook(t, routesFile, "default emergency german", "routes", "--json")
	got := struct{ Routes []listedRoute }{}
	if err := json.Unmarshal([]byte(stdout), &got); err != nil || code != 0 || stderr != "" || len(got.Routes) != 2 ||
		got.Routes[1].Header["X-Env"] != "test" || !got.Routes[1].Exists || got.Routes[1].Place != "offhook.toml:6" {
		t.Errorf("%v, exit code %d, %s\n%s", err, code, stderr, stdout)
	}
}

func TestServeRefusesBadRoutes(t *testing.T) {
	for _, tt := range []struct{ name, toml, want string }{
		{"no such script", routesFile, `offhook: offhook.toml:4: route 1: script: there is no script "emergency", only default` + "\n" +
			`offhook.toml:9: route 2: script: there is no script "german", only default` + "\n"},
		{"patterns", "[[route]]\nto = \"_\"\nsource = \"10.0.0\"\nheader = { X-Env = \"/(/\", \"X Y\" = \"\" }\nscript = \"default\"\n",
			"offhook: offhook.toml:2: route 1: to: pattern _: nothing follows the underscore\n" +
				`offhook.toml:3: route 1: source: "10.0.0" is neither an IP address nor a prefix like 10.0.0.0/8` + "\n" +
				"offhook.toml:4: route 1: header X Y: is no name of a header field\n" +
				"offhook.toml:4: route 1: header X-Env: pattern /(/: error parsing regexp: missing closing ): `(`\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, stderr, code := offhook(t, tt.toml, "default", "serve", "--port", "0", "--health-port", "0")
			if code != 2 || stderr != tt.want {
				t.Errorf("exit code %d\n%s\nwant 2\n%s", code, stderr, tt.want)
			}
		})
	}
}

func TestCheckRoutesWarns(t *testing.T) {
	for _, tt := range []struct{ name, toml, scripts, want string }{
		{"shadowed", "[[route]]\nscript = \"menu\"\n[[route]]\nto = \"1\"\nscript = \"menu\"\n", "menu",
			"offhook: warning: offhook.toml:5: route 2: script: no call comes here: route 1 matches all that this one would\n"},
		{"no default", "[[route]]\nto = \"1\"\nscript = \"menu\"\n", "menu",
			"offhook: warning: calls that no route matches get a 404: there is no script \"default\", only menu\n"},
		{"fine", routesFile + "[script.german]\nx = 1\n", "default german emergency", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, stderr, code := offhook(t, tt.toml, tt.scripts, "routes")
			if code != 0 || stderr != tt.want {
				t.Errorf("exit code %d\n%s\nwant 0\n%s", code, stderr, tt.want)
			}
		})
	}
}

func TestRoutesCompletion(t *testing.T) {
	for words, want := range map[string]string{"routes ": "explain\t", "routes explain --": "--source\t", "rout": "routes\t", "routes --config ": "toml\n"} {
		var out bytes.Buffer
		args := strings.Split(words, " ")
		if code := run(append([]string{"__complete"}, args...), &out, &bytes.Buffer{}); code != 0 || !strings.Contains(out.String(), want) {
			t.Errorf("%q completes to exit code %d\n%s", words, code, &out)
		}
	}
}
