package kv

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// redisServer is a redis-server of its own on a Unix socket, without a file.
type redisServer struct {
	url, dir string
	process  *exec.Cmd
}

// startRedis starts a server, which ends with the test.
func startRedis(t *testing.T) *redisServer {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("redis-server is missing: apt-get install redis-server")
		}
		t.Skip("redis-server is missing: apt-get install redis-server")
	}
	dir, err := os.MkdirTemp("", "kv") // t.TempDir's names are too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	s := &redisServer{url: "unix://" + filepath.Join(dir, "s"), dir: dir}
	s.start(t)
	t.Cleanup(s.stop)
	return s
}

func (s *redisServer) start(t *testing.T) {
	t.Helper()
	s.process = exec.Command("redis-server", "--port", "0", "--unixsocket", filepath.Join(s.dir, "s"), "--save", "", "--appendonly", "no", "--dir", s.dir)
	if err := s.process.Start(); err != nil {
		t.Fatal(err)
	}
	client := newRemote(t, RedisOptions{URL: s.url}).client
	for deadline := time.Now().Add(10 * time.Second); ; {
		err := client.Ping(context.Background()).Err()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("redis-server does not come up: %v", err)
		}
	}
}

func (s *redisServer) stop() {
	_ = s.process.Process.Kill()
	_ = s.process.Wait()
}

func newRemote(t *testing.T, o RedisOptions) *remote {
	t.Helper()
	s, err := OpenRedis(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s.(*remote)
}

// TestRedisOfSeveral: processes that use one server see the same values and never the same sum; what others keep there is not touched.
func TestRedisOfSeveral(t *testing.T) {
	server := startRedis(t)
	a, b := newRemote(t, RedisOptions{URL: server.url}), newRemote(t, RedisOptions{URL: server.url})
	if err := a.client.Set(t.Context(), "k", "of another", 0).Err(); err != nil {
		t.Fatal(err)
	}
	want(t, b, "k", nil)
	if err := a.Set("k", "v", 0); err != nil {
		t.Fatal(err)
	}
	want(t, b, "k", "v")
	var adding sync.WaitGroup
	for _, s := range []Store{a, b} {
		adding.Go(func() {
			for range 100 {
				if _, err := s.Incr("n", 0.5, time.Hour); err != nil {
					t.Error(err)
				}
			}
		})
	}
	adding.Wait()
	want(t, a, "n", 100.0)
	if got, err := a.client.Get(t.Context(), "k").Result(); got != "of another" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	if err := a.client.Set(t.Context(), keyPrefix+"foreign", "not JSON", 0).Err(); err != nil {
		t.Fatal(err)
	}
	if _, _, err := a.Get("foreign"); err == nil || err.Error() != `value of "foreign" in Redis is not JSON` {
		t.Errorf("got %v", err)
	}
	if _, err := a.Incr("foreign", 1, 0); !errors.Is(err, ErrNotNumber) {
		t.Errorf("got %v", err)
	}
}

// TestRedisAway: a server that is gone is an error at once, logged once; when it is back, so is the store.
func TestRedisAway(t *testing.T) {
	server := startRedis(t)
	var log bytes.Buffer
	s := newRemote(t, RedisOptions{URL: server.url, Timeout: 200 * time.Millisecond, Log: slog.New(slog.NewTextHandler(&log, nil))})
	if err := s.Set("k", 1.0, 0); err != nil {
		t.Fatal(err)
	}
	server.stop()
	for range 3 {
		if _, _, err := s.Get("k"); err == nil || !strings.Contains(err.Error(), "Redis at "+server.dir) {
			t.Errorf("Get of a server that is gone: %v", err)
		}
	}
	server.start(t)
	if n, err := s.Incr("n", 1, 0); n != 1 || err != nil {
		t.Errorf("Incr of one that is back: %v, %v", n, err)
	}
	if text := log.String(); strings.Count(text, "level=ERROR") != 1 || strings.Count(text, "kv: Redis is back") != 1 {
		t.Errorf("logged\n%s", text)
	}
}

// TestRedisThatHangs: nothing takes longer than the time-out, however many wait: not for a server that takes connections and says nothing.
func TestRedisThatHangs(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	const timeout = 200 * time.Millisecond
	s := newRemote(t, RedisOptions{URL: "redis://:secret@" + l.Addr().String(), Timeout: timeout})
	var waiting sync.WaitGroup
	began := time.Now()
	for range 100 {
		waiting.Go(func() {
			_, err := s.Incr("n", 1, 0)
			if want := "Redis at " + l.Addr().String() + ": no answer within 200ms"; err == nil || err.Error() != want {
				t.Errorf("got %v, want %s", err, want)
			}
		})
	}
	waiting.Wait()
	if took := time.Since(began); took > 5*timeout {
		t.Errorf("took %v", took)
	}
}

func TestRedisURL(t *testing.T) {
	_, err := OpenRedis(RedisOptions{URL: "redis://:secret@host:port/x"})
	if err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("got %v", err)
	}
}

func BenchmarkRedisIncr(b *testing.B) {
	s, err := OpenRedis(RedisOptions{URL: os.Getenv("OFFHOOK_BENCH_REDIS")})
	if err != nil {
		b.Skip("OFFHOOK_BENCH_REDIS names no server")
	}
	defer s.Close()
	b.SetParallelism(20)
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			if _, err := s.Incr("n", 1, 0); err != nil {
				b.Error(err)
			}
		}
	})
}
