package scripting

import (
	"context"
	"os"
	"time"

	"offhook/scripting/fetch"
	"offhook/scripting/kv"
)

// What scripts reach outside their call: the interfaces that Options take, and what stands in for one that is not given.

// HTTP makes the requests of http.get and http.post, each from a goroutine that may block until ctx is done;
// *fetch.Client is one. An error that wraps fetch.ErrNotAllowed, or a *url.Error of Op "parse", is a mistake of the script
// and raised; every other one is trouble of the network and returned to it.
type HTTP interface {
	Do(ctx context.Context, r fetch.Request) (*fetch.Response, error)
}

// Store keeps the values of kv; every kv.Store is one. All calls use it at once. Writes may take as long as a disk takes.
type Store interface {
	Get(key string) (value any, ok bool, err error)
	Set(key string, value any, ttl time.Duration) error
	Incr(key string, by float64, ttl time.Duration) (float64, error)
	Delete(key string) (existed bool, err error)
}

// Metrics takes the figures of metrics.inc and metrics.observe, from all calls at once, with the generation of the script that
// takes them. An error says why one cannot be taken: it is logged, and the script goes on.
type Metrics interface {
	Inc(generation uint64, name string, by float64, labels map[string]string) error
	Observe(generation uint64, name string, value float64, labels map[string]string) error
}

// discard is the Metrics of an engine that has none.
type discard struct{}

func (discard) Inc(uint64, string, float64, map[string]string) error     { return nil }
func (discard) Observe(uint64, string, float64, map[string]string) error { return nil }

// withDefaults fills in what reaches nowhere: no host is allowed, kv forgets with the process, metrics are not kept.
func (o Options) withDefaults() Options {
	if o.HTTP == nil {
		o.HTTP = fetch.New(fetch.Options{})
	}
	if o.Store == nil {
		o.Store = kv.NewMemory()
	}
	if o.Metrics == nil {
		o.Metrics = discard{}
	}
	if o.Environ == nil {
		o.Environ = os.LookupEnv
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}
