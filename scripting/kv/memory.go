package kv

import (
	"sync"
	"time"
)

// memory is the store without a file.
type memory struct {
	mu      sync.Mutex
	records map[string]record
	sweepAt int // number of records at which dead ones are looked for
}

// NewMemory makes an empty store that lives as long as the process.
func NewMemory() Store { return &memory{records: map[string]record{}, sweepAt: 1024} }

func (m *memory) Get(key string) (any, bool, error) {
	if err := checkKey(key); err != nil {
		return nil, false, err
	}
	m.mu.Lock()
	r := m.records[key]
	m.mu.Unlock()
	if !r.live(time.Now()) {
		return nil, false, nil
	}
	value, err := r.value()
	return value, err == nil, err
}

func (m *memory) Set(key string, value any, ttl time.Duration) error {
	if err := checkKey(key); err != nil {
		return err
	}
	now := time.Now()
	r, err := newRecord(value, deadline(ttl, now))
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.put(key, r, now)
	return nil
}

func (m *memory) Incr(key string, by float64, ttl time.Duration) (float64, error) {
	if err := checkKey(key); err != nil {
		return 0, err
	}
	now := time.Now()
	m.mu.Lock()
	defer m.mu.Unlock()
	r, sum, err := m.records[key].incr(by, ttl, now)
	if err != nil {
		return 0, err
	}
	m.put(key, r, now)
	return sum, nil
}

func (m *memory) Delete(key string) (bool, error) {
	if err := checkKey(key); err != nil {
		return false, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	existed := m.records[key].live(time.Now())
	delete(m.records, key)
	return existed, nil
}

func (m *memory) Close() error { return nil }

// put stores a record and, each time the map has doubled, drops dead ones.
func (m *memory) put(key string, r record, now time.Time) {
	m.records[key] = r
	if len(m.records) < m.sweepAt {
		return
	}
	for k, r := range m.records {
		if !r.live(now) {
			delete(m.records, k)
		}
	}
	m.sweepAt = max(1024, 2*len(m.records))
}
