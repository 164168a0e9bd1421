package main

import (
	"sync"
	"time"

	"offhook/scripting/kv"
)

// lazyStore is the store of kv. Its file is opened, and made, when a script first uses it: a server whose scripts do not needs
// none, and no Redis. While it cannot be opened every use fails, and one every few seconds tries again: each try may take a second.
type lazyStore struct {
	path  string          // "" = in memory
	redis kv.RedisOptions // without a URL the file is it

	mu    sync.Mutex
	store kv.Store
	err   error     // of the last try
	again time.Time // when to try again
}

const tryStoreEvery = 5 * time.Second

func (s *lazyStore) open() (kv.Store, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.store != nil {
		return s.store, nil
	}
	if time.Now().Before(s.again) {
		return nil, s.err
	}
	store, err := s.make()
	if err != nil {
		s.err, s.again = err, time.Now().Add(tryStoreEvery)
		return nil, err
	}
	s.store = store
	return store, nil
}

func (s *lazyStore) make() (kv.Store, error) {
	switch {
	case s.redis.URL != "":
		return kv.OpenRedis(s.redis)
	case s.path == "":
		return kv.NewMemory(), nil
	}
	return kv.Open(s.path)
}

// Get implements scripting.Store, as the following methods do.
func (s *lazyStore) Get(key string) (any, bool, error) {
	store, err := s.open()
	if err != nil {
		return nil, false, err
	}
	return store.Get(key)
}

func (s *lazyStore) Set(key string, value any, ttl time.Duration) error {
	store, err := s.open()
	if err != nil {
		return err
	}
	return store.Set(key, value, ttl)
}

func (s *lazyStore) Incr(key string, by float64, ttl time.Duration) (float64, error) {
	store, err := s.open()
	if err != nil {
		return 0, err
	}
	return store.Incr(key, by, ttl)
}

func (s *lazyStore) Delete(key string) (bool, error) {
	store, err := s.open()
	if err != nil {
		return false, err
	}
	return store.Delete(key)
}

// Close closes the store, if it was opened.
func (s *lazyStore) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.store == nil {
		return nil
	}
	return s.store.Close()
}
