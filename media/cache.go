package media

import (
	"container/list"
	"fmt"
	"sync"
	"time"
)

const (
	defaultCacheLimit = 64 << 20
	entryOverhead     = 512 // bytes beside the frames, generously: so that many short clips count too
)

// Cache keeps the clips of sources, so that the same tone or file is rendered once for all calls that play it. It belongs
// to whoever makes sources; its methods may be called from any goroutine. It has no goroutine of its own.
type Cache struct {
	limit int

	mu      sync.Mutex
	entries map[cacheKey]*cacheEntry
	latest  list.List // of *cacheEntry; the front was used last
	bytes   int
}

type cacheKey struct {
	source any
	codec  Codec
	ptime  time.Duration
}

type cacheEntry struct {
	key   cacheKey
	place *list.Element
	bytes int // 0 until it is rendered

	rendered chan struct{} // closed when the next two are set
	clip     *Clip
	err      error
}

// NewCache makes a cache that keeps up to limit bytes of clips; 0 = 64 MiB. The clips used longest ago go first; calls
// that play them keep theirs. A clip larger than the limit is refused.
func NewCache(limit int) *Cache {
	if limit <= 0 {
		limit = defaultCacheLimit
	}
	return &Cache{limit: limit, entries: make(map[cacheKey]*cacheEntry)}
}

// Source makes src ask the cache before it renders. Many calls that want the same clip at the same time wait for one
// rendering. Sources of this package have a key by which the cache knows them: for a tone what it is made of, for a
// file its path, size and time of change. A source without a key stays as it is.
func (c *Cache) Source(src Source) Source {
	if k, ok := src.(keyed); ok {
		return cachedSource{keyed: k, cache: c}
	}
	return src
}

type cachedSource struct {
	keyed
	cache *Cache
}

func (s cachedSource) Clip(codec Codec, ptime time.Duration) (*Clip, error) {
	key, err := s.key()
	if err != nil {
		return nil, err
	}
	if key == nil {
		return s.keyed.Clip(codec, ptime)
	}
	return s.cache.clip(cacheKey{source: key, codec: codec, ptime: ptime}, s.keyed)
}

// clip returns the clip of a key, and renders src if there is none.
func (c *Cache) clip(key cacheKey, src Source) (*Clip, error) {
	e, found := c.entry(key)
	if found {
		<-e.rendered
		return e.clip, e.err
	}
	e.err = fmt.Errorf("render %v: panicked", key.source) // until it is known better
	defer c.keep(e)
	clip, err := src.Clip(key.codec, key.ptime)
	if err == nil && clip.Bytes() > c.limit {
		clip, err = nil, fmt.Errorf("sound of %d octets in %v: more than the cache's %d", clip.Bytes(), key.codec, c.limit)
	}
	e.clip, e.err = clip, err
	return clip, err
}

// entry finds the entry of a key, or makes one for the caller to render.
func (c *Cache) entry(key cacheKey) (e *cacheEntry, found bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.entries[key]; ok {
		c.latest.MoveToFront(e.place)
		return e, true
	}
	e = &cacheEntry{key: key, rendered: make(chan struct{})}
	e.place = c.latest.PushFront(e)
	c.entries[key] = e
	return e, false
}

// keep counts e once it is rendered and makes room. An error is not kept: the next call may find the file mended.
func (c *Cache) keep(e *cacheEntry) {
	close(e.rendered)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.entries[e.key] != e {
		return // pushed out while it was rendered
	}
	if e.err != nil {
		c.drop(e)
		return
	}
	e.bytes = e.clip.Bytes() + entryOverhead
	c.bytes += e.bytes
	for c.bytes > c.limit && c.latest.Len() > 1 {
		c.drop(c.latest.Back().Value.(*cacheEntry))
	}
}

// drop forgets e; c.mu is held.
func (c *Cache) drop(e *cacheEntry) {
	c.latest.Remove(e.place)
	delete(c.entries, e.key)
	c.bytes -= e.bytes
}
