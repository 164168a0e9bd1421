package media

import (
	"sync/atomic"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// This file holds the system calls of a detached thread: none of them splits the stack.

const (
	futexWait = 0 | 128 // FUTEX_WAIT | FUTEX_PRIVATE_FLAG
	futexWake = 1 | 128
)

// waitFutex sleeps while *word is value, or returns at once or by chance.
//
//go:nosplit
//go:norace
func waitFutex(word *atomic.Uint32, value uint32) {
	blocking(unix.SYS_FUTEX, uintptr(unsafe.Pointer(word)), futexWait, uintptr(value), 0)
}

// wakeFutex wakes who waits.
func wakeFutex(word *atomic.Uint32) {
	_, _, _ = syscall.RawSyscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(word)), futexWake, 1, 0, 0, 0)
}

// wait sleeps until t.
//
//go:nosplit
//go:norace
func (m *monotonic) wait(t instant) {
	ts := unix.NsecToTimespec(m.origin + int64(t))
	for blocking(unix.SYS_CLOCK_NANOSLEEP, unix.CLOCK_MONOTONIC, unix.TIMER_ABSTIME, uintptr(unsafe.Pointer(&ts)), 0) == unix.EINTR {
	}
}

// read is now by a system call, where time.Now may not be called.
//
//go:nosplit
//go:norace
func (m *monotonic) read() instant {
	var ts unix.Timespec
	_, _, _ = syscall.RawSyscall6(unix.SYS_CLOCK_GETTIME, unix.CLOCK_MONOTONIC, uintptr(unsafe.Pointer(&ts)), 0, 0, 0, 0)
	return instant(int64(ts.Sec)*1e9 + int64(ts.Nsec) - m.origin)
}

// sendRaw sends one datagram and reports whether the kernel took it all.
//
//go:nosplit
//go:norace
func sendRaw(fd int, data *byte, n uintptr, to *sockaddr) bool {
	sent, _, errno := syscall.RawSyscall6(unix.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(data)), n,
		unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, uintptr(unsafe.Pointer(&to.raw)), to.len)
	return errno == 0 && sent == n
}

//go:nosplit
//go:norace
func closeRaw(fd int) {
	_, _, _ = syscall.RawSyscall6(unix.SYS_CLOSE, uintptr(fd), 0, 0, 0, 0, 0)
}
