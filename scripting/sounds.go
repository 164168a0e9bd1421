package scripting

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	"offhook/media"
)

// fade keeps a tone that ends in the middle of a wave from clicking.
const fade = 5 * time.Millisecond

// sounds makes the sources that calls play. What they have in common is rendered once.
type sounds struct {
	folder     folder
	embedded   fs.FS // sounds that the folder lacks; nil = none
	recordings folder
	cache      *media.Cache
	downloads  *downloads
}

// ofRecording is before the name of a sound that is a recording.
const ofRecording = "recording:"

// file opens a file of the folder, or of a folder below it, or else an embedded one; or a recording.
func (s *sounds) file(name string) (media.Source, error) {
	path, recorded := strings.CutPrefix(name, ofRecording)
	switch {
	case recorded && s.recordings == "":
		return nil, fmt.Errorf("sound %q: no folder of recordings is configured", name)
	case recorded && !fs.ValidPath(path):
		return nil, fmt.Errorf("sound %q: is not a path below the folder of recordings", name)
	case recorded:
		return media.FileIn(s.recordings, path)
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
func (s *sounds) list(sources []media.Source, names []string, volume float64) media.Source {
	return sound{s.cache.Source(media.Gain(media.Join(sources...), volume)), strings.Join(names, ", ")}
}

func (s *sounds) tone(o media.ToneOptions) media.Source {
	o.Ramp = fade
	return toneSound{s.cache.Source(media.Tone(o)), o}
}

// digits is digits as sound.
func (s *sounds) digits(digits string, on, gap time.Duration) (media.Source, error) {
	src, err := media.Digits(digits, on, gap, defaultLevel)
	if err != nil {
		return nil, err
	}
	return sound{s.cache.Source(src), "dtmf:" + digits}, nil
}

func (s *sounds) silence(d time.Duration) media.Source {
	return sound{s.cache.Source(media.Silence(d)), "silence"}
}

// sound is a source with the name that the call's timeline has for it.
type sound struct {
	media.Source
	name string
}

func (s sound) String() string { return s.name }

// toneSound is a tone, which is named only when somebody asks.
type toneSound struct {
	media.Source
	options media.ToneOptions
}

// String is "350+440 Hz at -13 dBm0" or "us.busy at -10 dBm0".
func (s toneSound) String() string {
	if spec := s.options.Spec.String(); spec != "" {
		return fmt.Sprintf("%s at %g dBm0", spec, s.options.Level)
	}
	var hz []string
	for _, f := range s.options.Frequencies {
		hz = append(hz, strconv.FormatFloat(f, 'g', -1, 64))
	}
	return fmt.Sprintf("%s Hz at %g dBm0", strings.Join(hz, "+"), s.options.Level)
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
