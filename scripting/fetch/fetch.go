// Package fetch is the HTTP client of scripts: only to hosts that the
// configuration allows, with time-outs, a cap on what comes back and on how
// many requests are under way, so that a slow web service harms the calls that
// ask it and nobody else.
//
// Do blocks its caller and holds no lock while it waits. It starts no goroutine
// but those of net/http, which Close ends.
package fetch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"
)

// Options configure a Client; the zero value allows no host.
type Options struct {
	Allow       []string          // hosts, "api.example.com", "*.example.com" or with a port, "127.0.0.1:8000"
	Timeout     time.Duration     // of one request when it names none; 0: 5 s
	MaxTimeout  time.Duration     // the longest a request may ask for; 0: 30 s
	Concurrency int               // requests under way at once; 0: 100
	MaxBody     int64             // bytes of a response; 0: 256 KiB
	Transport   http.RoundTripper // nil: a pool of connections of its own
}

// Request is one request.
type Request struct {
	Method  string
	URL     string
	Header  map[string]string
	Body    []byte
	Timeout time.Duration // of each try; 0: the client's
	Retries int           // further tries after a network error, a 429 or a 5xx
	MaxBody int64         // bytes of the response; 0: the client's
}

// Response is what came back.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}

// ErrNotAllowed is for a URL that cannot be asked: a mistake in the script or
// the configuration, no trouble of the network. After a redirect it is within a
// *url.Error.
var ErrNotAllowed = errors.New("not allowed")

// Client makes requests; it may be used from any goroutine.
type Client struct {
	o     Options
	http  *http.Client
	slots chan struct{}
}

// New makes a client.
func New(o Options) *Client {
	o.Timeout = defaultTo(o.Timeout, 5*time.Second)
	o.MaxTimeout = defaultTo(o.MaxTimeout, 30*time.Second)
	o.Concurrency = defaultTo(o.Concurrency, 100)
	o.MaxBody = defaultTo(o.MaxBody, 256<<10)
	if o.Transport == nil {
		t := http.DefaultTransport.(*http.Transport).Clone()
		t.MaxIdleConnsPerHost, t.Proxy = 16, nil
		o.Transport = t
	}
	c := &Client{o: o, slots: make(chan struct{}, o.Concurrency)}
	c.http = &http.Client{Transport: o.Transport, CheckRedirect: func(r *http.Request, via []*http.Request) error {
		if len(via) >= 5 {
			return errors.New("more than 5 redirects")
		}
		return c.allowed(r.URL)
	}}
	return c
}

func defaultTo[T int | int64 | time.Duration](v, otherwise T) T {
	if v <= 0 {
		return otherwise
	}
	return v
}

// Close gives idle connections back.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Do makes a request, with its retries. An error is about the network or the
// time; any status that a server answers is a Response. ErrNotAllowed and
// *url.Error with Op "parse" are the script's mistakes.
func (c *Client) Do(ctx context.Context, r Request) (*Response, error) {
	u, err := url.Parse(r.URL)
	if err != nil {
		return nil, err
	}
	if err := c.allowed(u); err != nil {
		return nil, err
	}
	for try := 0; ; try++ {
		res, err := c.once(ctx, r)
		again := err != nil || res.Status == http.StatusTooManyRequests || res.Status >= 500
		if !again || try >= r.Retries || ctx.Err() != nil {
			return res, err
		}
		backoff := time.NewTimer(min(100*time.Millisecond<<min(try, 10), 2*time.Second))
		select {
		case <-backoff.C:
		case <-ctx.Done():
			backoff.Stop()
			return res, err
		}
	}
}

// once makes one try within its time-out, which includes the wait for a slot.
func (c *Client) once(ctx context.Context, r Request) (*Response, error) {
	timeout := c.o.Timeout
	if r.Timeout > 0 {
		timeout = min(r.Timeout, c.o.MaxTimeout)
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	select {
	case c.slots <- struct{}{}:
		defer func() { <-c.slots }()
	case <-ctx.Done():
		return nil, fmt.Errorf("%s %s: too many requests are under way", r.Method, r.URL)
	}
	req, err := http.NewRequestWithContext(ctx, r.Method, r.URL, bytes.NewReader(r.Body))
	if err != nil {
		return nil, err
	}
	for name, value := range r.Header {
		req.Header.Set(name, value)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, timedOut(err, r, timeout)
	}
	defer res.Body.Close()
	most := defaultTo(r.MaxBody, c.o.MaxBody)
	body, err := io.ReadAll(io.LimitReader(res.Body, most+1))
	if err != nil {
		return nil, timedOut(err, r, timeout)
	}
	if int64(len(body)) > most {
		return nil, fmt.Errorf("%s %s: the response is longer than %d bytes", r.Method, r.URL, most)
	}
	return &Response{res.StatusCode, res.Header, body}, nil
}

func timedOut(err error, r Request, after time.Duration) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%s %s: no answer within %v", r.Method, r.URL, after)
	}
	return err
}

// allowed checks the scheme and host of a URL against the list.
func (c *Client) allowed(u *url.URL) error {
	if u.Scheme != "http" && u.Scheme != "https" {
		return fmt.Errorf("%s is %w: only http and https URLs can be fetched", u, ErrNotAllowed)
	}
	if !slices.ContainsFunc(c.o.Allow, func(pattern string) bool { return matchHost(pattern, u) }) {
		return fmt.Errorf("host %s is %w: add it to scripting.http_allow", u.Host, ErrNotAllowed)
	}
	return nil
}

// matchHost compares without case; a pattern without a port allows only the
// scheme's own.
func matchHost(pattern string, u *url.URL) bool {
	host := strings.ToLower(u.Host)
	if port := u.Port(); port == map[string]string{"http": "80", "https": "443"}[u.Scheme] {
		host = strings.TrimSuffix(host, ":"+port)
	}
	ok, err := path.Match(strings.ToLower(escape(pattern)), host)
	return err == nil && ok
}

// escape leaves "*" its meaning and takes it from "[", which IPv6 hosts have.
func escape(pattern string) string {
	return strings.NewReplacer(`\`, `\\`, `[`, `\[`, `?`, `\?`).Replace(pattern)
}
