package scripting

import (
	"archive/zip"
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
)

const (
	maxFiles     = 1000
	maxFileBytes = 1 << 20 // far over what the compiler accepts: a folder of something else is refused before it is read
	maxDepth     = 8       // also ends a link that leads back up
)

// entry is a folder or a Lua file below the scripts folder.
type entry struct {
	path string
	info fs.FileInfo
}

// same reports whether two entries are one file that has not changed since.
func (e entry) same(o entry) bool {
	return e.path == o.path && os.SameFile(e.info, o.info) && e.info.Mode() == o.info.Mode() &&
		(e.info.IsDir() || e.info.Size() == o.info.Size() && e.info.ModTime().Equal(o.info.ModTime()))
}

// list finds the Lua files and the folders below fsys, itself included, sorted by path. Links are followed as far as fsys lets them.
func list(fsys fs.FS) ([]entry, error) {
	root, err := fs.Stat(fsys, ".")
	if err != nil {
		return nil, err
	}
	entries := []entry{{".", root}}
	if err := listFolder(fsys, ".", 1, &entries); err != nil {
		return nil, err
	}
	slices.SortFunc(entries, func(a, b entry) int { return cmp.Compare(a.path, b.path) })
	return entries, nil
}

func listFolder(fsys fs.FS, folder string, depth int, entries *[]entry) error {
	if depth > maxDepth {
		return fmt.Errorf("%s: folders nested more than %d deep", folder, maxDepth)
	}
	names, err := fs.ReadDir(fsys, folder)
	if err != nil {
		return err
	}
	for _, d := range names {
		name := path.Join(folder, d.Name())
		link := d.Type()&fs.ModeSymlink != 0
		if strings.HasPrefix(d.Name(), ".") || !d.IsDir() && !link && !isScript(name) {
			continue // editors' lock files, the ..data of a Kubernetes volume, sounds
		}
		info, err := fs.Stat(fsys, name)
		switch {
		case err != nil && link && !isScript(name):
			continue // a link to something that is no concern of ours
		case errors.Is(err, fs.ErrNotExist) && !link:
			continue // gone since ReadDir: an editor's temporary file
		case err != nil:
			return err
		case !info.IsDir() && !isScript(name):
			continue
		}
		if len(*entries) >= maxFiles {
			return fmt.Errorf("%s: more than %d files and folders", folder, maxFiles)
		}
		*entries = append(*entries, entry{name, info})
		if info.IsDir() {
			if err := listFolder(fsys, name, depth+1, entries); err != nil {
				return err
			}
		}
	}
	return nil
}

// isScript tells files that are part of a snapshot from editor stubs and all others.
func isScript(name string) bool {
	return strings.HasSuffix(name, ".lua") && !strings.HasSuffix(name, ".d.lua")
}

// isTest tells tests of scripts from scripts. They are part of a snapshot, as scripts that pass new tests are new scripts, and
// no call runs them.
func isTest(name string) bool { return strings.HasSuffix(name, "_test.lua") }

// source is one Lua file as it was read.
type source struct{ path, text string }

// script is the name that calls are given to the file by; files in folders have none, they are for require.
func (s source) script() (name string, ok bool) {
	return strings.TrimSuffix(s.path, ".lua"), !strings.Contains(s.path, "/") && !isTest(s.path)
}

// snapshot is what a scripts folder held at one moment.
type snapshot struct {
	origin string // the folder, or "embedded"
	files  []source
}

// hash identifies names and contents.
func (s snapshot) hash() string {
	h := sha256.New()
	for _, f := range s.files {
		fmt.Fprintf(h, "%d %s %d %s", len(f.path), f.path, len(f.text), f.text)
	}
	return hex.EncodeToString(h.Sum(nil)[:6])
}

// scripts are the files that calls run.
func (s snapshot) scripts() []source {
	return slices.DeleteFunc(slices.Clone(s.files), func(f source) bool { return isTest(f.path) })
}

// same reports whether two snapshots are of one folder and hold the same.
func (s snapshot) same(o snapshot) bool {
	return s.origin == o.origin && slices.Equal(s.files, o.files)
}

// FS gives the files of the snapshot, in memory: zip has the only file system of the standard library that is made of bytes.
func (s snapshot) FS() (fs.FS, error) {
	var archive bytes.Buffer
	z := zip.NewWriter(&archive)
	for _, f := range s.files {
		w, err := z.CreateHeader(&zip.FileHeader{Name: f.path, Method: zip.Store})
		if err != nil {
			return nil, err
		}
		if _, err := io.WriteString(w, f.text); err != nil {
			return nil, err
		}
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return zip.NewReader(bytes.NewReader(archive.Bytes()), int64(archive.Len()))
}

// readFolder takes a snapshot of dir. Links may lead anywhere below dir, never out of it.
func readFolder(dir string) (snapshot, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return snapshot{}, err
	}
	defer root.Close()
	return read(root.FS(), dir)
}

// read takes a snapshot, once more when the files change under its hands.
func read(fsys fs.FS, origin string) (snapshot, error) {
	const attempts = 3
	for attempt := 1; ; attempt++ {
		before, err := list(fsys)
		if err != nil {
			return snapshot{}, err
		}
		files, err := readFiles(fsys, before)
		after, listErr := list(fsys)
		if attempt == attempts || listErr == nil && slices.EqualFunc(before, after, entry.same) {
			return snapshot{origin, files}, err
		}
	}
}

func readFiles(fsys fs.FS, entries []entry) (files []source, err error) {
	for _, e := range entries {
		if e.info.IsDir() {
			continue
		}
		if e.info.Size() > maxFileBytes {
			return nil, fmt.Errorf("%s: %d bytes is too large for a script", e.path, e.info.Size())
		}
		text, err := fs.ReadFile(fsys, e.path)
		if err != nil {
			return nil, err
		}
		files = append(files, source{e.path, string(text)})
	}
	return files, nil
}
