package media

import (
	"sync"
	"sync/atomic"
)

const (
	crewSize    = 4    // goroutines: so many files can be slow at a time without holding up others
	chunkSize   = 8192 // samples, of all channels
	mostChunks  = 12   // that wait for one tape: 6 s in stereo at 8 kHz, 12 s in mono
	shortestRun = 1024 // samples, at least, that are handed over together
)

// crew is a few goroutines for work that pacing threads must not do: to write files, to measure. Each piece of work has a tape
// of its own, and its samples are worked on in order, by one goroutine at a time. The goroutines start with the first tape and
// end with close.
type crew struct {
	running sync.WaitGroup

	mu      sync.Mutex
	wake    sync.Cond
	started bool
	closed  bool
	first   *tape // those with something to do, linked by next
	last    *tape
}

// worker works on the samples of a tape.
type worker interface {
	// work takes in samples; after an error it gets no more.
	work(samples []int16) error
	// finish is told once, after the last samples, with the error there was.
	finish(err error)
}

// tape carries samples from a pacing thread to the crew.
type tape struct {
	crew   *crew
	worker worker
	full   int // samples that are handed over together

	filling *chunk // owned by who writes

	// Guarded by crew.mu.
	next    *tape
	waiting []*chunk
	free    []*chunk
	chunks  int // made so far
	ending  bool
	busy    bool // a goroutine works on it
	queued  bool

	err    error       // of the worker; owned by the goroutine that works
	failed atomic.Bool // there is one
}

type chunk struct {
	samples [chunkSize]int16
	n       int
}

func newCrew() *crew {
	c := &crew{}
	c.wake.L = &c.mu
	return c
}

// tape makes a tape that hands over so many samples at a time.
func (c *crew) tape(w worker, full int) *tape {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.started && !c.closed {
		c.started = true
		for range crewSize {
			c.running.Go(c.run) // ends with close
		}
	}
	full = max(shortestRun, min(full, chunkSize))
	return &tape{crew: c, worker: w, full: full, waiting: make([]*chunk, 0, mostChunks), free: make([]*chunk, 0, mostChunks)}
}

// close ends the goroutines once all that was handed over is done. No tape may be written to any more.
func (c *crew) close() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.wake.Broadcast()
	c.running.Wait()
}

// write adds samples: those of channel a, or with b not nil of both in turn. False: the crew is too far behind, or the worker failed.
func (t *tape) write(a, b []int16) bool {
	for len(a) > 0 {
		if t.failed.Load() || t.filling == nil && !t.load() {
			return false
		}
		n := t.filling.add(a, b)
		if a = a[n:]; b != nil {
			b = b[n:]
		}
		if t.filling.n >= t.full {
			t.handOver(t.filling.n < chunkSize)
		}
	}
	return true
}

// add copies what fits, and returns how many samples of a that are.
func (c *chunk) add(a, b []int16) int {
	if b == nil {
		n := copy(c.samples[c.n:], a)
		c.n += n
		return n
	}
	n := min(len(a), (chunkSize-c.n)/2)
	for i := range n {
		c.samples[c.n], c.samples[c.n+1] = a[i], b[i]
		c.n += 2
	}
	return n
}

// load gets an empty chunk.
func (t *tape) load() bool {
	t.crew.mu.Lock()
	defer t.crew.mu.Unlock()
	if n := len(t.free); n > 0 {
		t.filling, t.free = t.free[n-1], t.free[:n-1]
		t.filling.n = 0
		return true
	}
	if t.chunks == mostChunks {
		return false
	}
	t.chunks++
	t.filling = &chunk{}
	return true
}

// handOver gives the crew the chunk. As long as that may be done later too, it does not wait for the crew's lock.
func (t *tape) handOver(later bool) {
	c := t.crew
	if !c.mu.TryLock() {
		if later {
			return
		}
		c.mu.Lock()
	}
	defer c.mu.Unlock()
	t.waiting = append(t.waiting, t.filling)
	t.filling = nil
	c.queue(t)
}

// end hands over the rest. The worker finishes after it.
func (t *tape) end() {
	c := t.crew
	c.mu.Lock()
	defer c.mu.Unlock()
	if t.filling != nil {
		t.waiting = append(t.waiting, t.filling)
		t.filling = nil
	}
	t.ending = true
	c.queue(t)
}

// queue puts a tape at the end of the list; c.mu is held.
func (c *crew) queue(t *tape) {
	if t.queued || t.busy {
		return
	}
	t.queued = true
	if c.first == nil {
		c.first = t
	} else {
		c.last.next = t
	}
	c.last = t
	c.wake.Signal()
}

func (c *crew) run() {
	c.mu.Lock()
	defer c.mu.Unlock()
	var chunks []*chunk
	for {
		for c.first == nil && !c.closed {
			c.wake.Wait()
		}
		t := c.first
		if t == nil {
			return
		}
		c.first, t.next, t.queued, t.busy = t.next, nil, false, true
		chunks = append(chunks[:0], t.waiting...)
		t.waiting = t.waiting[:0]
		ending := t.ending
		c.mu.Unlock()
		t.work(chunks, ending)
		c.mu.Lock()
		t.busy = false
		t.free = append(t.free, chunks...)
		if !ending && (len(t.waiting) > 0 || t.ending) {
			c.queue(t)
		}
	}
}

// work gives the worker what was handed over; no lock is held.
func (t *tape) work(chunks []*chunk, ending bool) {
	for _, c := range chunks {
		if t.err == nil {
			t.err = t.worker.work(c.samples[:c.n])
			t.failed.Store(t.err != nil)
		}
	}
	if ending {
		t.worker.finish(t.err)
	}
}
