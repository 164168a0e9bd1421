// Command rtpmeter listens on one UDP port for the RTP of many calls and says how evenly it came. scripts/bench.sh uses
// it as the ear of calls that SIPp holds.
package main

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"time"

	"github.com/spf13/cobra"
)

// options are the flags.
type options struct {
	listen   string
	duration time.Duration
	ptime    time.Duration
	streams  int
	talk     bool
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
	f.BoolVar(&o.talk, "talk", false, "send each stream that comes one of our own, back to where it comes from")
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
	s, err := open(address)
	if err != nil {
		return err
	}
	defer s.close()
	m := newMeter(o.ptime)
	var talking crowd
	if o.talk {
		talking = newCrowd(s, o.ptime)
		m.hears = talking.hears
	}
	m.listen(s, o.duration)
	sent := talking.end()
	r := m.result()
	fmt.Fprintln(w, r)
	if o.talk {
		fmt.Fprintf(w, "%d packets sent back\n", sent)
	}
	if r.full < o.streams {
		return fmt.Errorf("%w: %d of %d", errUneven, r.full, o.streams)
	}
	return nil
}

const (
	patience = 10 * time.Second // for the first packet
	// pause is how long the meter lets packets gather: it reads their arrival from the kernel's stamps.
	pause = 5 * time.Millisecond
)

// listen feeds the meter for a time that begins with the first packet.
func (m *meter) listen(s *socket, duration time.Duration) {
	in := newMessages()
	end, begun := time.Now().Add(patience), false
	for time.Now().Before(end) {
		n := s.receive(in)
		if n > 0 && !begun {
			end, begun = time.Now().Add(duration), true
		}
		for i := range n {
			m.take(in.packet(i))
		}
		if n < batch {
			time.Sleep(pause)
		}
	}
}
