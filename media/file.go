package media

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"time"

	"offhook/media/wav"
)

// maxFileSamples bounds what is read of one file: an hour at 8 kHz, 29 MB in G.711.
const (
	fileRate       = 8000 // Hz
	maxFileSamples = 3600 * fileRate
)

// File is a WAV file: 8 kHz, one channel, PCM of 8, 16 or 24 bits, µ-law or A-law, up to an hour. The header is read at
// once, so that a file that is missing or has another format is an error here, which names the file and says what to
// convert it to. The sound is read by Clip.
func File(path string) (Source, error) {
	return newFile(fileSource{name: path, fsys: os.DirFS(filepath.Dir(path)), base: filepath.Base(path)})
}

// FileIn is File for a file of a file system, such as a folder that names cannot lead out of (os.Root.FS) or embedded sounds.
func FileIn(fsys fs.FS, name string) (Source, error) {
	return newFile(fileSource{name: name, fsys: fsys, base: name})
}

type fileSource struct {
	name string // as the user wrote it
	fsys fs.FS
	base string // in fsys
}

func newFile(f fileSource) (Source, error) {
	_, file, err := f.open()
	if err != nil {
		return nil, err
	}
	file.Close()
	return f, nil
}

// open opens the file where its samples begin.
func (f fileSource) open() (*wav.Reader, fs.File, error) {
	if _, err := f.stat(); err != nil {
		return nil, nil, err
	}
	file, err := f.fsys.Open(f.base)
	if err != nil {
		return nil, nil, f.refused(err)
	}
	r, err := wav.NewReader(file)
	switch {
	case err != nil:
		err = fmt.Errorf("sound %q: %w; %s", f.name, err, f.advice())
	case r.SampleRate != fileRate || r.Channels != 1:
		err = fmt.Errorf("sound %q: %v: want 8000 Hz, 1 channel; %s", f.name, r.Format, f.advice())
	case r.Len() > maxFileSamples:
		err = fmt.Errorf("sound %q: %d s long, want no more than %d", f.name, r.Len()/fileRate, maxFileSamples/fileRate)
	}
	if err != nil {
		file.Close()
		return nil, nil, err
	}
	return r, file, nil
}

// stat looks at the file before it is opened: to open a FIFO would wait for who writes it.
func (f fileSource) stat() (fs.FileInfo, error) {
	info, err := fs.Stat(f.fsys, f.base)
	if err != nil {
		return nil, f.refused(err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("sound %q: not a regular file", f.name)
	}
	return info, nil
}

// refused says why the system refuses the file, by the name that the user wrote.
func (f fileSource) refused(err error) error {
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		err = path.Err
	}
	return fmt.Errorf("sound %q: %w", f.name, err)
}

func (f fileSource) advice() string {
	return fmt.Sprintf("convert it, as with: sox %q -r 8000 -c 1 -b 16 out.wav", f.name)
}

func (f fileSource) Clip(c Codec, ptime time.Duration) (*Clip, error) {
	clip, err := newClip(c, ptime)
	if err != nil {
		return nil, err
	}
	r, file, err := f.open()
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if clip.payload, err = f.encode(r, c, ptime); err != nil {
		return nil, err
	}
	clip.intro = int64(len(clip.payload) / clip.frameSize)
	clip.total = clip.intro
	return clip, nil
}

// encode reads the samples into whole frames. What it allocates grows with what is there, not with what the header says.
func (f fileSource) encode(r *wav.Reader, c Codec, ptime time.Duration) ([]byte, error) {
	var payload []byte
	encoder, samples := c.Encoder(), 0
	var wide *doubler
	if c.SampleRate() == 2*fileRate {
		wide = newDoubler()
	}
	var doubled []int16
	add := func(pcm []int16) {
		if wide != nil {
			doubled = wide.double(doubled[:0], pcm)
			pcm = doubled
		}
		payload = encoder.Encode(payload, pcm)
	}
	for block := make([]int16, 4096); ; {
		n, err := r.Read(block)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("sound %q: %w", f.name, err)
		}
		add(block[:n])
		if samples += n; samples > maxFileSamples { // the header did not say so
			return nil, fmt.Errorf("sound %q: longer than %d s", f.name, maxFileSamples/fileRate)
		}
	}
	if samples == 0 {
		return nil, fmt.Errorf("sound %q: no samples in it", f.name)
	}
	if wide != nil {
		add(make([]int16, doublerReach)) // what is still in the filter
		samples += doublerReach
	}
	frame := c.FrameSamples(ptime) * fileRate / c.SampleRate()
	add(make([]int16, (frame-samples%frame)%frame)) // fill the last frame with silence
	return payload, nil
}

// fileKey changes when the file is written anew.
type fileKey struct {
	fsys     fs.FS
	base     string
	size     int64
	modified time.Time
}

func (f fileSource) key() (any, error) {
	if !reflect.TypeOf(f.fsys).Comparable() {
		return nil, nil
	}
	info, err := f.stat()
	if err != nil {
		return nil, err
	}
	return fileKey{fsys: f.fsys, base: f.base, size: info.Size(), modified: info.ModTime()}, nil
}
