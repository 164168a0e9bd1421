// Command rtpmeter listens on one UDP port for the RTP of many calls and says how evenly it came. scripts/bench.sh uses
// it as the ear of calls that SIPp holds.
package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/net/ipv4"
	"golang.org/x/sys/unix"
)

// options are the flags.
type options struct {
	listen   string
	duration time.Duration
	ptime    time.Duration
	streams  int
}

func main() {
	if err := newCommand().Execute(); err != nil {
		fmt.Fprintln(os.Stderr, "rtpmeter:", err)
		if errors.Is(err, errUneven) {
			os.Exit(1)
		}
		os.Exit(2)
	}
}

// errUneven is the failure of a measurement that was expected to be better.
var errUneven = errors.New("fewer streams at full rate than expected")

func newCommand() *cobra.Command {
	o := options{}
	cmd := &cobra.Command{
		Use:     "rtpmeter",
		Short:   "Measure how evenly RTP comes in",
		Example: "  rtpmeter --listen 127.0.0.1:26000 --duration 20s --streams 1500",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return run(o, cmd.OutOrStdout()) },

		SilenceErrors: true,
		SilenceUsage:  true,
	}
	f := cmd.Flags()
	f.StringVar(&o.listen, "listen", "127.0.0.1:26000", "`address` to listen on, IPv4")
	f.DurationVar(&o.duration, "duration", 10*time.Second, "measure this `long` from the first packet on")
	f.DurationVar(&o.ptime, "ptime", 20*time.Millisecond, "packet `time` that the streams should have")
	f.IntVar(&o.streams, "streams", 0, "exit with code 1 unless so `many` streams come at full rate")
	return cmd
}

// run measures and prints the result.
func run(o options, w io.Writer) error {
	address, err := netip.ParseAddrPort(o.listen)
	if err != nil || !address.Addr().Is4() {
		return fmt.Errorf("flag --listen: %q is not an IPv4 address and a port: write 127.0.0.1:26000", o.listen)
	}
	if o.ptime <= 0 || o.duration < 10*o.ptime {
		return fmt.Errorf("flag --duration: %v is too short for packets every %v", o.duration, o.ptime)
	}
	conn, err := listen(address)
	if err != nil {
		return err
	}
	defer conn.Close()
	m := newMeter(o.ptime)
	if err := m.listen(conn, o.duration); err != nil {
		return err
	}
	r := m.result()
	fmt.Fprintln(w, r)
	if r.full < o.streams {
		return fmt.Errorf("%w: %d of %d", errUneven, r.full, o.streams)
	}
	return nil
}

// listen opens the socket: a large buffer, so that what is lost was lost before it, and the kernel's time stamps.
func listen(address netip.AddrPort) (*net.UDPConn, error) {
	conn, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(address))
	if err != nil {
		return nil, err
	}
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	var failed error
	err = raw.Control(func(fd uintptr) {
		// beyond net.core.rmem_max as root only; the smaller buffer will do elsewhere
		if unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 32<<20) != nil {
			_ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, 32<<20)
		}
		failed = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1)
	})
	if err := errors.Join(err, failed); err != nil {
		return nil, errors.Join(fmt.Errorf("time stamps of %v: %w", address, err), conn.Close())
	}
	return conn, nil
}

const (
	batch    = 64
	patience = 10 * time.Second // for the first packet
)

// listen feeds the meter for a time that begins with the first packet.
func (m *meter) listen(conn *net.UDPConn, duration time.Duration) error {
	messages := make([]ipv4.Message, batch)
	for i := range messages {
		messages[i].Buffers = [][]byte{make([]byte, 2048)}
		messages[i].OOB = make([]byte, 64)
	}
	p := ipv4.NewPacketConn(conn)
	if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	for begun := false; ; {
		n, err := p.ReadBatch(messages, 0)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return nil
		}
		if err != nil {
			return err
		}
		if !begun {
			begun = true
			if err := conn.SetReadDeadline(time.Now().Add(duration)); err != nil {
				return err
			}
		}
		for _, msg := range messages[:n] {
			source := msg.Addr.(*net.UDPAddr).AddrPort()
			m.take(source, msg.Buffers[0][:msg.N], arrival(msg.OOB[:msg.NN]))
		}
	}
}

// arrival reads the kernel's time stamp of a packet, in nanoseconds.
func arrival(oob []byte) int64 {
	for len(oob) > 0 {
		header, data, rest, err := unix.ParseOneSocketControlMessage(oob)
		if err != nil {
			break
		}
		if header.Level == unix.SOL_SOCKET && header.Type == unix.SCM_TIMESTAMPNS && len(data) >= 16 {
			return int64(nativeUint64(data))*int64(time.Second) + int64(nativeUint64(data[8:]))
		}
		oob = rest
	}
	return time.Now().UnixNano()
}
