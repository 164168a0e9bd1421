package console

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"io/fs"
	"net/http"
	"path"
)

// web holds the pages: plain HTML, CSS and JavaScript modules, as they are written.
//
//go:embed web
var web embed.FS

// kinds are those of all files there are; what the machine thinks of them may differ.
var kinds = map[string]string{".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}

// servePage sends the one document that all pages are shown in.
func servePage(w http.ResponseWriter, r *http.Request) { serveFile(w, r, "index.html") }

func serveAsset(w http.ResponseWriter, r *http.Request) { serveFile(w, r, r.PathValue("name")) }

func serveFile(w http.ResponseWriter, r *http.Request, name string) {
	content, err := fs.ReadFile(web, path.Join("web", path.Base(name)))
	if err != nil {
		refuse(w, http.StatusNotFound, "there is nothing here")
		return
	}
	sum := sha256.Sum256(content)
	tag := `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
	h := w.Header()
	h.Set("ETag", tag)
	h.Set("Cache-Control", "no-cache") // ask each time: a new version is there at once
	if r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", kinds[path.Ext(name)]+"; charset=utf-8")
	_, _ = w.Write(content) // the browser left: nobody to tell
}
