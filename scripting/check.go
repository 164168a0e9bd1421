package scripting

import (
	"slices"
	"strings"

	"offhook/scripting/sandbox"
)

// The static checks find what will fail as soon as it runs, without running it: names that are not there, and arguments
// written out in the script that their function does not take. They are driven by the Reference and use the same
// conversions as calls do, so that they say the same. What is not certain is no finding, as a finding refuses the scripts:
//
//   - a variable is a call if it is the first parameter of a handler, or a parameter of a function that is only ever called,
//     and with calls there; and if nothing else is ever assigned to it. Of other parameters named call, on which a verb is
//     used, only what differs from a name by one letter is a finding: objects around a call are called call, too;
//   - a module is one unless some file sets a global of its name, or does more with _G than to name a global;
//   - a global is missing if no file sets it, and no condition asks whether it is there.

// vocabulary is what scripts can say.
type vocabulary struct {
	library   map[string][]string  // global names, with the names in those that are modules
	functions map[string]*Function // "require", "log.info"
	verbs     map[string]*Function
	fields    []string
	handlers  map[string]Handler
}

func newVocabulary(ref Reference, shared *sandbox.Shared) *vocabulary {
	v := &vocabulary{
		library: shared.Names(), functions: map[string]*Function{}, verbs: map[string]*Function{}, handlers: map[string]Handler{},
	}
	for i := range ref.Verbs {
		v.verbs[ref.Verbs[i].Name] = &ref.Verbs[i]
	}
	for i := range ref.Globals {
		v.functions[ref.Globals[i].Name] = &ref.Globals[i]
	}
	for _, m := range ref.Modules {
		for i := range m.Functions {
			v.functions[m.Name+"."+m.Functions[i].Name] = &m.Functions[i]
		}
	}
	for _, f := range ref.Fields {
		v.fields = append(v.fields, f.Name)
	}
	for _, h := range ref.Handlers {
		v.handlers[h.Name] = h
	}
	return v
}

// ofCall names all that can follow "call." and "call:".
func (v *vocabulary) ofCall() []string {
	names := slices.Clone(v.fields)
	for name := range v.verbs {
		names = append(names, name)
	}
	slices.Sort(names) // so that equally near suggestions do not take turns
	return names
}

// folderCheck is what the files of one folder have in common: their globals.
type folderCheck struct {
	*vocabulary
	files    []string // that require finds
	findings Findings

	set     map[string]bool // globals that some file sets
	asked   map[string]bool // globals, and names of modules as "string.pack", that some condition asks for
	read    map[string]bool
	unknown bool // globals may be set in ways that are not seen
	globals map[string]*variable
	later   []func()
}

// check looks at the parsed files of a folder, of which files are all.
func (v *vocabulary) check(parsed []*sandbox.Syntax, texts map[string]string, files []string) Findings {
	c := &folderCheck{
		vocabulary: v, files: files, unknown: len(parsed) < len(files),
		set: map[string]bool{}, asked: map[string]bool{}, read: map[string]bool{}, globals: map[string]*variable{},
	}
	for _, s := range parsed {
		f := &fileCheck{folderCheck: c, path: s.Name(), lines: strings.Split(texts[s.Name()], "\n")}
		f.function(nil, s.Stmts(), nil, nil)
	}
	for _, g := range c.globals {
		g.escapes = g.escapes || c.unknown
	}
	for _, look := range c.later { // all assignments are known now
		look()
	}
	c.findings.sort()
	return c.findings
}

// fileCheck looks through one file.
type fileCheck struct {
	*folderCheck
	path  string
	lines []string
	scope *scope
	depth int
}

// find notes a finding about a word on a line. The column is that of the word if it stands there once.
func (f *fileCheck) find(line int, word, message string) {
	f.findings = append(f.findings, &Finding{File: f.path, Line: line, Column: f.column(line, word), Message: message})
}

func (f *fileCheck) column(line int, word string) int {
	if line < 1 || line > len(f.lines) || word == "" {
		return 0
	}
	text, at := f.lines[line-1], 0
	for from := 0; ; {
		i := strings.Index(text[from:], word)
		if i < 0 {
			return at
		}
		begin, end := from+i, from+i+len(word)
		from = end
		if begin > 0 && wordByte(text[begin-1]) || end < len(text) && wordByte(text[end]) {
			continue
		}
		if at > 0 {
			return 0
		}
		at = begin + 1
	}
}

func wordByte(b byte) bool {
	return b == '_' || b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z'
}
