package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"offhook/config"
	"offhook/core/console"
	"offhook/scripting"
)

// This file is the server's side of the control socket; its clients are in operate.go.

// socketPath is where the control socket is; empty: there is none.
func socketPath(c config.Control) string {
	if c.Socket != "auto" {
		return c.Socket
	}
	if os.Getuid() == 0 {
		return systemSocket
	}
	for _, name := range []string{"RUNTIME_DIRECTORY", "XDG_RUNTIME_DIR"} { // of systemd: of the service, of the user
		if dir := os.Getenv(name); dir != "" {
			return filepath.Join(dir, "offhook.sock")
		}
	}
	return filepath.Join(os.TempDir(), "offhook-"+strconv.Itoa(os.Getuid())+".sock")
}

// systemSocket is where the service has it that a package installs.
const systemSocket = "/run/offhook/offhook.sock"

// serverSocket is where a command looks for a server: of its own user first, then of the machine.
func serverSocket(c config.Control) string {
	path := socketPath(c)
	if c.Socket != "auto" {
		return path
	}
	if _, err := os.Stat(path); err != nil {
		if _, err := os.Stat(systemSocket); err == nil {
			return systemSocket
		}
	}
	return path
}

// listenControl opens the control socket. A socket that nobody asked for by name must not keep the server from answering
// calls: the server then goes without.
func (a *app) listenControl() (*console.Server, error) {
	path := socketPath(a.config.Control)
	if path == "" {
		return nil, nil
	}
	auto := a.config.Control.Socket == "auto"
	if auto && os.Getuid() == 0 {
		_ = os.MkdirAll(filepath.Dir(path), 0o755) // if it fails, so does the socket
	}
	s, err := console.ListenControl(console.ControlOptions{
		Path: path, Scripts: controlled(a.scripts), Service: a.service(), Bans: bansOf(a.guard), Calls: a.callControl(), Log: a.log,
	})
	switch {
	case err == nil:
		return s, nil
	case auto:
		a.log.Warn("no control socket: set control.socket to a path, or to nothing", "error", err)
		return nil, nil
	case errors.Is(err, console.ErrSocketTaken):
		return nil, fmt.Errorf("%w: choose another with --set control.socket=PATH", err)
	}
	return nil, err
}

// controlled is what the control socket does with the scripts.
func controlled(scripts *scripting.Engine) console.Scripts {
	change := func(do func() (*scripting.Generation, error)) console.Change {
		before := scripts.Generation()
		g, err := do()
		if err != nil {
			text, findings := told(err)
			return console.Change{Generation: scripts.Generation().Number, Error: text, Findings: findings}
		}
		return console.Change{Generation: g.Number, Changed: g != before, Hash: g.Hash, Files: g.Files}
	}
	return console.Scripts{
		Reload: func(ctx context.Context) console.Change {
			return change(func() (*scripting.Generation, error) { return scripts.Reload(ctx) })
		},
		Rollback: func(ctx context.Context, number uint64) console.Change {
			return change(func() (*scripting.Generation, error) { return scripts.Rollback(ctx, number) })
		},
		Generations: func() []console.Generation { return generations(scripts.History()) },
		Files: func(generation uint64) ([]console.File, bool) {
			files, ok := scripts.Files(generation)
			all := make([]console.File, len(files))
			for i, f := range files {
				all[i] = console.File(f)
			}
			return all, ok
		},
	}
}

func generations(history []scripting.Record) []console.Generation {
	all := make([]console.Generation, len(history))
	for i, r := range history {
		all[i] = console.Generation{
			Number: r.Number, Current: r.Current, Time: r.Time, Outcome: r.Outcome, Of: r.Of, Hash: r.Hash, Origin: r.Origin,
			Added: r.Added, Changed: r.Changed, Removed: r.Removed,
		}
		if r.Err != nil {
			all[i].Error, all[i].Findings = told(r.Err)
		}
	}
	return all
}

// told is an error as text, and the findings that it is made of.
func told(err error) (text string, findings []console.Finding) {
	found := scripting.Findings(nil)
	if errors.As(err, &found) {
		for _, f := range found {
			findings = append(findings, console.Finding(*f))
		}
	}
	return err.Error(), findings
}
