package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// stamp is the time in the name of a file, UTC.
const stamp = "20060102T150405.000Z"

// folder has the files of records.
type folder string

// names are those of the files, the oldest first.
func (f folder) names() ([]string, error) {
	entries, err := os.ReadDir(string(f)) // by name, which is by time
	var names []string
	for _, e := range entries {
		if began(e.Name()) != (time.Time{}) {
			names = append(names, e.Name())
		}
	}
	return names, err
}

// began reads the time in a name; zero: it is none of ours.
func began(name string) time.Time {
	text, ok := strings.CutPrefix(name, "calls-")
	if text, ok = strings.CutSuffix(text, ".jsonl"); !ok {
		return time.Time{}
	}
	at, err := time.Parse(stamp, text)
	if err != nil {
		return time.Time{}
	}
	return at
}

// open goes on with the newest file, whose last line it mends, or begins the first one.
func (f folder) open(log *slog.Logger) (*file, error) {
	if err := os.MkdirAll(string(f), 0o750); err != nil {
		return nil, err
	}
	names, err := f.names()
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return f.create(time.Now())
	}
	name := names[len(names)-1]
	opened, err := os.OpenFile(filepath.Join(string(f), name), os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	r := &file{File: opened, began: began(name)}
	if err := r.mend(log); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", name, err), opened.Close())
	}
	return r, nil
}

// create begins a file.
func (f folder) create(now time.Time) (*file, error) {
	for {
		name := "calls-" + now.UTC().Format(stamp) + ".jsonl"
		opened, err := os.OpenFile(filepath.Join(string(f), name), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o640)
		if errors.Is(err, fs.ErrExist) { // two in a millisecond
			now = now.Add(time.Millisecond)
			continue
		}
		if err == nil {
			err = f.sync()
		}
		return &file{File: opened, began: now}, err
	}
}

// sync makes the names of new files last.
func (f folder) sync() error {
	dir, err := os.Open(string(f))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// prune removes the oldest files until keep are left; 0: none. It says which, before.
func (f folder) prune(keep int, removing func(name string)) error {
	names, err := f.names()
	for keep > 0 && len(names) > keep {
		removing(names[0])
		err = errors.Join(err, os.Remove(filepath.Join(string(f), names[0])))
		names = names[1:]
	}
	return err
}

// file is the one that is written to.
type file struct {
	*os.File
	began time.Time
	size  int64 // of what is whole
}

// append adds whole lines. A write that failed leaves nothing behind.
func (f *file) append(lines []byte) error {
	_, err := f.WriteAt(lines, f.size)
	if err == nil {
		err = f.Sync()
	}
	if err != nil {
		return errors.Join(err, f.Truncate(f.size))
	}
	f.size += int64(len(lines))
	return nil
}

func (f *file) close() error { return f.File.Close() }

// longestLine bounds a record. It is far more than the bounds of a journal allow.
const longestLine = 4 << 20

// mend sees to it that the file ends with a whole line: a crash may have left a part of one, or what the disk had there.
func (f *file) mend(log *slog.Logger) error {
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	tail := make([]byte, min(size, longestLine))
	if _, err := f.ReadAt(tail, size-int64(len(tail))); err != nil {
		return err
	}
	last := tail[bytes.LastIndexByte(tail, '\n')+1:]
	f.size = size - int64(len(last))
	switch {
	case len(last) == 0:
		return nil
	case json.Valid(last): // nothing but its end is missing
		log.Warn("the last call record was not complete and is now", "file", f.Name())
		return f.append(append(bytes.Clone(last), '\n'))
	}
	log.Warn("the last call record was torn and is removed", "file", f.Name(), "bytes", len(last))
	return errors.Join(f.Truncate(f.size), f.Sync())
}
