package record

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

// WebhookOptions say where records are delivered to, and how. All but URL may be zero.
type WebhookOptions struct {
	URL     string        // that each batch is posted to; empty: nowhere
	Token   string        // sent as Authorization: Bearer
	Batch   int           // records in one request at most, a JSON array; 0: 50. 1: one, which is a JSON object
	Timeout time.Duration // of a request; 0: 10 s
	Pause   time.Duration // before the first attempt after one that failed. It doubles up to 5 minutes; 0: 1 s
	TLS     *tls.Config   // nil: the certificates that the machine trusts
}

const (
	longestPause = 5 * time.Minute
	// closeGrace is how long Close goes on delivering. What is left is delivered after the next start.
	closeGrace = 2 * time.Second
	// mostBody is about as much as one request carries; one record may be more.
	mostBody = 1 << 20
)

// WebhookStats count records but for Failed and Waiting.
type WebhookStats struct {
	Delivered uint64
	Refused   uint64 // given up: the far end said that it will never take them
	Lost      uint64 // their file was removed, as Options.Files says, before they were delivered
	Failed    uint64 // requests that are tried again
	Waiting   int64  // octets of records that are not delivered yet
}

// webhook delivers the records of a folder, in order, at least once. The files are its queue: a checkpoint beside them has
// the place in them.
type webhook struct {
	o       WebhookOptions
	log     *slog.Logger
	host    string // of the URL, for the log: the rest may have secrets
	files   folder
	client  *http.Client
	running sync.WaitGroup
	wake    chan struct{}
	closing chan struct{}
	cancel  context.CancelFunc

	delivered, refused, lost, failed atomic.Uint64

	mu sync.Mutex
	at checkpoint // of what is not delivered
}

// openWebhook starts the goroutine that delivers; close ends it.
func openWebhook(o WebhookOptions, files folder, log *slog.Logger) (*webhook, error) {
	target, err := url.Parse(o.URL)
	if err != nil {
		return nil, errors.New("webhook: the URL cannot be read") // it may have a password
	}
	o.Batch, o.Timeout, o.Pause = cmp.Or(o.Batch, 50), cmp.Or(o.Timeout, 10*time.Second), cmp.Or(o.Pause, time.Second)
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = o.TLS
	h := &webhook{
		o: o, log: log, host: target.Host, files: files, wake: make(chan struct{}, 1), closing: make(chan struct{}),
		client: &http.Client{Transport: transport, Timeout: o.Timeout, CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse // a POST that is redirected becomes a GET, and the token goes astray
		}},
	}
	if h.at, err = files.checkpoint(log); err != nil {
		return nil, fmt.Errorf("webhook: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	h.cancel = cancel
	h.running.Go(func() { h.run(ctx) }) // ends after close
	return h, nil
}

// written says that there are records to deliver.
func (h *webhook) written() {
	if h == nil {
		return
	}
	select {
	case h.wake <- struct{}{}:
	default: // it will look anyway
	}
}

// close ends the goroutine when all is delivered, or an attempt fails, or closeGrace is over.
func (h *webhook) close() {
	if h == nil {
		return
	}
	close(h.closing)
	grace := time.AfterFunc(closeGrace, h.cancel)
	h.running.Wait()
	grace.Stop()
	h.cancel()
	h.client.CloseIdleConnections()
}

// run delivers until close.
func (h *webhook) run(ctx context.Context) {
	for {
		last := h.over() // asked first: then all is written, and next finds it
		next, err := h.next()
		switch {
		case err != nil:
			h.log.Error("call records cannot be read to be delivered", "error", err)
			if !h.wait(h.o.Pause) {
				return
			}
		case len(next.lines) > 0:
			if !h.deliver(ctx, next.lines) {
				return
			}
			if err := h.move(checkpoint{File: next.at.File, Offset: next.at.End}); err != nil {
				h.log.Error("it is not noted which call records were delivered: after a restart they come again", "error", err)
			}
		case last:
			return
		default:
			select {
			case <-h.wake:
			case <-h.closing:
			}
		}
	}
}

// over tells whether close was called.
func (h *webhook) over() bool {
	select {
	case <-h.closing:
		return true
	default:
		return false
	}
}

// wait is a pause; false: close was called.
func (h *webhook) wait(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-h.closing:
		return false
	}
}

// batchOf is the records of one request.
type batchOf struct {
	lines [][]byte
	at    checkpoint
}

// next reads the records to deliver now; none: all are.
func (h *webhook) next() (batchOf, error) {
	for {
		at := h.place()
		newer, err := h.files.after(at.File) // asked first: once there is a newer file, this one does not grow
		if err != nil {
			return batchOf{}, err
		}
		lines, size, err := readLines(filepath.Join(string(h.files), at.File), at, h.o.Batch)
		if errors.Is(err, fs.ErrNotExist) {
			if at.File != "" && newer != "" {
				h.log.Warn("a file of call records is gone, which was being delivered", "file", at.File)
			}
			err = nil
		}
		if err != nil {
			return batchOf{}, err
		}
		if len(lines) > 0 {
			at.End = at.Offset + size
			return batchOf{lines, at}, h.move(at)
		}
		switch {
		case size > 0: // nothing but what a disk left there
			newer, at.Offset = at.File, at.Offset+size
		case newer == "":
			return batchOf{}, nil
		default:
			at.Offset = 0
		}
		if err := h.move(checkpoint{File: newer, Offset: at.Offset}); err != nil {
			return batchOf{}, err
		}
	}
}

// deliver posts records until the far end takes or refuses them; false: close was called before.
func (h *webhook) deliver(ctx context.Context, lines [][]byte) bool {
	for attempt := 0; ; attempt++ {
		v := h.post(ctx, lines)
		switch {
		case v.err == nil:
			h.delivered.Add(uint64(len(lines)))
			if attempt > 0 {
				h.log.Info("call records are delivered again", "host", h.host, "attempts", attempt+1)
			}
			return true
		case v.never && v.content && len(lines) > 1: // one of them: the others are to arrive
			half := len(lines) / 2
			return h.deliver(ctx, lines[:half]) && h.deliver(ctx, lines[half:])
		case v.never:
			h.refused.Add(uint64(len(lines)))
			h.log.Error("call records are refused and not delivered", "host", h.host, "records", len(lines), "first", idOf(lines[0]), "error", v.err)
			return true
		case ctx.Err() != nil:
			return false
		}
		h.failed.Add(1)
		pause := max(v.after, h.pause(attempt))
		h.log.Warn("call records are not delivered, trying again", "host", h.host, "records", len(lines), "error", v.err, "again_in", pause.Round(time.Millisecond).String())
		if !h.wait(pause) {
			return false
		}
	}
}

// pause is the time between two attempts: it doubles, with half of it left to chance so that servers do not call in step.
func (h *webhook) pause(attempt int) time.Duration {
	most := min(h.o.Pause<<min(attempt, 20), longestPause)
	return most/2 + rand.N(most/2+1)
}

// stats may be called from any goroutine.
func (h *webhook) stats() WebhookStats {
	return WebhookStats{
		Delivered: h.delivered.Load(), Refused: h.refused.Load(), Lost: h.lost.Load(), Failed: h.failed.Load(), Waiting: h.files.sizeFrom(h.place()),
	}
}

func (h *webhook) place() checkpoint {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.at
}

// move puts the checkpoint on the disk.
func (h *webhook) move(to checkpoint) error {
	h.mu.Lock()
	same := h.at == to
	h.at = to
	h.mu.Unlock()
	if same {
		return nil
	}
	return h.files.save(to)
}

// removing counts the records of a file that is about to be removed and not delivered.
func (h *webhook) removing(name string) {
	if h == nil {
		return
	}
	at := h.place()
	if name < at.File {
		return
	}
	if name > at.File {
		at = checkpoint{File: name}
	}
	lost, err := countLines(filepath.Join(string(h.files), name), at.Offset)
	if lost == 0 && err == nil {
		return
	}
	h.lost.Add(lost)
	h.log.Error("call records are removed that were not delivered: raise records.max_files", "host", h.host, "file", name, "records", lost)
}

func countLines(path string, from int64) (n uint64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	buffer := make([]byte, 64<<10)
	for {
		read, err := f.ReadAt(buffer, from)
		n += uint64(bytes.Count(buffer[:read], []byte("\n")))
		from += int64(read)
		if err == io.EOF {
			return n, nil
		}
		if err != nil {
			return n, err
		}
	}
}
