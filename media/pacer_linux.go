package media

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// monotonic is a shard's clock: CLOCK_MONOTONIC, counted from an origin.
type monotonic struct {
	start  time.Time
	origin int64 // CLOCK_MONOTONIC at start, ns
}

// newMonotonic starts a clock whose origin lies offset ahead.
func newMonotonic(offset time.Duration) (*monotonic, error) {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
		return nil, fmt.Errorf("read CLOCK_MONOTONIC: %w", err)
	}
	// time.Since reads the same clock, without a system call.
	return &monotonic{start: time.Now().Add(offset), origin: ts.Nano() + int64(offset)}, nil
}

func (m *monotonic) now() instant { return instant(time.Since(m.start)) }

// sleepUntil sleeps until t with an absolute deadline. It enters the kernel behind the Go scheduler's back: the thread keeps
// its P, because to get one back after an ordinary system call takes milliseconds while other goroutines are busy. So a
// pacing thread occupies one P for good, and reserveProcs makes up for that.
func (m *monotonic) sleepUntil(t instant) {
	ts := unix.NsecToTimespec(m.origin + int64(t))
	for m.now() < t { // EINTR: the runtime's preemption signal
		syscall.RawSyscall6(unix.SYS_CLOCK_NANOSLEEP, unix.CLOCK_MONOTONIC, unix.TIMER_ABSTIME,
			uintptr(unsafe.Pointer(&ts)), 0, 0, 0)
	}
}

const (
	realtimePriority = 10                     // of SCHED_FIFO: above all ordinary threads, below what the kernel and audio servers use
	shortSlice       = 100 * time.Microsecond // of EEVDF: woken sooner, in return for shorter turns
	ordinaryNice     = -15
)

// prioritise makes the calling thread's wake-ups prompt: SCHED_FIFO if the process may (CAP_SYS_NICE or RLIMIT_RTPRIO),
// else a short time slice, which needs no privilege but Linux 6.12. The error tells why it is not SCHED_FIFO.
func prioritise() error {
	// The default slack lets the kernel delay wake-ups by 50 µs.
	slack := unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0)
	err := unix.SchedSetAttr(0, &unix.SchedAttr{
		Size:     unix.SizeofSchedAttr,
		Policy:   unix.SCHED_FIFO,
		Flags:    unix.SCHED_FLAG_RESET_ON_FORK,
		Priority: realtimePriority,
	}, 0)
	if err == nil {
		return slack
	}
	// Each is refused on its own terms, and the thread paces without it.
	slice := unix.SchedSetAttr(0, &unix.SchedAttr{Size: unix.SizeofSchedAttr, Runtime: uint64(shortSlice)}, 0)
	nice := unix.Setpriority(unix.PRIO_PROCESS, unix.Gettid(), ordinaryNice)
	return errors.Join(fmt.Errorf("SCHED_FIFO: %w", err), slice, nice, slack)
}

// procsPerShard is one P that a pacing thread occupies, and one to spare: when the runtime preempts the thread's goroutine,
// every 10 ms, it needs another P to come back. With 1,500 sessions beside two goroutines that compute and make garbage
// half of the time, the spare one took p99 from 4.4 to 3.5 ms.
const procsPerShard = 2

// procs serialises the engines of a process that read, change and write its GOMAXPROCS.
var procs sync.Mutex

// reserveProcs raises GOMAXPROCS for so many pacing threads, so that as many goroutines as before run beside them; a
// negative number gives back.
func reserveProcs(shards int) {
	if shards == 0 {
		return // no need to stop the world
	}
	procs.Lock()
	defer procs.Unlock()
	runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + procsPerShard*shards)
}
