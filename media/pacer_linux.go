package media

import (
	"errors"
	"fmt"
	"time"

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

// sleepUntil sleeps until t, or to the next signal, by an ordinary system call: others have the P meanwhile.
func (m *monotonic) sleepUntil(t instant) {
	ts := unix.NsecToTimespec(m.origin + int64(t))
	_ = unix.ClockNanosleep(unix.CLOCK_MONOTONIC, unix.TIMER_ABSTIME, &ts, nil)
}

const (
	// Of SCHED_FIFO: above all ordinary threads, below what the kernel and audio servers use.
	postmanPriority = 10
	shardPriority   = 9

	shortSlice   = 100 * time.Microsecond // of EEVDF: woken sooner, in return for shorter turns
	ordinaryNice = -15
)

// prioritise makes the calling thread's wake-ups prompt by SCHED_FIFO, which the process may use with CAP_SYS_NICE or RLIMIT_RTPRIO.
func prioritise(priority uint32) error {
	err := unix.SchedSetAttr(0, &unix.SchedAttr{
		Size:     unix.SizeofSchedAttr,
		Policy:   unix.SCHED_FIFO,
		Flags:    unix.SCHED_FLAG_RESET_ON_FORK,
		Priority: priority,
	}, 0)
	if err != nil {
		return fmt.Errorf("SCHED_FIFO: %w", err)
	}
	return nil
}

// favour makes the calling thread's wake-ups as prompt as they are without real-time priority: by a short time slice, which
// needs no privilege but Linux 6.12, and a nice value. Each may be refused, and the thread does without it.
func favour() error {
	// The default slack lets the kernel delay wake-ups by 50 µs.
	slack := unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0)
	slice := unix.SchedSetAttr(0, &unix.SchedAttr{Size: unix.SizeofSchedAttr, Runtime: uint64(shortSlice)}, 0)
	nice := unix.Setpriority(unix.PRIO_PROCESS, unix.Gettid(), ordinaryNice)
	return errors.Join(slice, nice, slack)
}
