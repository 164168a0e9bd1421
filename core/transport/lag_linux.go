//go:build !386 && !arm && !mips && !mipsle

package transport

import (
	"encoding/binary"
	"net"
	"time"

	"golang.org/x/sys/unix"
)

// stampArrivals has the kernel tell with each datagram when it came. Without it
// the age of messages is not known, and all else works.
func stampArrivals(conn *net.UDPConn) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) {
		_ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1)
	})
}

// age finds the time of arrival (two 64-bit numbers, seconds and nanoseconds) among the control messages of a
// datagram, and returns how long ago that is. A clock that was set in between makes it wrong for the datagrams that
// wait at that moment.
func age(control []byte) time.Duration {
	for len(control) >= unix.SizeofCmsghdr {
		size := int(binary.NativeEndian.Uint64(control)) // Cmsghdr.Len is the first field
		level, kind := binary.NativeEndian.Uint32(control[8:]), binary.NativeEndian.Uint32(control[12:])
		if size < unix.SizeofCmsghdr || size > len(control) {
			return 0
		}
		if data := control[unix.SizeofCmsghdr:size]; level == unix.SOL_SOCKET && kind == unix.SO_TIMESTAMPNS && len(data) >= 16 {
			came := time.Unix(int64(binary.NativeEndian.Uint64(data)), int64(binary.NativeEndian.Uint64(data[8:])))
			return max(time.Since(came), 0)
		}
		control = control[min((size+7)&^7, len(control)):]
	}
	return 0
}
