package e2e

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/websocket"
)

// browser is a page of headless Chromium, driven by the DevTools protocol: a command is a JSON object over a WebSocket, and
// its answer has the same id.
type browser struct {
	t    *testing.T
	conn *websocket.Conn

	mu      sync.Mutex
	last    int
	answers map[int]chan answer
	errors  []string // exceptions and errors that the page logged
	gone    error    // why the connection ended
}

type answer struct {
	Result json.RawMessage
	Error  *struct{ Message string }
}

// browse starts Chromium with an empty page. Cleanup ends it.
func browse(t *testing.T) *browser {
	t.Helper()
	profile := t.TempDir()
	out := newOutput()
	cmd := exec.Command(peer(t, "chromium"), "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
		"--disable-background-networking", "--remote-debugging-port=0", "--remote-allow-origins=*", "--user-data-dir="+profile, "about:blank")
	cmd.Stderr = out
	cmd.Env = append(os.Environ(), "TZ=UTC")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // killed, as it should be
	})
	b := &browser{t: t, answers: map[int]chan answer{}}
	b.connect(out)
	for _, domain := range []string{"Page", "Runtime", "Log"} {
		b.do(domain+".enable", nil, nil)
	}
	return b
}

// connect finds the page and connects to it.
func (b *browser) connect(out *output) {
	b.t.Helper()
	m := out.wait(regexp.MustCompile(`DevTools listening on ws://([^/]+)/`), 30*time.Second)
	if m == nil {
		b.t.Fatalf("Chromium does not start:\n%s", out)
	}
	res, err := http.Get("http://" + m[1] + "/json/list")
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	var pages []struct{ Type, WebSocketDebuggerURL string }
	if err := json.NewDecoder(res.Body).Decode(&pages); err != nil {
		b.t.Fatal(err)
	}
	for _, p := range pages {
		if p.Type == "page" {
			if b.conn, err = websocket.Dial(p.WebSocketDebuggerURL, "", "http://127.0.0.1"); err != nil {
				b.t.Fatal(err)
			}
			b.conn.MaxPayloadBytes = 64 << 20
			go b.read() // ends with the connection
			b.t.Cleanup(func() { _ = b.conn.Close() })
			return
		}
	}
	b.t.Fatal("Chromium has no page")
}

// do runs one command of the protocol.
func (b *browser) do(method string, params, result any) {
	b.t.Helper()
	if params == nil {
		params = struct{}{}
	}
	b.mu.Lock()
	b.last++
	id, got := b.last, make(chan answer, 1)
	b.answers[id] = got
	err := errors.Join(b.gone, websocket.JSON.Send(b.conn, map[string]any{"id": id, "method": method, "params": params}))
	b.mu.Unlock()
	if err != nil {
		b.t.Fatalf("%s: %v", method, err)
	}
	select {
	case a := <-got:
		if a.Error != nil {
			b.t.Fatalf("%s: %s", method, a.Error.Message)
		}
		if result != nil {
			if err := json.Unmarshal(a.Result, result); err != nil {
				b.t.Fatalf("%s: %v", method, err)
			}
		}
	case <-time.After(20 * time.Second):
		b.t.Fatalf("%s: no answer", method)
	}
}

// read takes what the browser says, until the connection ends.
func (b *browser) read() {
	for {
		var m struct {
			ID     int
			Method string
			Params struct {
				ExceptionDetails struct{ Exception struct{ Description string } }
				Entry            struct{ Level, Text, URL string }
			}
			answer
		}
		if err := websocket.JSON.Receive(b.conn, &m); err != nil {
			b.mu.Lock()
			b.gone = err
			b.mu.Unlock()
			return
		}
		b.mu.Lock()
		switch {
		case m.ID > 0:
			b.answers[m.ID] <- m.answer
			delete(b.answers, m.ID)
		case m.Method == "Runtime.exceptionThrown":
			b.errors = append(b.errors, m.Params.ExceptionDetails.Exception.Description)
		case m.Method == "Log.entryAdded" && m.Params.Entry.Level == "error":
			b.errors = append(b.errors, m.Params.Entry.Text+" "+m.Params.Entry.URL)
		}
		b.mu.Unlock()
	}
}

// open loads a page and waits until it is there.
func (b *browser) open(url string) {
	b.t.Helper()
	b.do("Page.navigate", map[string]any{"url": url}, nil)
	b.until("the page is loaded", `document.readyState === "complete" && location.href.startsWith(`+quoted(url)+`)`)
}

// eval evaluates JavaScript, waits for a promise, and decodes what comes of it.
func (b *browser) eval(script string, result any) {
	b.t.Helper()
	var r struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails *struct{ Exception struct{ Description string } }
	}
	b.do("Runtime.evaluate", map[string]any{"expression": script, "awaitPromise": true, "returnByValue": true}, &r)
	if r.ExceptionDetails != nil {
		b.t.Fatalf("%s\n%s", script, r.ExceptionDetails.Exception.Description)
	}
	if result != nil && len(r.Result.Value) > 0 {
		if err := json.Unmarshal(r.Result.Value, result); err != nil {
			b.t.Fatalf("%s: %v", script, err)
		}
	}
}

// until waits for an expression to be true.
func (b *browser) until(what, expression string) {
	b.t.Helper()
	deadline := time.Now().Add(15 * time.Second)
	for tick := time.NewTicker(50 * time.Millisecond); ; <-tick.C {
		var holds bool
		b.eval("Boolean("+expression+")", &holds)
		if holds {
			return
		}
		if time.Now().After(deadline) {
			var text string
			b.eval("document.body.innerText", &text)
			b.t.Fatalf("never: %s\n%s\n%s", what, expression, text)
		}
	}
}

// click clicks the element that a selector finds.
func (b *browser) click(selector string) {
	b.t.Helper()
	b.until(selector+" is there", "document.querySelector("+quoted(selector)+")")
	b.eval("document.querySelector("+quoted(selector)+").click()", nil)
}

// key presses a key, wherever the focus is.
func (b *browser) key(key string) {
	b.t.Helper()
	params := map[string]any{"type": "keyDown", "key": key}
	if len(key) == 1 {
		params["text"] = key
	}
	b.do("Input.dispatchKeyEvent", params, nil)
	b.do("Input.dispatchKeyEvent", map[string]any{"type": "keyUp", "key": key}, nil)
}

// window is how large the window is, and whether the system is dark.
func (b *browser) window(width, height int, dark bool) {
	b.t.Helper()
	scheme := map[bool]string{false: "light", true: "dark"}[dark]
	b.do("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}, nil)
	b.do("Emulation.setEmulatedMedia", map[string]any{"features": []any{map[string]string{"name": "prefers-color-scheme", "value": scheme}}}, nil)
}

// screenshot writes what the window shows to a PNG file.
func (b *browser) screenshot(path string) {
	b.t.Helper()
	var r struct{ Data string }
	b.do("Page.captureScreenshot", nil, &r)
	png, err := base64.StdEncoding.DecodeString(r.Data)
	if err == nil {
		err = os.WriteFile(path, png, 0o644)
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

// clean fails the test when the page logged an error.
func (b *browser) clean() {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.errors) > 0 {
		b.t.Errorf("the page logged errors:\n%s", strings.Join(b.errors, "\n"))
	}
}

func quoted(s string) string { return fmt.Sprintf("%q", s) }
