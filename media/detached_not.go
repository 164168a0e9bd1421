//go:build linux && (race || ordinary)

package media

import "syscall"

// detach and attach do nothing: the race detector needs what a detached thread has not. Pacing waits for Go's scheduler.

//go:nosplit
func detach() {}

//go:nosplit
func attach() {}

// blocking is a system call that may block.
func blocking(trap, a1, a2, a3, a4 uintptr) syscall.Errno {
	_, _, errno := syscall.Syscall6(trap, a1, a2, a3, a4, 0, 0)
	return errno
}
