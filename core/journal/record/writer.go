package record

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"offhook/core/journal"
)

// Options configure a Writer. All but Dir may be zero.
type Options struct {
	Dir      string        // made if it does not exist
	MaxBytes int64         // a file that is so large is followed by another; 0: 100 MB
	MaxAge   time.Duration // likewise one so old; 0: however old
	Files    int           // that are kept; 0: all
	Delay    time.Duration // how long records are gathered for one fsync; 0: 10 ms
	Log      *slog.Logger  // nil: slog.Default

	Webhook WebhookOptions // where else they go, from the files
}

// mostWaiting bounds the records that wait for a disk that does not take them. More are lost.
const mostWaiting = 20_000

// retryPause is how long a disk that refused records is left alone.
const retryPause = time.Second

// Writer writes records. Its methods may be called from any goroutine.
type Writer struct {
	o       Options
	log     *slog.Logger
	files   folder
	file    *file
	hook    *webhook // nil: there is none
	running sync.WaitGroup
	wake    chan struct{}
	closing chan struct{}

	mu      sync.Mutex
	closed  bool
	waiting *batch
	lost    int
}

// batch is the records of one write.
type batch struct {
	calls []journal.Call
	done  chan struct{} // closed when they are on the disk
}

func newBatch() *batch { return &batch{done: make(chan struct{})} }

// Open repairs the newest file of the folder, or begins the first one, and starts the Writer's goroutine, which Close ends.
func Open(o Options) (*Writer, error) {
	o.MaxBytes = cmp.Or(o.MaxBytes, 100<<20)
	o.Delay = cmp.Or(o.Delay, 10*time.Millisecond)
	if o.Log == nil {
		o.Log = slog.Default()
	}
	w := &Writer{
		o: o, log: o.Log, files: folder(o.Dir), waiting: newBatch(),
		wake: make(chan struct{}, 1), closing: make(chan struct{}),
	}
	var err error
	if w.file, err = w.files.open(o.Log); err != nil {
		return nil, fmt.Errorf("call records: %w", err)
	}
	if o.Webhook.URL != "" {
		if w.hook, err = openWebhook(o.Webhook, w.files, o.Log); err != nil {
			return nil, errors.Join(fmt.Errorf("call records: %w", err), w.file.close())
		}
	}
	w.running.Go(w.run) // ends after Close
	return w, nil
}

// Write queues the record of a call and returns what is closed when it is on the disk; nil: it is lost.
func (w *Writer) Write(c journal.Call) (recorded <-chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed || len(w.waiting.calls) >= mostWaiting {
		w.lost++
		return nil
	}
	w.waiting.calls = append(w.waiting.calls, c)
	select {
	case w.wake <- struct{}{}:
	default: // it will come anyway
	}
	return w.waiting.done
}

// Close writes what waits and closes the file. Later records are lost.
func (w *Writer) Close() error {
	w.mu.Lock()
	first := !w.closed
	w.closed = true
	w.mu.Unlock()
	if first {
		close(w.closing)
	}
	w.running.Wait()
	if !first {
		return nil
	}
	w.hook.close()
	return w.file.close()
}

// Webhook tells how the delivery goes; false: there is none.
func (w *Writer) Webhook() (s WebhookStats, ok bool) {
	if w == nil || w.hook == nil {
		return s, false
	}
	return w.hook.stats(), true
}

func (w *Writer) run() {
	for {
		select {
		case <-w.wake:
			w.pause(w.o.Delay)
		case <-w.closing:
		}
		b := w.take()
		for len(b.calls) > 0 {
			err := w.write(b)
			if err == nil {
				break
			}
			w.log.Error("call records are not written", "records", len(b.calls), "error", err)
			if w.pause(retryPause) {
				return // and Close
			}
		}
		if w.over() {
			return
		}
	}
}

// take returns the records that wait.
func (w *Writer) take() *batch {
	w.mu.Lock()
	defer w.mu.Unlock()
	b := w.waiting
	w.waiting = newBatch()
	if w.lost > 0 {
		w.log.Error("call records are lost", "records", w.lost)
		w.lost = 0
	}
	return b
}

// over tells whether Close was called and nothing waits.
func (w *Writer) over() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.closed && len(w.waiting.calls) == 0
}

// pause waits, and tells whether Close was called.
func (w *Writer) pause(d time.Duration) (closing bool) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-w.closing:
		return true
	case <-timer.C:
		return false
	}
}

// write puts a batch on the disk, in a new file if the one before is full.
func (w *Writer) write(b *batch) error {
	if w.file.size >= w.o.MaxBytes || w.o.MaxAge > 0 && time.Since(w.file.began) >= w.o.MaxAge {
		if err := w.rotate(); err != nil {
			return err
		}
	}
	var lines bytes.Buffer
	encoder := json.NewEncoder(&lines)
	encoder.SetEscapeHTML(false)
	for i := range b.calls {
		if err := encoder.Encode(&b.calls[i]); err != nil { // a number that JSON has not, in the script's vars
			w.log.Error("call record without the script's vars", "call", b.calls[i].ID, "error", err)
			b.calls[i].Vars = nil
			if err := encoder.Encode(&b.calls[i]); err != nil {
				w.log.Error("call record is lost", "call", b.calls[i].ID, "error", err)
			}
		}
	}
	if err := w.file.append(lines.Bytes()); err != nil {
		return err
	}
	close(b.done)
	w.hook.written()
	return nil
}

func (w *Writer) rotate() error {
	next, err := w.files.create(time.Now())
	if err != nil {
		return err
	}
	if err := w.file.close(); err != nil {
		w.log.Error("close call records", "error", err)
	}
	w.file = next
	if err := w.files.prune(w.o.Files, w.hook.removing); err != nil {
		w.log.Warn("old call records are not removed", "error", err)
	}
	return nil
}
