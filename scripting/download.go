package scripting

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"offhook/media"
	"offhook/scripting/fetch"
)

const (
	maxDownload  = 16 << 20 // bytes of one sound
	maxDownloads = 32 << 20 // of all that are kept, and
	perDownload  = 4 << 10  // so many more for each
	downloadTime = 10 * time.Second
)

// isURL tells a sound on the network from a file.
func isURL(name string) bool {
	return strings.HasPrefix(name, "http://") || strings.HasPrefix(name, "https://")
}

// downloadError is trouble of the network, or with what a server sent: no mistake of the script.
type downloadError struct{ err error }

func (e *downloadError) Error() string { return e.err.Error() }
func (e *downloadError) Unwrap() error { return e.err }

// downloads keeps sounds from the network as a private cache does (RFC 9111): as long as max-age says without asking, then for as
// long as the server says that they have not changed. When it cannot be asked, what is kept is played. Many calls that
// want the same sound at once make one request.
type downloads struct {
	http    HTTP
	working *sync.WaitGroup // of the goroutines that ask

	mu   sync.Mutex
	kept map[string]*download // by URL
}

// download is what is known of one URL. What is below pending changes with downloads.mu held.
type download struct {
	pending  chan struct{} // closed when the request that is under way ends; nil = none is
	source   media.Source  // nil = none came yet
	err      error         // of the last request, when there is nothing to play
	body     []byte
	etag     string
	modified string // Last-Modified
	expires  time.Time
	used     time.Time
}

func newDownloads(client HTTP, working *sync.WaitGroup) *downloads {
	return &downloads{http: client, working: working, kept: map[string]*download{}}
}

// fresh returns a sound that is kept and need not be asked for.
func (d *downloads) fresh(url string) (media.Source, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	one := d.kept[url]
	if one == nil || one.source == nil || !time.Now().Before(one.expires) {
		return nil, false
	}
	one.used = time.Now()
	return one.source, true
}

// get returns a sound, asked for unless another call does so already. It returns when ctx is done; the request goes on for others.
// An error that is no *downloadError is a mistake of the script.
func (d *downloads) get(ctx context.Context, url string) (media.Source, error) {
	d.mu.Lock()
	one := d.kept[url]
	if one == nil {
		one = &download{}
		d.kept[url] = one
	}
	one.used = time.Now()
	if one.pending == nil {
		one.pending = make(chan struct{})
		d.working.Go(func() { d.ask(url, one) }) // ends with the request, which has a time-out
	}
	pending := one.pending
	d.mu.Unlock()

	select {
	case <-pending:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return one.source, one.err
}

// ask makes the request and takes in what comes.
func (d *downloads) ask(url string, one *download) {
	var res *fetch.Response
	var err error
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("internal error: %v", p)
		}
		d.mu.Lock()
		defer d.mu.Unlock()
		close(one.pending)
		one.pending = nil
		if one.take(url, res, err) {
			d.makeRoom()
		} else if d.kept[url] == one {
			delete(d.kept, url)
		}
	}()
	header := map[string]string{"Accept": "audio/*"}
	if one.etag != "" { // only ask changes these
		header["If-None-Match"] = one.etag
	}
	if one.modified != "" {
		header["If-Modified-Since"] = one.modified
	}
	ctx, cancel := context.WithTimeout(context.Background(), downloadTime)
	defer cancel()
	res, err = d.http.Do(ctx, fetch.Request{Method: http.MethodGet, URL: url, Header: header, Timeout: downloadTime, MaxBody: maxDownload})
}

// take takes in what came of a request, and tells whether it is worth keeping.
func (one *download) take(address string, res *fetch.Response, err error) bool {
	mistake, _ := errors.AsType[*url.Error](err)
	name, _, _ := strings.Cut(address, "?") // what follows may be secret
	switch {
	case err != nil && (mistake != nil && mistake.Op == "parse" || mistake == nil && errors.Is(err, fetch.ErrNotAllowed)):
		one.source, one.err = nil, err
		return false
	case one.source != nil && (err != nil || res.Status >= 500 || res.Status == http.StatusTooManyRequests):
		return true // it is played as it is, and asked for again the next time
	case err != nil:
		one.err = &downloadError{err}
		return false
	case one.source != nil && res.Status == http.StatusNotModified:
		return one.validate(res.Header)
	case res.Status != http.StatusOK:
		one.source = nil
		one.err = &downloadError{fmt.Errorf("GET %s: the server answered %d %s", name, res.Status, http.StatusText(res.Status))}
		return false
	case one.source != nil && bytes.Equal(res.Body, one.body):
		return one.validate(res.Header)
	}
	if one.source, err = media.Data(name, res.Body); err != nil {
		one.source, one.err = nil, &downloadError{err}
		return false
	}
	one.body, one.err, one.etag, one.modified = res.Body, nil, "", ""
	return one.validate(res.Header)
}

// validate notes how long a response may be kept and what to ask with then, and tells whether to keep it at all.
func (one *download) validate(h http.Header) bool {
	keep, asks, age := true, false, time.Duration(0)
	for _, directive := range strings.Split(strings.Join(h.Values("Cache-Control"), ","), ",") {
		name, value, _ := strings.Cut(strings.ToLower(strings.TrimSpace(directive)), "=")
		switch name {
		case "no-store":
			keep = false
		case "no-cache":
			asks = true
		case "max-age":
			age = secondsOf(strings.Trim(value, `"`)) - secondsOf(h.Get("Age"))
		}
	}
	if asks {
		age = 0
	}
	one.expires = time.Now().Add(age)
	one.etag = cmp.Or(h.Get("ETag"), one.etag) // a 304 need not repeat them
	one.modified = cmp.Or(h.Get("Last-Modified"), one.modified)
	return keep
}

// secondsOf reads a header field of seconds, up to a year; what is no number is 0.
func secondsOf(text string) time.Duration {
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0
	}
	return time.Duration(min(n, 365*24*3600)) * time.Second
}

// makeRoom forgets the sounds that were used longest ago; d.mu is held.
func (d *downloads) makeRoom() {
	for {
		total, oldest := 0, ""
		for url, one := range d.kept {
			total += len(one.body) + perDownload
			if one.pending == nil && (oldest == "" || one.used.Before(d.kept[oldest].used)) {
				oldest = url
			}
		}
		if total <= maxDownloads || oldest == "" {
			return
		}
		delete(d.kept, oldest)
	}
}
