package kv

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// Two buckets: key → record, and deadline+key → nothing, in the order in which
// keys die, so that each write can drop some dead ones without a search.
var (
	valuesBucket    = []byte("values")
	deadlinesBucket = []byte("deadlines")
)

// sweepPerWrite dead keys are removed by each write: more than one, so that
// they become fewer.
const sweepPerWrite = 4

// bolt is the store in a file.
type bolt struct{ db *bbolt.DB }

// Open opens the file of a store, or creates it. Only one process at a time can
// have it open.
func Open(path string) (Store, error) {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: time.Second, FreelistType: bbolt.FreelistMapType})
	if errors.Is(err, bolterrors.ErrTimeout) {
		err = errors.New("another process has it open")
	}
	if err != nil {
		return nil, fmt.Errorf("open kv store %s: %w", path, err)
	}
	db.MaxBatchDelay = 2 * time.Millisecond // writes of many calls share one sync
	err = db.Update(func(tx *bbolt.Tx) error {
		_, err1 := tx.CreateBucketIfNotExists(valuesBucket)
		_, err2 := tx.CreateBucketIfNotExists(deadlinesBucket)
		return errors.Join(err1, err2)
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open kv store %s: %w", path, err), db.Close())
	}
	return &bolt{db}, nil
}

func (b *bolt) Get(key string) (value any, ok bool, err error) {
	if err := checkKey(key); err != nil {
		return nil, false, err
	}
	err = b.db.View(func(tx *bbolt.Tx) error {
		r := record(tx.Bucket(valuesBucket).Get([]byte(key)))
		if !r.live(time.Now()) {
			return nil
		}
		value, err = r.value()
		ok = err == nil
		return err
	})
	return value, ok, err
}

func (b *bolt) Set(key string, value any, ttl time.Duration) error {
	if err := checkKey(key); err != nil {
		return err
	}
	now := time.Now()
	r, err := newRecord(value, deadline(ttl, now))
	if err != nil {
		return err
	}
	return b.db.Batch(func(tx *bbolt.Tx) error { return put(tx, key, r, now) })
}

func (b *bolt) Incr(key string, by float64, ttl time.Duration) (sum float64, err error) {
	if err := checkKey(key); err != nil {
		return 0, err
	}
	err = b.db.Batch(func(tx *bbolt.Tx) error {
		now := time.Now()
		var r record
		var err error
		if r, sum, err = record(tx.Bucket(valuesBucket).Get([]byte(key))).incr(by, ttl, now); err != nil {
			return err
		}
		return put(tx, key, r, now)
	})
	return sum, err
}

func (b *bolt) Delete(key string) (existed bool, err error) {
	if err := checkKey(key); err != nil {
		return false, err
	}
	err = b.db.Batch(func(tx *bbolt.Tx) error {
		existed = record(tx.Bucket(valuesBucket).Get([]byte(key))).live(time.Now())
		return remove(tx, []byte(key))
	})
	return existed, err
}

func (b *bolt) Close() error { return b.db.Close() }

func put(tx *bbolt.Tx, key string, r record, now time.Time) error {
	if err := remove(tx, []byte(key)); err != nil {
		return err
	}
	if r.deadline() != 0 {
		if err := tx.Bucket(deadlinesBucket).Put(deadlineKey(r, key), nil); err != nil {
			return err
		}
	}
	if err := tx.Bucket(valuesBucket).Put([]byte(key), r); err != nil {
		return err
	}
	return sweep(tx, now)
}

// remove deletes a key from both buckets.
func remove(tx *bbolt.Tx, key []byte) error {
	values := tx.Bucket(valuesBucket)
	if r := record(values.Get(key)); r.deadline() != 0 {
		if err := tx.Bucket(deadlinesBucket).Delete(deadlineKey(r, string(key))); err != nil {
			return err
		}
	}
	return values.Delete(key)
}

func deadlineKey(r record, key string) []byte {
	return append(binary.BigEndian.AppendUint64(nil, uint64(r.deadline())), key...)
}

// sweep removes the keys that have been dead the longest.
func sweep(tx *bbolt.Tx, now time.Time) error {
	var dead [][]byte
	c := tx.Bucket(deadlinesBucket).Cursor()
	for k, _ := c.First(); k != nil && len(dead) < sweepPerWrite; k, _ = c.Next() {
		if int64(binary.BigEndian.Uint64(k)) > now.UnixMilli() {
			break
		}
		dead = append(dead, append([]byte(nil), k[headerSize:]...))
	}
	for _, key := range dead {
		if err := remove(tx, key); err != nil {
			return err
		}
	}
	return nil
}
