//go:build linux && !race && !ordinary

package media

import (
	"syscall"
	_ "unsafe" // for go:linkname
)

// detach tells the runtime that a system call begins, attach that it is over: between them the thread needs no P, the
// scheduler does not preempt it, and the garbage collector does not wait for it. The function that calls detach calls attach
// before it returns. The runtime keeps both names linkable for gVisor, which does the same; build with -tags ordinary where
// they are gone.
//
//go:linkname detach runtime.entersyscall
func detach()

//go:linkname attach runtime.exitsyscall
func attach()

// blocking is a system call that may block, of a detached thread.
//
//go:nosplit
//go:norace
func blocking(trap, a1, a2, a3, a4 uintptr) syscall.Errno {
	_, _, errno := syscall.RawSyscall6(trap, a1, a2, a3, a4, 0, 0)
	return errno
}
