package media

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path"
	"strings"

	"offhook/media/wav"
)

// file is what of an *os.File a recording needs.
type file interface {
	io.ReadWriteSeeker
	Truncate(size int64) error
	Sync() error
	Close() error
}

// recordFile is the file of a recording, under its temporary name until finish.
type recordFile struct {
	dir, name, temporary string
	file                 file
	wav                  *wav.Writer
}

// createRecording makes the file of a recording.
func (e *Engine) createRecording(o RecordOptions, rate int) (*recordFile, error) {
	if !fs.ValidPath(o.Name) || !strings.HasSuffix(o.Name, ".wav") || path.Base(o.Name) == ".wav" {
		return nil, fmt.Errorf("recording %q: is not the path of a file NAME.wav below the folder of recordings", o.Name)
	}
	f := &recordFile{dir: o.Dir, name: o.Name}
	f.temporary = fmt.Sprintf("%s.%08x.part.wav", strings.TrimSuffix(o.Name, ".wav"), rand.Uint32())
	made, err := e.create(o.Dir, f.temporary)
	if err != nil {
		return nil, fmt.Errorf("recording %q: %w", o.Name, err)
	}
	f.file = made
	if o.Stereo {
		f.wav, err = wav.NewStereoWriter(f.file, rate)
	} else {
		f.wav, err = wav.NewWriter(f.file, rate)
	}
	if err == nil {
		err = f.wav.Update()
	}
	if err != nil {
		return nil, fmt.Errorf("recording %q: %w", o.Name, errors.Join(err, f.abandon()))
	}
	return f, nil
}

// createFile makes a file below dir, and the folders on the way.
func createFile(dir, name string) (file, error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	if err := root.MkdirAll(path.Dir(name), 0o750); err != nil {
		return nil, err
	}
	return root.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o640)
}

// write appends samples, and brings the header up to date.
func (f *recordFile) write(samples []int16) error {
	if err := f.wav.Write(samples); err != nil {
		return err
	}
	return f.wav.Update()
}

// finish keeps the samples from first to end of each channel and gives the file its name. When that cannot be, the file keeps its
// temporary name. After a write that failed, what was written before is kept.
func (f *recordFile) finish(first, end int64) (err error) {
	defer func() { err = errors.Join(err, f.file.Close()) }()
	f.wav.Keep(end)
	if first > 0 {
		if err := f.wav.Skip(first); err != nil {
			return err
		}
	}
	if err := f.file.Truncate(f.wav.Size()); err != nil {
		return err
	}
	if err := f.wav.Close(); err != nil {
		return err
	}
	if err := f.file.Sync(); err != nil {
		return err
	}
	root, err := os.OpenRoot(f.dir)
	if err != nil {
		return err
	}
	defer root.Close()
	return root.Rename(f.temporary, f.name)
}

// abandon removes the file.
func (f *recordFile) abandon() error {
	root, err := os.OpenRoot(f.dir)
	if err != nil {
		return errors.Join(err, f.file.Close())
	}
	return errors.Join(f.file.Close(), root.Remove(f.temporary), root.Close())
}
