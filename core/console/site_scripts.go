package console

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// currentScripts is the body of GET /api/v1/scripts.
type currentScripts struct {
	Generation uint64   `json:"generation"`
	Hash       string   `json:"hash"`
	Origin     string   `json:"origin"`
	Files      []string `json:"files"`
}

func (s *Site) scripts(w http.ResponseWriter, _ *http.Request) {
	body := currentScripts{Files: []string{}}
	for _, g := range s.o.Scripts.Generations() {
		if !g.Current {
			continue
		}
		body.Generation, body.Hash, body.Origin = g.Number, g.Hash, g.Origin
		files, _ := s.o.Scripts.Files(g.Number)
		for _, f := range files {
			body.Files = append(body.Files, f.Path)
		}
	}
	writeJSON(w, http.StatusOK, body)
}

func (s *Site) generations(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, s.o.Scripts.Generations())
}

// filesOf are the files of the generation that a request names: its number, or "refused" for what was refused last.
func (s *Site) filesOf(w http.ResponseWriter, name string) ([]File, bool) {
	number, err := strconv.ParseUint(name, 10, 64)
	if name == "refused" {
		number, err = 0, nil
	} else if number == 0 {
		err = strconv.ErrRange
	}
	if err == nil {
		if files, ok := s.o.Scripts.Files(number); ok {
			return files, true
		}
	}
	refuse(w, http.StatusNotFound, fmt.Sprintf("no generation %q is remembered", name))
	return nil, false
}

func (s *Site) files(w http.ResponseWriter, r *http.Request) {
	if files, ok := s.filesOf(w, r.PathValue("number")); ok {
		writeJSON(w, http.StatusOK, files)
	}
}

// FileDiff is what one file has otherwise.
type FileDiff struct {
	Path   string     `json:"path"`
	Change string     `json:"change"` // "added", "changed" or "removed"
	Lines  []DiffLine `json:"lines"`
}

// diff compares a generation with another one: GET /api/v1/generations/4/diff?from=3
func (s *Site) diff(w http.ResponseWriter, r *http.Request) {
	after, ok := s.filesOf(w, r.PathValue("number"))
	if !ok {
		return
	}
	var before []File
	if from := r.URL.Query().Get("from"); from != "" {
		if before, ok = s.filesOf(w, from); !ok {
			return
		}
	}
	writeJSON(w, http.StatusOK, diffFiles(before, after))
}

func diffFiles(before, after []File) []FileDiff {
	old := map[string]string{}
	for _, f := range before {
		old[f.Path] = f.Text
	}
	all := []FileDiff{}
	for _, f := range after {
		text, there := old[f.Path]
		delete(old, f.Path)
		switch {
		case !there:
			all = append(all, FileDiff{f.Path, "added", diff("", f.Text)})
		case text != f.Text:
			all = append(all, FileDiff{f.Path, "changed", diff(text, f.Text)})
		}
	}
	for _, f := range before {
		if text, gone := old[f.Path]; gone {
			all = append(all, FileDiff{f.Path, "removed", diff(text, "")})
		}
	}
	return all
}

// patience is for requests that take long: new scripts have to pass their tests.
func patience(w http.ResponseWriter) {
	control, until := http.NewResponseController(w), time.Now().Add(2*time.Minute)
	_ = errors.Join(control.SetReadDeadline(until), control.SetWriteDeadline(until)) // a writer without them is a test's
}

func (s *Site) reload(w http.ResponseWriter, r *http.Request) {
	patience(w)
	c := s.o.Scripts.Reload(r.Context())
	s.audit(r, "reload", fmt.Sprintf("generation %d", c.Generation), resultOf(c))
	answer(w, c)
}

func (s *Site) rollback(w http.ResponseWriter, r *http.Request) {
	number, err := strconv.ParseUint(r.PathValue("number"), 10, 64)
	if err != nil {
		refuse(w, http.StatusBadRequest, "the generation is a number")
		return
	}
	patience(w)
	c := s.o.Scripts.Rollback(r.Context(), number)
	s.audit(r, "rollback", fmt.Sprintf("to generation %d", number), resultOf(c))
	answer(w, c)
}

func resultOf(c Change) string {
	switch {
	case c.Error != "":
		return c.Error
	case !c.Changed:
		return "nothing has changed"
	}
	return "ok"
}
