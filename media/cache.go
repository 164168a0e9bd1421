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

// Cache keeps the clips of sources, and the samples of files, so that the same tone or file is rendered once for all calls
// that play it: a file is decoded once, whatever codecs and lists it is played in. It belongs to whoever makes sources; its
// methods may be called from any goroutine. It has no goroutine of its own.
type Cache struct {
	limit int

	mu      sync.Mutex
	entries map[any]*cacheEntry // by clipKey or samplesKey
	latest  list.List           // of *cacheEntry; the front was used last
	bytes   int
}

type clipKey struct {
	source any
	codec  Codec
	ptime  time.Duration
}

type samplesKey struct {
	source any
	rate   int
}

// rendering is what a cache keeps: a *Clip, or samples.
type rendering interface{ Bytes() int }

type samples []int16

func (s samples) Bytes() int { return 2 * len(s) }

type cacheEntry struct {
	key   any
	place *list.Element
	bytes int // 0 until it is rendered

	rendered chan struct{} // closed when the next two are set
	value    rendering
	err      error
}

// NewCache makes a cache that keeps up to limit bytes; 0 = 64 MiB. What was used longest ago goes first; calls that play it
// keep theirs. A clip larger than the limit is refused; samples that are are not kept.
func NewCache(limit int) *Cache {
	if limit <= 0 {
		limit = defaultCacheLimit
	}
	return &Cache{limit: limit, entries: make(map[any]*cacheEntry)}
}

// Source makes src ask the cache before it renders. Many calls that want the same clip at the same time wait for one
// rendering. Sources of this package have a key by which the cache knows them: for a tone what it is made of, for a
// file its path, size and time of change. A source without a key stays as it is.
func (c *Cache) Source(src Source) Source {
	switch s := src.(type) {
	case fileSource:
		return cachedFile{s, c}
	case *dataSource:
		return cachedFile{s, c}
	case cachedFile, cachedSource: // it asks already, and must not wait for itself
		return src
	case keyed:
		return cachedSource{s, c}
	}
	return src
}

type cachedSource struct {
	keyed
	cache *Cache
}

func (s cachedSource) Clip(codec Codec, ptime time.Duration) (*Clip, error) {
	return s.cache.clip(s.keyed, codec, ptime, s.keyed.Clip)
}

// cachedFile is a file whose samples are kept too, for the lists that it is in and for other codecs.
type cachedFile struct {
	sampled
	cache *Cache
}

func (f cachedFile) Clip(codec Codec, ptime time.Duration) (*Clip, error) {
	return f.cache.clip(f.sampled, codec, ptime, func(codec Codec, ptime time.Duration) (*Clip, error) { return encode(f, codec, ptime) })
}

func (f cachedFile) samples(rate int) ([]int16, error) {
	key, err := f.key()
	if err != nil {
		return nil, err
	}
	if key == nil {
		return f.sampled.samples(rate)
	}
	return get(f.cache, samplesKey{key, rate}, func() (samples, error) { return f.sampled.samples(rate) })
}

// clip returns the clip of a source, rendered when none is kept.
func (c *Cache) clip(src keyed, codec Codec, ptime time.Duration, render func(Codec, time.Duration) (*Clip, error)) (*Clip, error) {
	key, err := src.key()
	if err != nil {
		return nil, err
	}
	if key == nil {
		return render(codec, ptime)
	}
	return get(c, clipKey{source: key, codec: codec, ptime: ptime}, func() (*Clip, error) {
		clip, err := render(codec, ptime)
		if err == nil && clip.Bytes() > c.limit {
			return nil, fmt.Errorf("sound of %d octets in %v: more than the cache's %d", clip.Bytes(), codec, c.limit)
		}
		return clip, err
	})
}

// get returns what is kept for a key, and renders it if there is nothing.
func get[T rendering](c *Cache, key any, render func() (T, error)) (T, error) {
	e, found := c.entry(key)
	if found {
		<-e.rendered
		value, _ := e.value.(T)
		return value, e.err
	}
	e.err = fmt.Errorf("render %v: panicked", key) // until it is known better
	defer c.keep(e)
	value, err := render()
	e.value, e.err = value, err
	return value, err
}

// entry finds the entry of a key, or makes one for the caller to render.
func (c *Cache) entry(key any) (e *cacheEntry, found bool) {
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
	if e.err != nil || e.value.Bytes() > c.limit {
		c.drop(e)
		return
	}
	e.bytes = e.value.Bytes() + entryOverhead
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
