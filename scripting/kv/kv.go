package kv

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"
)

// Limits on what one key may hold, so that no script fills the disk by mistake.
const (
	MaxKey   = 512       // bytes
	MaxValue = 256 << 10 // bytes of JSON
)

// Store holds values by key. Values are those of JSON: nil is never stored,
// numbers are float64. All methods may be called from any goroutine.
type Store interface {
	// Get returns the value of a key; ok is false when there is none.
	Get(key string) (value any, ok bool, err error)
	// Set stores a value; after ttl, if it is above 0, the key is gone.
	Set(key string, value any, ttl time.Duration) error
	// Incr adds by to a number and returns the sum; a key that is not there
	// counts as 0. No two Incr of a key see the same number. A ttl above 0
	// applies when the key is created; an existing key keeps its own.
	Incr(key string, by float64, ttl time.Duration) (float64, error)
	// Delete removes a key and reports whether it was there.
	Delete(key string) (existed bool, err error)
	// Close releases the store; nothing may use it after.
	Close() error
}

var (
	// ErrNotNumber is returned by Incr for a key that holds something else.
	ErrNotNumber = errors.New("value is not a number")
	// ErrKey is returned for a key that is empty or longer than MaxKey.
	ErrKey = fmt.Errorf("key must have 1 to %d bytes", MaxKey)
	// ErrValue is returned for a value that is longer than MaxValue or that JSON cannot hold.
	ErrValue = fmt.Errorf("value must be JSON of at most %d bytes", MaxValue)
)

func checkKey(key string) error {
	if len(key) == 0 || len(key) > MaxKey {
		return ErrKey
	}
	return nil
}

// A record is a deadline in Unix milliseconds, 8 bytes big-endian, 0 for none,
// and the value as JSON.
type record []byte

const headerSize = 8

// encode is a value as JSON.
func encode(value any) ([]byte, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrValue, err)
	}
	if len(text) > MaxValue {
		return nil, ErrValue
	}
	return text, nil
}

func newRecord(value any, deadline int64) (record, error) {
	text, err := encode(value)
	if err != nil {
		return nil, err
	}
	return append(binary.BigEndian.AppendUint64(make([]byte, 0, headerSize+len(text)), uint64(deadline)), text...), nil
}

func (r record) deadline() int64 {
	if len(r) < headerSize {
		return 0
	}
	return int64(binary.BigEndian.Uint64(r))
}

func (r record) live(now time.Time) bool {
	d := r.deadline()
	return len(r) >= headerSize && (d == 0 || d > now.UnixMilli())
}

func (r record) value() (value any, err error) {
	err = json.Unmarshal(r[headerSize:], &value)
	return value, err
}

// incr returns the record of the sum; r may be nil or dead.
func (r record) incr(by float64, ttl time.Duration, now time.Time) (record, float64, error) {
	sum, until := by, deadline(ttl, now)
	if r.live(now) {
		value, err := r.value()
		if err != nil {
			return nil, 0, err
		}
		number, ok := value.(float64)
		if !ok {
			return nil, 0, ErrNotNumber
		}
		sum, until = number+by, r.deadline()
	}
	if math.IsNaN(sum) || math.IsInf(sum, 0) {
		return nil, 0, fmt.Errorf("%w: the sum is %g", ErrValue, sum)
	}
	next, err := newRecord(sum, until)
	return next, sum, err
}

func deadline(ttl time.Duration, now time.Time) int64 {
	if ttl <= 0 {
		return 0
	}
	return now.Add(ttl).UnixMilli()
}
