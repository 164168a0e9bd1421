package scripttest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	"offhook/scripting/fetch"
)

// stub is what http.get and http.post of the scripts get for some URLs.
type stub struct {
	pattern  *regexp.Regexp
	response fetch.Response
	delay    time.Duration
	failure  string // the network fails with it
}

// urlPattern compiles a pattern of t:stub_http, in which "*" is anything. It must match all of "GET https://host/path", or, when
// it begins with no method, all of the URL.
func urlPattern(text string) *regexp.Regexp {
	quoted := strings.ReplaceAll(regexp.QuoteMeta(text), `\*`, ".*")
	if method, _, ok := strings.Cut(text, " "); !ok || method != strings.ToUpper(method) {
		quoted = "[A-Z]+ " + quoted
	}
	return regexp.MustCompile("^" + quoted + "$")
}

// offline is the network before a test has begun to stub it: for on_load.
type offline struct{}

func (offline) Do(context.Context, fetch.Request) (*fetch.Response, error) {
	return nil, errors.New("there is no network in tests")
}

// Do makes the trial scripting.HTTP: it answers as the test has said, the latest stub first.
func (t *trial) Do(ctx context.Context, r fetch.Request) (*fetch.Response, error) {
	request := r.Method + " " + r.URL
	t.mu.Lock()
	stubs, begun := t.stubs, t.begun
	t.mu.Unlock()
	if !begun {
		return offline{}.Do(ctx, r)
	}
	for i := len(stubs) - 1; i >= 0; i-- {
		if s := stubs[i]; s.pattern.MatchString(request) {
			return s.answer(ctx, r.Timeout)
		}
	}
	return nil, fmt.Errorf("no stub for %s: write t:stub_http(%q, …) in the test (%w)", request, r.URL, fetch.ErrNotAllowed)
}

func (s stub) answer(ctx context.Context, timeout time.Duration) (*fetch.Response, error) {
	wait, late := s.delay, false
	if timeout > 0 && wait > timeout {
		wait, late = timeout, true
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	switch {
	case late:
		return nil, context.DeadlineExceeded
	case s.failure != "":
		return nil, errors.New(s.failure)
	}
	answer := s.response
	answer.Header = answer.Header.Clone()
	return &answer, nil
}

// headerOf makes a header of names and values.
func headerOf(fields map[string]string) http.Header {
	h := http.Header{}
	for name, value := range fields {
		h.Set(name, value)
	}
	return h
}
