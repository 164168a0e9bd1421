package record

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"offhook/core/journal"
)

func open(t *testing.T, o Options) *Writer {
	t.Helper()
	o.Log = slog.New(slog.DiscardHandler)
	w, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func closed(t *testing.T, w *Writer) {
	t.Helper()
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

// idsIn reads the IDs of all records of a folder, in order.
func idsIn(t *testing.T, dir string) (ids []string) {
	t.Helper()
	names, err := folder(dir).names()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		f, err := os.Open(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := Read(f, name, func(c *journal.Call) { ids = append(ids, c.ID) }); err != nil {
			t.Error(err)
		}
		f.Close()
	}
	return ids
}

func TestWriteIsOnTheDiskWhenItSaysSo(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "records")
	w := open(t, Options{Dir: dir})
	var writing sync.WaitGroup
	for i := range 200 {
		writing.Go(func() {
			id := fmt.Sprint("c", i)
			<-w.Write(journal.Call{ID: id})
			names, _ := w.files.names()
			text, err := os.ReadFile(filepath.Join(dir, names[len(names)-1]))
			if err != nil || !strings.Contains(string(text), `"id":"`+id+`"`) {
				t.Errorf("%s is said to be written and is not", id)
			}
		})
	}
	writing.Wait()
	closed(t, w)
	closed(t, w)
	if w.Write(journal.Call{ID: "late"}) != nil {
		t.Error("a record after Close is said to be written")
	}
	if ids := idsIn(t, dir); len(ids) != 200 {
		t.Errorf("%d records, want 200", len(ids))
	}
}

func TestCloseWritesWhatWaits(t *testing.T) {
	dir := t.TempDir()
	w := open(t, Options{Dir: dir, Delay: time.Hour})
	w.Write(journal.Call{ID: "a"})
	w.Write(journal.Call{ID: "b", Vars: map[string]any{"n": math.NaN()}})
	closed(t, w)
	if ids := idsIn(t, dir); strings.Join(ids, "") != "ab" {
		t.Errorf("records %q", ids)
	}
}

func TestCrashLeavesWholeLines(t *testing.T) {
	const whole = `{"id":"a"}` + "\n"
	for _, tt := range []struct{ name, left, want string }{
		{"nothing", "", ""},
		{"whole lines", whole, whole},
		{"a part of a line", whole + `{"id":"b","sip_c`, whole},
		{"a line without its end", whole + `{"id":"b"}`, whole + `{"id":"b"}` + "\n"},
		{"nothing but a part", `{"id"`, ""},
		{"what a power cut leaves", whole + "\x00\x00\x00\x00", whole},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			name := filepath.Join(dir, "calls-20260102T030405.000Z.jsonl")
			if err := os.WriteFile(name, []byte(tt.left), 0o600); err != nil {
				t.Fatal(err)
			}
			w := open(t, Options{Dir: dir})
			<-w.Write(journal.Call{ID: "next"})
			closed(t, w)
			text, _ := os.ReadFile(name)
			rest, ok := strings.CutPrefix(string(text), tt.want)
			if !ok || !strings.HasPrefix(rest, `{"id":"next"`) || strings.Count(rest, "\n") != 1 {
				t.Errorf("the file holds %q", text)
			}
		})
	}
}

func TestFilesFollowEachOther(t *testing.T) {
	dir := t.TempDir()
	other := filepath.Join(dir, "calls-not-ours.jsonl")
	if err := os.WriteFile(other, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	w := open(t, Options{Dir: dir, MaxBytes: 1, Files: 3})
	for i := range 6 {
		<-w.Write(journal.Call{ID: fmt.Sprint(i)})
	}
	closed(t, w)
	if ids := idsIn(t, dir); strings.Join(ids, "") != "345" {
		t.Errorf("the last three files have %q", ids)
	}
	if _, err := os.Stat(other); err != nil {
		t.Error("a file of somebody else is gone")
	}

	w = open(t, Options{Dir: dir, MaxAge: time.Nanosecond})
	<-w.Write(journal.Call{ID: "6"})
	closed(t, w)
	if names, _ := folder(dir).names(); len(names) != 4 {
		t.Errorf("an old file is gone on with: %q", names)
	}
}

func TestDiskThatRefusesIsNotBelieved(t *testing.T) {
	dir := t.TempDir()
	w := open(t, Options{Dir: dir})
	good := w.file.File
	name := good.Name()
	refusing, err := os.Open(name) // not for writing
	if err != nil {
		t.Fatal(err)
	}
	w.mu.Lock()
	w.file.File = refusing
	w.mu.Unlock()
	recorded := w.Write(journal.Call{ID: "a"})
	select {
	case <-recorded:
		t.Error("said to be written")
	case <-time.After(50 * time.Millisecond):
	}
	closed(t, w)
	good.Close()
	if w.Write(journal.Call{ID: "b"}) != nil {
		t.Error("taken after Close")
	}
}

func TestCSV(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 6e6, time.UTC)
	const lines = `{"id":"a","from":"=HYPERLINK(1)","cli":"+4930123","reason":"a, \"b\"","start":"2026-01-02T03:04:05.006Z","duration":1.5,"code":200,"vars":{"n":1},"rx":{"packets":7,"lost":-1}}
{"id":"b"}
`
	var calls []journal.Call
	if err := Read(strings.NewReader(lines), "f", func(c *journal.Call) { calls = append(calls, *c) }); err != nil {
		t.Fatal(err)
	}
	if len(calls) != 2 || !calls[0].Start.Equal(at) {
		t.Fatalf("read %+v", calls)
	}
	var out bytes.Buffer
	c := NewCSV(&out)
	for i := range calls {
		c.Add(&calls[i])
	}
	if err := c.Flush(); err != nil {
		t.Fatal(err)
	}
	got := strings.Split(out.String(), "\n")
	if len(got) != 4 || !strings.HasPrefix(got[0], "id,sip_call_id,direction,from,") ||
		!strings.HasPrefix(got[1], `a,,in,'=HYPERLINK(1),,,+4930123,,`) || !strings.Contains(got[1], `,2026-01-02T03:04:05.006Z,,,,1.5,,200,"a, ""b""",0,,,7,-1,0,`) ||
		!strings.HasSuffix(got[1], `,"{""n"":1}"`) || strings.Count(got[2], ",") != len(columns)-1 {
		t.Errorf("CSV:\n%s", out.String())
	}
	if err := Read(strings.NewReader("{\"id\":\"a\"}\nno\n"), "calls.jsonl", func(*journal.Call) {}); err == nil || !strings.HasPrefix(err.Error(), "calls.jsonl:2: not a call record") {
		t.Errorf("error %v", err)
	}
	if err := NewCSV(failing{}).Flush(); err == nil {
		t.Error("no error from a writer that fails")
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"id":"a","vars":{"x":[1]},"marks":[{"at":1}]}` + "\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		c := NewCSV(io.Discard)
		_ = Read(bytes.NewReader(b), "f", c.Add)
		if err := c.Flush(); err != nil {
			t.Error(err)
		}
	})
}
