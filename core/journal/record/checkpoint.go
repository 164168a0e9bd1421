package record

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
)

// checkpointName is the file in the folder of records that has the checkpoint.
const checkpointName = "webhook.json"

// checkpoint is a place in the files of records: what is before it was delivered.
type checkpoint struct {
	File   string `json:"file"`
	Offset int64  `json:"offset"`
	End    int64  `json:"end,omitempty"` // of the records that are being delivered, so that after a restart they are the same
}

// checkpoint reads it. Without one, records are delivered from now on; with one that cannot be read, all that there are.
func (f folder) checkpoint(log *slog.Logger) (checkpoint, error) {
	var at checkpoint
	text, err := os.ReadFile(filepath.Join(string(f), checkpointName))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return f.end()
	case err != nil:
		return at, err
	}
	if err := json.Unmarshal(text, &at); err != nil || at.Offset < 0 || began(at.File).IsZero() {
		log.Error("what was delivered is not known: all call records are delivered again", "file", checkpointName, "error", err)
		return checkpoint{}, nil
	}
	return at, nil
}

// end is the place after all records, on the disk too: those of calls until the first delivery count.
func (f folder) end() (checkpoint, error) {
	names, err := f.names()
	if err != nil || len(names) == 0 {
		return checkpoint{}, err
	}
	at := checkpoint{File: names[len(names)-1]}
	info, err := os.Stat(filepath.Join(string(f), at.File))
	if err != nil {
		return at, err
	}
	at.Offset = info.Size()
	return at, f.save(at)
}

// save replaces the checkpoint in one step.
func (f folder) save(at checkpoint) (err error) {
	text, err := json.Marshal(at)
	if err != nil {
		return err
	}
	path := filepath.Join(string(f), checkpointName)
	next, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o640)
	if err != nil {
		return err
	}
	_, err = next.Write(append(text, '\n'))
	if err = errors.Join(err, next.Sync(), next.Close()); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// after is the oldest file that is newer than name; empty: there is none.
func (f folder) after(name string) (string, error) {
	names, err := f.names()
	if err != nil {
		return "", err
	}
	for _, n := range names {
		if n > name {
			return n, nil
		}
	}
	return "", nil
}

// sizeFrom is how many octets there are from a place on.
func (f folder) sizeFrom(at checkpoint) (size int64) {
	names, _ := f.names() // a folder that cannot be read has nothing to deliver
	for _, n := range names {
		if n < at.File {
			continue
		}
		if info, err := os.Stat(filepath.Join(string(f), n)); err == nil {
			size += info.Size()
		}
		if n == at.File {
			size -= min(at.Offset, size)
		}
	}
	return size
}

// readLines reads whole lines of a file from a place on, to its End if it has one; size is what they take there. Lines that
// are no JSON, as a disk may leave them, are left out.
func readLines(path string, at checkpoint, most int) (lines [][]byte, size int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || info.IsDir() {
		return nil, 0, errors.Join(err, fs.ErrNotExist)
	}
	r := bufio.NewReader(io.NewSectionReader(f, at.Offset, 1<<62))
	for len(lines) < most && size < mostBody && (at.End == 0 || at.Offset+size < at.End) {
		line, err := r.ReadBytes('\n')
		if err == io.EOF { // what is there of a line is not written yet
			return lines, size, nil
		}
		if err != nil {
			return nil, 0, fmt.Errorf("%s: %w", filepath.Base(path), err)
		}
		size += int64(len(line))
		if line = bytes.TrimSuffix(line, []byte("\n")); json.Valid(line) {
			lines = append(lines, line)
		}
	}
	return lines, size, nil
}
