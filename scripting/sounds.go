package scripting

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"offhook/media"
)

// fade keeps a tone that ends in the middle of a wave from clicking.
const fade = 5 * time.Millisecond

// sounds makes the sources that calls play. What they have in common is rendered once.
type sounds struct {
	folder    folder
	embedded  fs.FS // sounds that the folder lacks; nil = none
	cache     *media.Cache
	downloads *downloads
}

// file opens a file of the folder, or of a folder below it, or else an embedded one.
func (s *sounds) file(name string) (media.Source, error) {
	switch {
	case !fs.ValidPath(name):
		return nil, fmt.Errorf("sound %q: is not a path below the folder of sounds", name)
	case s.folder == "" && s.embedded == nil:
		return nil, fmt.Errorf("sound %q: no folder of sounds is configured", name)
	}
	err := fs.ErrNotExist
	if s.folder != "" {
		var src media.Source
		if src, err = media.FileIn(s.folder, name); err == nil {
			return s.cache.Source(src), nil
		}
	}
	if s.embedded != nil && errors.Is(err, fs.ErrNotExist) {
		var src media.Source
		if src, err = media.FileIn(s.embedded, name); err == nil {
			return s.cache.Source(src), nil
		}
	}
	return nil, err
}

// list is sounds one after the other without a gap, louder by so many dB.
func (s *sounds) list(sources []media.Source, volume float64) media.Source {
	return s.cache.Source(media.Gain(media.Join(sources...), volume))
}

func (s *sounds) tone(o media.ToneOptions) media.Source {
	o.Ramp = fade
	return s.cache.Source(media.Tone(o))
}

func (s *sounds) silence(d time.Duration) media.Source { return s.cache.Source(media.Silence(d)) }

// folder is the file system of a directory that no name and no link leads out of. It is opened for each file, so that
// another directory may take its place at any time.
type folder string

// Open implements fs.FS.
func (f folder) Open(name string) (fs.File, error) {
	root, err := os.OpenRoot(string(f))
	if err != nil {
		return nil, err
	}
	defer root.Close()
	return root.Open(name)
}
