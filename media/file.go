package media

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"time"

	"offhook/media/resample"
	"offhook/media/sound"
)

// maxFileLength bounds what is read of one file, in seconds: an hour in PCMU is 29 MB.
const maxFileLength = 3600

// File is a sound file, in a format that package sound reads, of 4 to 192 kHz, up to an hour; several channels are mixed to
// one. The header is read at once, so that a file that is missing or has another format is an error here, which names the
// file and says what to convert it to. The sound is read by Clip.
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
func (f fileSource) open() (*sound.Reader, fs.File, error) {
	if _, err := f.stat(); err != nil {
		return nil, nil, err
	}
	file, err := f.fsys.Open(f.base)
	if err != nil {
		return nil, nil, f.refused(err)
	}
	r, err := openSound(file, f.name)
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

func (f fileSource) samples(rate int) ([]int16, error) {
	r, file, err := f.open()
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return readSound(r, f.name, rate)
}

func (f fileSource) Clip(c Codec, ptime time.Duration) (*Clip, error) { return encode(f, c, ptime) }

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

// Data is File for a file in memory, which must not change; name stands in errors, and its ending tells raw formats. A Cache
// knows what one call of Data made from what another one did.
func Data(name string, b []byte) (Source, error) {
	if _, err := openSound(bytes.NewReader(b), name); err != nil {
		return nil, err
	}
	return &dataSource{name, b}, nil
}

type dataSource struct {
	name string
	data []byte
}

func (d *dataSource) key() (any, error) { return d, nil }

func (d *dataSource) samples(rate int) ([]int16, error) {
	r, err := openSound(bytes.NewReader(d.data), d.name)
	if err != nil {
		return nil, err
	}
	return readSound(r, d.name, rate)
}

func (d *dataSource) Clip(c Codec, ptime time.Duration) (*Clip, error) { return encode(d, c, ptime) }

// openSound reads the header of a sound file.
func openSound(file io.Reader, name string) (*sound.Reader, error) {
	r, err := sound.Open(file, name)
	switch {
	case err != nil:
		return nil, fmt.Errorf("sound %q: %w; convert it, as with: sox %q -r 8000 -c 1 -b 16 out.wav", name, err, name)
	case r.SampleRate < resample.LowestRate || r.SampleRate > resample.HighestRate:
		return nil, fmt.Errorf("sound %q: %s of %d Hz: want %d to %d", name, r.Format, r.SampleRate, resample.LowestRate, resample.HighestRate)
	case r.Frames/int64(r.SampleRate) > maxFileLength:
		return nil, fmt.Errorf("sound %q: %d s long, want no more than %d", name, r.Frames/int64(r.SampleRate), maxFileLength)
	}
	return r, nil
}

// readSound reads all samples in another rate, its channels mixed. What it allocates grows with what is there, not with what
// the header says.
func readSound(r *sound.Reader, name string, rate int) ([]int16, error) {
	to, err := resample.New(r.SampleRate, rate)
	if err != nil {
		return nil, fmt.Errorf("sound %q: %w", name, err)
	}
	var samples []int16
	for block := make([]int16, 4096/r.Channels*r.Channels); ; {
		n, err := r.Read(block)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("sound %q: %w", name, err)
		}
		samples = to.Write(samples, mix(block[:n], r.Channels))
		if len(samples) > maxFileLength*rate { // the header did not say so
			return nil, fmt.Errorf("sound %q: longer than %d s", name, maxFileLength)
		}
	}
	if samples = to.Flush(samples); len(samples) == 0 {
		return nil, fmt.Errorf("sound %q: no samples in it", name)
	}
	return samples, nil
}

// mix makes one channel of several that alternate, in place: their mean, so that none is clipped.
func mix(samples []int16, channels int) []int16 {
	if channels == 1 {
		return samples
	}
	n := len(samples) / channels
	for i := range n {
		sum := 0
		for _, x := range samples[i*channels : (i+1)*channels] {
			sum += int(x)
		}
		samples[i] = int16(sum / channels)
	}
	return samples[:n]
}
