package scripting

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"

	"offhook/media"
)

// mostSources of a kind are kept, so that their samples are encoded once for all calls. When there are more, all are dropped.
const mostSources = 256

// fade keeps a tone that ends in the middle of a wave from clicking.
const fade = 5 * time.Millisecond

// sounds makes the sources that calls play, and keeps them.
type sounds struct {
	folder folder

	mu    sync.Mutex
	files map[string]soundFile
	tones map[string]media.Source
}

type soundFile struct {
	info   fs.FileInfo
	source media.Source
}

// file opens a file of the folder, which may be in a folder below it.
func (s *sounds) file(name string) (media.Source, error) {
	if s.folder == "" {
		return nil, errors.New("no folder of sounds is configured")
	}
	if !fs.ValidPath(name) {
		return nil, errors.New("a sound is a path below the folder of sounds, without . and ..")
	}
	info, err := fs.Stat(s.folder, name)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if f, ok := s.files[name]; ok && (entry{name, f.info}).same(entry{name, info}) {
		return f.source, nil
	}
	source, err := media.FileIn(s.folder, name)
	if err != nil {
		return nil, err
	}
	if s.files == nil || len(s.files) >= mostSources {
		s.files = map[string]soundFile{}
	}
	s.files[name] = soundFile{info, source}
	return source, nil
}

// tone makes a tone.
func (s *sounds) tone(o media.ToneOptions) media.Source {
	o.Ramp = fade
	key := fmt.Sprint(o)
	s.mu.Lock()
	defer s.mu.Unlock()
	if source, ok := s.tones[key]; ok {
		return source
	}
	if s.tones == nil || len(s.tones) >= mostSources {
		s.tones = map[string]media.Source{}
	}
	source := media.Tone(o)
	s.tones[key] = source
	return source
}

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
