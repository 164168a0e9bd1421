package console

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// dial sends one request over a socket.
func dial(t *testing.T, socket, method, path string, body any) int {
	t.Helper()
	client := http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", socket)
		},
	}}
	req, err := http.NewRequest(method, "http://offhook"+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if body != nil {
		if err := json.NewDecoder(res.Body).Decode(body); err != nil {
			t.Fatal(err)
		}
	}
	return res.StatusCode
}

func listen(t *testing.T, path string, s Scripts) *Server {
	t.Helper()
	server, err := ListenControl(ControlOptions{Path: path, Scripts: s})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return server
}

func TestControl(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	listen(t, path, Scripts{
		Reload: func(context.Context) Change { return Change{Generation: 2, Changed: true, Hash: "ab"} },
		Rollback: func(_ context.Context, n uint64) Change {
			return Change{Generation: n, Error: "no", Findings: []Finding{{"default.lua", 1, 2, "wrong"}}}
		},
		Generations: func() []Generation { return []Generation{{Number: 2, Current: true, Outcome: "loaded"}} },
	})
	var c Change
	if code := dial(t, path, "POST", "/reload", &c); code != 200 || c.Generation != 2 || !c.Changed {
		t.Errorf("reload: %d %+v", code, c)
	}
	if code := dial(t, path, "POST", "/rollback/7", &c); code != 409 || c.Generation != 7 || c.Error != "no" || c.Findings[0].Column != 2 {
		t.Errorf("rollback: %d %+v", code, c)
	}
	var all []Generation
	if code := dial(t, path, "GET", "/generations", &all); code != 200 || len(all) != 1 || !all[0].Current {
		t.Errorf("generations: %d %+v", code, all)
	}
	for _, tt := range []struct {
		method, path string
		want         int
	}{{"GET", "/reload", 405}, {"POST", "/rollback/x", 400}, {"POST", "/rollback/-1", 400}, {"GET", "/nothing", 404}} {
		if code := dial(t, path, tt.method, tt.path, nil); code != tt.want {
			t.Errorf("%s %s: %d, want %d", tt.method, tt.path, code, tt.want)
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 || info.Mode().Type() != fs.ModeSocket {
		t.Errorf("the socket is %v, %v; want one that its user alone can open", info.Mode(), err)
	}
}

func TestControlSocketPath(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "s")

	stale, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	stale.(*net.UnixListener).SetUnlinkOnClose(false) // as a server that was killed
	stale.Close()
	first, err := ListenControl(ControlOptions{Path: path})
	if err != nil {
		t.Fatalf("the socket of a server that is gone: %v", err)
	}
	if _, err := ListenControl(ControlOptions{Path: path}); !errors.Is(err, ErrSocketTaken) || !strings.Contains(err.Error(), path) {
		t.Errorf("the socket of a server that runs: %v", err)
	}
	if err := first.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the socket is left behind: %v", err)
	}

	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ListenControl(ControlOptions{Path: file}); err == nil || !strings.Contains(err.Error(), "is not a socket") {
		t.Errorf("a file in its place: %v", err)
	}
	if text, _ := os.ReadFile(file); string(text) != "mine" {
		t.Error("the file was replaced")
	}
	if _, err := ListenControl(ControlOptions{Path: filepath.Join(dir, "no", "s")}); err == nil {
		t.Error("no folder, and no error")
	}
	if _, err := ListenControl(ControlOptions{Path: "/" + strings.Repeat("x", 200)}); err == nil || !strings.Contains(err.Error(), "201 bytes are more than the 103") {
		t.Errorf("too long: %v", err)
	}
}
