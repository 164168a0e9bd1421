package e2e

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

const repository = "../../.."

// shell runs a program with more environment and expects it to succeed.
func shell(t *testing.T, env []string, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// TestUnits: systemd finds nothing wrong with the units, and little that they could do harm with.
func TestUnits(t *testing.T) {
	peer(t, "systemd-analyze")
	units, err := filepath.Glob(repository + "/scripts/systemd/*.service")
	if err != nil || len(units) != 2 {
		t.Fatalf("%v, %v", units, err)
	}
	for _, unit := range units { // exit code 1 if the score, in tenths, is above the threshold
		shell(t, nil, "systemd-analyze", "security", "--offline=true", "--threshold=20", "--no-pager", unit)
	}
}

func TestShellScripts(t *testing.T) {
	peer(t, "shellcheck")
	var scripts []string
	for _, pattern := range []string{"scripts/*.sh", "scripts/package/*.sh", ".ci/run"} {
		found, err := filepath.Glob(filepath.Join(repository, pattern))
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: %v, %v", pattern, found, err)
		}
		scripts = append(scripts, found...)
	}
	shell(t, nil, "shellcheck", scripts...)
}

// TestReproducible: two clones of the commit, in two folders, give the same archive and packages, and those hold what they should.
func TestReproducible(t *testing.T) {
	peer(t, "rpm")
	peer(t, "dpkg-deb")
	var made [2]string
	for i := range made {
		clone := filepath.Join(t.TempDir(), fmt.Sprintf("clone%d", i))
		shell(t, nil, "git", "clone", "--quiet", repository, clone)
		made[i] = t.TempDir()
		shell(t, []string{"OUT=" + made[i], "VERSION=1.2.3", "ARCHES=amd64"}, filepath.Join(clone, "scripts/build.sh"))
	}
	for _, ext := range []string{"tar.gz", "deb", "rpm"} {
		name := "offhook-1.2.3-linux-amd64." + ext
		a, err := os.ReadFile(filepath.Join(made[0], name))
		if err != nil {
			t.Fatal(err)
		}
		if b, err := os.ReadFile(filepath.Join(made[1], name)); err != nil || !bytes.Equal(a, b) {
			t.Errorf("%s differs: %d and %d bytes, %v", name, len(a), len(b), err)
		}
	}
	check := exec.Command("sha256sum", "--check", "SHA256SUMS")
	check.Dir = made[0]
	if out, err := check.CombinedOutput(); err != nil || bytes.Count(out, []byte(": OK")) != 3 {
		t.Errorf("checksums: %v\n%s", err, out)
	}
	root := t.TempDir()
	shell(t, nil, "dpkg-deb", "-x", filepath.Join(made[0], "offhook-1.2.3-linux-amd64.deb"), root)
	if out := shell(t, nil, filepath.Join(root, "usr/bin/offhook"), "version"); !strings.HasPrefix(out, "offhook 1.2.3 go") {
		t.Errorf("version: %s", out)
	}
	files := shell(t, nil, "rpm", "-qlp", filepath.Join(made[0], "offhook-1.2.3-linux-amd64.rpm"))
	for _, want := range []string{
		"/usr/bin/offhook", "/usr/lib/systemd/system/offhook.service", "/usr/lib/systemd/system/offhook-monitor.service", "/etc/offhook/offhook.toml",
		"/etc/offhook/scripts/default.lua", "/etc/offhook/scripts/lib/say.lua", "/etc/logrotate.d/offhook", "/usr/share/man/man1/offhook.1.gz",
		"/usr/share/bash-completion/completions/offhook",
	} {
		if !strings.Contains(files, want+"\n") {
			t.Errorf("the .rpm has no %s", want)
		}
		if _, err := os.Stat(filepath.Join(root, want)); err != nil {
			t.Errorf("the .deb: %v", err)
		}
	}
}

// site is a folder that is / to an installed Offhook.
type site struct {
	*testing.T
	root string
	env  []string
}

// run runs install.sh or uninstall.sh of a tree.
func (s *site) run(script string, args ...string) string {
	s.Helper()
	return shell(s.T, s.env, script, append(args, "--root", s.root)...)
}

func (s *site) write(path, text string) {
	s.Helper()
	if err := os.WriteFile(filepath.Join(s.root, path), []byte(text), 0o644); err != nil {
		s.Fatal(err)
	}
}

// files lists all files with their contents.
func (s *site) files() map[string]string {
	s.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(s.root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		all[strings.TrimPrefix(path, s.root)] = string(text)
		return err
	})
	if err != nil {
		s.Fatal(err)
	}
	return all
}

// has compares a file with what it should be; empty: it is not there.
func (s *site) has(path, want string) {
	s.Helper()
	if text, ok := s.files()[path]; ok != (want != "") || want != "" && text != want {
		s.Errorf("%s is there: %v; it is %.60q, want %.60q", path, ok, text, want)
	}
}

// serves starts the installed server with the folder as its /, and calls it.
func (s *site) serves() {
	s.Helper()
	server := newServer(s.T)
	server.cmd = exec.Command("/usr/bin/offhook", "serve", "--config", "/etc/offhook/offhook.toml", "--set", "sip.bind_address=127.0.0.1",
		"--port", "0", "--health-port", "0", "--set", "control.socket=/var/lib/offhook/s")
	server.cmd.Path, server.cmd.Err = "/usr/bin/offhook", nil // in its /, not in ours
	server.cmd.Dir = "/var/lib/offhook"
	server.cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: s.root}
	if uid := os.Getuid(); uid != 0 {
		server.cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWUSER
		server.cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: uid, Size: 1}}
		server.cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
	}
	server.cmd.Stdout, server.cmd.Stderr = server.out, server.out
	if err := server.cmd.Start(); err != nil {
		s.Fatal(err)
	}
	go func() { server.exited <- server.cmd.Wait(); server.out.close() }() // ends with the process, which stop ends
	defer server.stop()
	port := server.find(`SIP +udp 127\.0\.0\.1:(\d+)`)
	server.find(`scripts  generation 1 from (/etc/offhook/scripts):`)
	out, code := command(s.T, time.Minute, binary, "call", "--max", "1s", "--expect-tone", "440", "sip:test@127.0.0.1:"+port)
	if code != 0 {
		s.Errorf("the installed server: exit code %d\n%s\n%s", code, out, server.out)
	}
}

// TestInstall installs below a folder, serves from there, upgrades, and takes it away again.
func TestInstall(t *testing.T) {
	peer(t, "systemd-sysusers")
	s := &site{T: t, root: t.TempDir()}
	built := t.TempDir()
	tree := strings.TrimSpace(shell(t, []string{"OUT=" + built, "VERSION=1.0.0"}, repository+"/scripts/build.sh", "--tree"))
	s.install(tree)
	s.serves()
	s.upgrade(tree)
	s.uninstall(tree)
}

func (s *site) install(tree string) {
	s.Helper()
	if out := s.run(tree + "/install.sh"); !strings.Contains(out, "user offhook: made\n") || !strings.Contains(out, "offhook 1.0.0 go") || strings.Contains(out, "firewall") {
		s.Errorf("install:\n%s", out)
	}
	if !strings.HasPrefix(s.files()["/etc/passwd"], "offhook:") {
		s.Errorf("no user: %q", s.files()["/etc/passwd"])
	}
	for path, want := range map[string]fs.FileMode{"etc/offhook/offhook.toml": 0o640, "var/lib/offhook": 0o750, "var/log/offhook": 0o750, "usr/bin/offhook": 0o755} {
		if info, err := os.Stat(filepath.Join(s.root, path)); err != nil || info.Mode().Perm() != want {
			s.Errorf("%s: %v, %v; want %v", path, info.Mode(), err, want)
		}
	}
}

// upgrade edits, and installs another version of the tree over it.
func (s *site) upgrade(tree string) {
	s.Helper()
	const scripts = "/etc/offhook/scripts/"
	shipped := s.files()
	const edited = "-- mine\nfunction on_call(call) call:reject() end\n"
	s.write(scripts+"default.lua", edited)
	s.write(scripts+"own.lua", edited)
	s.write("/var/lib/offhook/recording.wav", "RIFF")
	toml := strings.Replace(shipped["/etc/offhook/offhook.toml"], "port = 5060", "port = 5070", 1)
	s.write("/etc/offhook/offhook.toml", toml)
	if err := os.Remove(filepath.Join(s.root, scripts, "busy.lua")); err != nil {
		s.Fatal(err)
	}
	before := s.files()
	s.run(tree + "/install.sh") // the same version: nothing changes
	if after := s.files(); fmt.Sprint(after) != fmt.Sprint(before) {
		s.Errorf("installed once more, %d files became %d, or others", len(before), len(after))
	}

	next := filepath.Join(s.TempDir(), "next")
	shell(s.T, nil, "cp", "-r", tree, next)
	for name, text := range map[string]string{"default.lua": "-- new\n", "menu.lua": "-- new menu\n", "busy.lua": "-- new busy\n"} {
		if err := os.WriteFile(filepath.Join(next, "root", scripts, name), []byte(text), 0o644); err != nil {
			s.Fatal(err)
		}
	}
	if err := os.Remove(filepath.Join(next, "root", scripts, "echo.lua")); err != nil {
		s.Fatal(err)
	}
	out := s.run(next + "/install.sh")
	for _, want := range []string{
		"kept: /etc/offhook/scripts/default.lua, as you edited it; the new one is /etc/offhook/scripts/default.lua.new\n",
		"kept away: /etc/offhook/scripts/busy.lua, as you removed it\n",
	} {
		if !strings.Contains(out, want) {
			s.Errorf("upgrade does not say %q:\n%s", want, out)
		}
	}
	s.has(scripts+"default.lua", edited)
	s.has(scripts+"default.lua.new", "-- new\n")
	s.has(scripts+"menu.lua", "-- new menu\n")
	s.has(scripts+"own.lua", edited)
	s.has(scripts+"busy.lua", "")
	s.has(scripts+"echo.lua", "")
	s.has("/etc/offhook/offhook.toml", toml)
	s.has("/etc/offhook/offhook.toml.new", "")
}

func (s *site) uninstall(tree string) {
	s.Helper()
	bin, rules := s.TempDir(), filepath.Join(s.TempDir(), "rules")
	ufw := "#!/bin/sh\nif [ \"$1\" = status ]; then echo 'Status: active'; else echo \"$@\" >>" + rules + "; fi\n"
	if err := os.WriteFile(filepath.Join(bin, "ufw"), []byte(ufw), 0o755); err != nil {
		s.Fatal(err)
	}
	s.env = []string{"PATH=" + bin + ":" + os.Getenv("PATH")}
	if out := s.run(tree+"/install.sh", "--firewall", "yes"); !strings.Contains(out, "firewall: open are 5070/udp 10000:20000/udp") {
		s.Errorf("firewall:\n%s", out)
	}
	out := s.run(tree + "/uninstall.sh")
	const opened = "allow 5070/udp comment offhook\nallow 10000:20000/udp comment offhook\ndelete allow 5070/udp\ndelete allow 10000:20000/udp\n"
	if text, err := os.ReadFile(rules); err != nil || string(text) != opened {
		s.Errorf("%v, ufw was told\n%s", err, text)
	}
	var left []string
	for path := range s.files() {
		if !slices.Contains([]string{"/etc/passwd", "/etc/group", "/etc/shadow", "/etc/gshadow", "/etc/.pwd.lock"}, path) {
			left = append(left, path)
		}
	}
	slices.Sort(left)
	const data = "[/etc/offhook/offhook.toml /etc/offhook/scripts/default.lua /etc/offhook/scripts/own.lua /var/lib/offhook/recording.wav]"
	if got := fmt.Sprint(left); got != data || !strings.Contains(out, "kept: /etc/offhook/offhook.toml, as you edited it\n") {
		s.Errorf("left are %s, want %s:\n%s", got, data, out)
	}
	s.run(tree+"/uninstall.sh", "--purge")
	for path, text := range s.files() {
		if strings.Contains(path, "offhook") || strings.Contains(text, "offhook") {
			s.Errorf("%s is left after --purge", path)
		}
	}
}
