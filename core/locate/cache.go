package locate

import (
	"context"
	"errors"
	"sync"
	"time"
)

// cache keeps answers of DNS, also that there is none.
type cache struct {
	mu      sync.Mutex
	entries map[string]entry
}

type entry struct {
	value   any
	err     error
	expires time.Time
}

const (
	cacheSize   = 4096            // entries
	longest     = 5 * time.Minute // an answer is kept, whatever its TTL
	shortest    = time.Second
	failureTime = 5 * time.Second // a failure is kept, so that a dead server is not asked for each call
)

// errNotCached tells that DNS would have to be asked.
var errNotCached = errors.New("not known yet")

type onlyCachedKey struct{}

// onlyCached marks a context under which recall asks nobody.
func onlyCached(ctx context.Context) context.Context {
	return context.WithValue(ctx, onlyCachedKey{}, true)
}

// recall returns what is kept under key, or asks and keeps the answer, also that
// there was none in time. What failed because the caller gave up is not kept.
func recall[T any](ctx context.Context, c *cache, key string, ask func() (T, time.Duration, error)) (T, error) {
	if e, ok := c.get(key); ok {
		value, _ := e.value.(T)
		return value, e.err
	}
	var none T
	if ctx.Value(onlyCachedKey{}) != nil {
		return none, errNotCached
	}
	value, ttl, err := ask()
	if err != nil {
		ttl = failureTime
	}
	if ctx.Err() != context.Canceled {
		c.put(key, entry{value, err, time.Now().Add(min(max(ttl, shortest), longest))})
	}
	return value, err
}

func (c *cache) get(key string) (entry, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.entries[key]
	return e, ok && time.Now().Before(e.expires)
}

func (c *cache) put(key string, e entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.entries == nil || len(c.entries) >= cacheSize {
		c.entries = make(map[string]entry) // peers choose the names: start again rather than grow
	}
	c.entries[key] = e
}
