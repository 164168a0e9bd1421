package kv

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// keyPrefix is before all our keys, so that the server can hold other things, too.
const keyPrefix = "offhook:"

// RedisOptions say where a store in Redis is.
type RedisOptions struct {
	URL     string        // redis://user:password@host:port/0, rediss:// for TLS, or unix:///path
	Timeout time.Duration // of each use of the store, connecting included; 0 = 1 s
	Log     *slog.Logger  // told when the server goes away and when it is back; nil = nobody
}

// remote is the store in a Redis server, of version 6 or later, for several processes together. Values are text in JSON.
type remote struct {
	client  *redis.Client
	timeout time.Duration
	log     *slog.Logger
	away    atomic.Bool // the last use failed
}

// OpenRedis makes a store in Redis. It does not connect: while the server is away, each use fails after the time-out at the latest.
func OpenRedis(o RedisOptions) (Store, error) {
	silence()
	options, err := redis.ParseURL(o.URL)
	if err != nil {
		return nil, errors.New("open kv store: not the URL of a Redis server") // without the password in it
	}
	r := &remote{timeout: o.Timeout, log: o.Log}
	if r.timeout <= 0 {
		r.timeout = time.Second
	}
	if r.log == nil {
		r.log = slog.New(slog.DiscardHandler)
	}
	options.ContextTimeoutEnabled = true
	options.DialTimeout, options.ReadTimeout, options.WriteTimeout, options.PoolTimeout = r.timeout, r.timeout, r.timeout, r.timeout
	options.MaxRetries, options.DialerRetries = -1, 1 // an Incr whose answer was lost may have been done
	options.Protocol, options.DisableIdentity = 2, true
	options.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	r.client = redis.NewClient(options)
	return r, nil
}

// silence keeps the library from writing to standard error: every failure is returned. The logger is the process's.
var silence = sync.OnceFunc(func() { redis.SetLogger(silent{}) })

type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}

func (r *remote) Get(key string) (value any, ok bool, err error) {
	if err := checkKey(key); err != nil {
		return nil, false, err
	}
	var text []byte
	err = r.use(func(ctx context.Context) (err error) {
		text, err = r.client.Get(ctx, keyPrefix+key).Bytes()
		if ok = err == nil; errors.Is(err, redis.Nil) {
			return nil
		}
		return err
	})
	if err != nil || !ok {
		return nil, false, err
	}
	if err := json.Unmarshal(text, &value); err != nil {
		return nil, false, fmt.Errorf("value of %q in Redis is not JSON", key)
	}
	return value, value != nil, nil
}

func (r *remote) Set(key string, value any, ttl time.Duration) error {
	if err := checkKey(key); err != nil {
		return err
	}
	text, err := encode(value)
	if err != nil {
		return err
	}
	return r.use(func(ctx context.Context) error {
		return r.client.Set(ctx, keyPrefix+key, text, wholeMilliseconds(ttl)).Err()
	})
}

// incr adds ARGV[1] to KEYS[1]; ARGV[2] is the life of a new key in milliseconds, 0 = without end. It returns the sum, or what is
// wrong. 17 digits are what a float64 needs to come back the same.
var incr = redis.NewScript(`
local held = redis.call("GET", KEYS[1])
local number = held and tonumber(held) or 0
if held and not tonumber(held) then return "not a number" end
local sum = number + tonumber(ARGV[1])
local text = string.format("%.17g", sum)
if sum ~= sum or sum == 1/0 or sum == -1/0 then return "out of range: " .. text end
if held then redis.call("SET", KEYS[1], text, "KEEPTTL")
elseif ARGV[2] ~= "0" then redis.call("SET", KEYS[1], text, "PX", ARGV[2])
else redis.call("SET", KEYS[1], text) end
return text`)

func (r *remote) Incr(key string, by float64, ttl time.Duration) (float64, error) {
	if err := checkKey(key); err != nil {
		return 0, err
	}
	if math.IsNaN(by) || math.IsInf(by, 0) {
		return 0, fmt.Errorf("%w: the sum is %g", ErrValue, by)
	}
	var text string
	err := r.use(func(ctx context.Context) (err error) {
		life := wholeMilliseconds(ttl).Milliseconds()
		text, err = incr.Run(ctx, r.client, []string{keyPrefix + key}, strconv.FormatFloat(by, 'g', -1, 64), life).Text()
		return err
	})
	if err != nil {
		return 0, err
	}
	sum, err := strconv.ParseFloat(text, 64)
	switch {
	case strings.HasPrefix(text, "out of range"):
		return 0, fmt.Errorf("%w: the sum is %s", ErrValue, text)
	case err != nil:
		return 0, ErrNotNumber
	}
	return sum, nil
}

func (r *remote) Delete(key string) (existed bool, err error) {
	if err := checkKey(key); err != nil {
		return false, err
	}
	err = r.use(func(ctx context.Context) error {
		n, err := r.client.Del(ctx, keyPrefix+key).Result()
		existed = n > 0
		return err
	})
	return existed, err
}

func (r *remote) Close() error { return r.client.Close() }

// use does one thing with the server, within the time-out, and tells the log when it goes away and when it is back.
func (r *remote) use(do func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), r.timeout)
	defer cancel()
	err := do(ctx)
	if err == nil {
		if r.away.Swap(false) {
			r.log.Info("kv: Redis is back", "server", r.client.Options().Addr)
		}
		return nil
	}
	if late := net.Error(nil); ctx.Err() != nil || errors.Is(err, redis.ErrPoolTimeout) || errors.As(err, &late) && late.Timeout() {
		err = fmt.Errorf("no answer within %v", r.timeout)
	}
	err = fmt.Errorf("Redis at %s: %w", r.client.Options().Addr, err)
	if !r.away.Swap(true) {
		r.log.Error("kv: Redis fails", "error", err)
	}
	return err
}

// wholeMilliseconds is what Redis counts in; a life that is shorter than one is one.
func wholeMilliseconds(ttl time.Duration) time.Duration {
	if ttl <= 0 {
		return 0
	}
	return max(ttl.Truncate(time.Millisecond), time.Millisecond)
}
