package scripting

import (
	"strings"
	"sync"
)

const (
	memoEntries = 1000
	memoKey     = 4096 // bytes; what is made of a longer text is not kept
)

// memo keeps what was made of a text, a pattern say, for all calls. When it is full it begins anew. Mistakes are not kept.
type memo[T any] struct {
	mu   sync.Mutex
	made map[string]T
}

func (m *memo[T]) get(text string, make func() (T, error)) (T, error) {
	m.mu.Lock()
	v, ok := m.made[text]
	m.mu.Unlock()
	if ok {
		return v, nil
	}
	v, err := make() // outside the lock: it may take long
	if err != nil || len(text) > memoKey {
		return v, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.made == nil || len(m.made) >= memoEntries {
		m.made = map[string]T{}
	}
	m.made[strings.Clone(text)] = v
	return v, nil
}
