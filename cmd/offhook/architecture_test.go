package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "offhook/"

// mayImport says which packages of ours a part of the tree may import, by the longest path that it lies under; "core/*" are all
// packages below core.
var mayImport = map[string][]string{
	"cmd":                  {"config", "core", "core/*", "scripting", "scripting/*", "scripts", "media", "media/*"},
	"config":               {},
	"core":                 {"core", "core/*", "media"},
	"core/coretest":        {"core", "core/*", "media", "media/*"}, // a caller of its own make, for tests
	"scripting":            {"scripting", "scripting/*", "media"},
	"scripting/scripttest": {"scripting", "scripting/*", "media", "media/*"}, // it measures what callers hear
	"scripts":              {},
	"media":                {"media/*"},
}

// onlyIn says which packages may name a library, with the packages below it, but for those that have a line of their own.
var onlyIn = map[string][]string{
	"github.com/emiago/sipgo":     {"core/transport"},
	"github.com/emiago/sipgo/sip": {"core", "core/transport", "core/transaction", "cmd/offhook"}, // message types
	"github.com/yuin/gopher-lua":  {"scripting", "scripting/*"},
	"github.com/knadh/koanf":      {"config"},
	"github.com/pion/opus":        {"media/sound"},
	"github.com/pion/sdp":         {"core/sdp"},
	"github.com/pion/srtp":        {"media"},
	"github.com/gobwas/ws":        {"core/transport"},
	"github.com/miekg/dns":        {"core/locate", "core/locate/dnstest"},
	"github.com/spf13/cobra":      {"cmd/*"},
}

// importer is a package and what it imports, as go list tells.
type importer struct {
	ImportPath string
	Imports    []string
}

// violations lists the imports that the two tables forbid.
func violations(packages []importer) (found []string) {
	for _, p := range packages {
		path := strings.TrimPrefix(p.ImportPath, module)
		allowed, known := under(path, mayImport)
		if !known {
			found = append(found, path+" is in no part of the tree that architecture_test.go knows")
		}
		for _, name := range p.Imports {
			if ours, ok := strings.CutPrefix(name, module); ok {
				if !matches(ours, allowed) {
					found = append(found, fmt.Sprintf("%s must not import %s", path, ours))
				}
			} else if in, ok := under(name, onlyIn); ok && !matches(path, in) {
				found = append(found, fmt.Sprintf("%s must not import %s", path, name))
			}
		}
	}
	return found
}

// matches tells whether path is one of the patterns: a path, or one with /* after it for all below.
func matches(path string, patterns []string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		if above, ok := strings.CutSuffix(pattern, "*"); ok {
			return strings.HasPrefix(path, above)
		}
		return path == pattern
	})
}

// under finds the entry of a table for the longest path that name lies under.
func under(name string, table map[string][]string) (entry []string, ok bool) {
	for ; name != ""; name = name[:max(strings.LastIndexByte(name, '/'), 0)] {
		if entry, ok = table[name]; ok {
			return entry, true
		}
	}
	return nil, false
}

// TestImportDirections holds the tree, as it is built for two systems, to the tables above. Tests may import what they like.
func TestImportDirections(t *testing.T) {
	for _, system := range []string{"linux", "darwin"} {
		packages := listPackages(t, system)
		if len(packages) < 20 {
			t.Fatalf("go list knows %d packages for %s", len(packages), system)
		}
		for _, v := range violations(packages) {
			t.Errorf("%s: %s", system, v)
		}
	}
}

func listPackages(t *testing.T, system string) (packages []importer) {
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports", module+"...")
	cmd.Env = append(os.Environ(), "GOOS="+system)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for d := json.NewDecoder(out); ; {
		var p importer
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	return packages
}

// TestViolations makes up imports, so that TestImportDirections is known to fail when it should.
func TestViolations(t *testing.T) {
	for _, c := range []struct {
		from, to  string
		forbidden bool
	}{
		{"cmd/offhook", "offhook/core/transaction", false},
		{"cmd/offhook", "github.com/emiago/sipgo/sip", false},
		{"core", "offhook/core/sdp", false},
		{"core/sdp", "offhook/media", false},
		{"core/coretest", "offhook/media/dtmf", false},
		{"cmd/rtpmeter", "github.com/spf13/cobra", false},
		{"scripting", "offhook/media", false},
		{"scripting/sandbox", "github.com/yuin/gopher-lua/parse", false},
		{"media/wav", "offhook/media/g711", false},
		{"config", "github.com/knadh/koanf/v2", false},
		{"media", "net/http", false},
		{"core", "offhook/scripting", true},
		{"core", "offhook/config", true},
		{"core", "offhook/media/g711", true},
		{"core/transport", "offhook/cmd/offhook", true},
		{"scripting", "offhook/core", true},
		{"scripting", "offhook/core/sdp", true},
		{"scripting", "offhook/media/wav", true},
		{"media", "offhook/core", true},
		{"core/sdp", "offhook/media/dtmf", true},
		{"core/coretest", "offhook/scripting", true},
		{"scripting", "github.com/spf13/cobra", true},
		{"media/tone", "offhook/media", true},
		{"media", "offhook/scripting/sandbox", true},
		{"config", "offhook/media", true},
		{"scripts", "offhook/config", true},
		{"scripting", "github.com/emiago/sipgo/sip", true},
		{"core", "github.com/emiago/sipgo", true},
		{"core/transaction", "github.com/emiago/sipgo/transport", true},
		{"core", "github.com/yuin/gopher-lua", true},
		{"core", "github.com/pion/sdp/v3", true},
		{"corelike", "fmt", true}, // an unknown part
	} {
		got := violations([]importer{{module + c.from, []string{"fmt", c.to}}})
		if (len(got) > 0) != c.forbidden {
			t.Errorf("%s imports %s: %q, forbidden %v", c.from, c.to, got, c.forbidden)
		}
	}
}
