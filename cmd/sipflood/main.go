// Command sipflood sends SIP requests to a server on this machine as fast as it is told, and looks at no answer: what an
// attacker does. scripts/bench.sh measures with it what that does to calls in progress.
package main

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/net/ipv4"
)

// options are the flags.
type options struct {
	target   string
	kind     string
	rate     int
	duration time.Duration
}

func main() {
	if err := newCommand().Execute(); err != nil {
		fmt.Fprintln(os.Stderr, "sipflood:", err)
		os.Exit(1)
	}
}

func newCommand() *cobra.Command {
	o := options{}
	cmd := &cobra.Command{
		Use:     "sipflood",
		Short:   "Send many SIP requests to a server on this machine",
		Example: "  sipflood --target 127.0.0.1:5060 --kind invite --rate 20000 --duration 10s",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			sent, err := run(o)
			if err == nil {
				fmt.Fprintf(cmd.OutOrStdout(), "%d messages in %v\n", sent, o.duration)
			}
			return err
		},
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	f := cmd.Flags()
	f.StringVar(&o.target, "target", "127.0.0.1:5060", "`address` of the server, in 127.0.0.0/8")
	f.StringVar(&o.kind, "kind", "invite", "what to send: `malformed`, options or invite")
	f.IntVar(&o.rate, "rate", 20000, "messages per `second`, 100,000 at most")
	f.DurationVar(&o.duration, "duration", 10*time.Second, "how `long`, 1m at most")
	return cmd
}

// batch is how many messages go out with one system call at most.
const batch = 64

// run sends the flood. Messages are due at the beginning + n/rate: a late sender catches up.
func run(o options) (sent int, err error) {
	target, err := netip.ParseAddrPort(o.target)
	switch {
	case err != nil || !target.Addr().Is4() || !target.Addr().IsLoopback():
		return 0, fmt.Errorf("flag --target: %q is not an address in 127.0.0.0/8 with a port: others must not be flooded", o.target)
	case o.rate < 1 || o.rate > 100_000:
		return 0, fmt.Errorf("flag --rate: %d is not from 1 to 100000", o.rate)
	case o.duration <= 0 || o.duration > time.Minute:
		return 0, fmt.Errorf("flag --duration: %v is not from 1ns to 1m", o.duration)
	}
	conn, err := net.DialUDP("udp4", nil, net.UDPAddrFromAddrPort(target))
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	next, err := messages(o.kind, target, conn.LocalAddr().String())
	if err != nil {
		return 0, err
	}
	out := ipv4.NewPacketConn(conn)
	list := make([]ipv4.Message, batch)
	for began := time.Now(); ; {
		elapsed := time.Since(began)
		if elapsed >= o.duration {
			return sent, nil
		}
		due := min(int(elapsed.Seconds()*float64(o.rate))-sent, batch)
		if due <= 0 {
			time.Sleep(time.Millisecond)
			continue
		}
		for i := range due {
			list[i].Buffers = [][]byte{next(sent + i)}
		}
		n, err := out.WriteBatch(list[:due], 0)
		if err != nil {
			return sent, fmt.Errorf("after %d messages: %w", sent, err)
		}
		sent += n
	}
}

// messages returns a function that makes the nth message of a kind, each of another transaction and call.
func messages(kind string, target netip.AddrPort, local string) (func(n int) []byte, error) {
	const sdp = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\n"
	method, more, body := "", "", ""
	switch kind {
	case "malformed":
		method, more = "OPTIONS", "CSeq: one OPTIONS\r\n"
	case "options":
		method = "OPTIONS"
	case "invite":
		method, more, body = "INVITE", "Content-Type: application/sdp\r\n", sdp
	default:
		return nil, errors.New("flag --kind: write malformed, options or invite")
	}
	return func(n int) []byte {
		return fmt.Appendf(nil, "%[1]s sip:flood@%[2]s SIP/2.0\r\nVia: SIP/2.0/UDP %[3]s;rport;branch=z9hG4bK-%[4]d\r\nMax-Forwards: 70\r\n"+
			"From: <sip:flood@%[3]s>;tag=%[4]d\r\nTo: <sip:flood@%[2]s>\r\nCall-ID: %[4]d@%[3]s\r\nCSeq: 1 %[1]s\r\nContact: <sip:flood@%[3]s>\r\n"+
			"%[5]sContent-Length: %[6]d\r\n\r\n%[7]s", method, target, local, n, more, len(body), body)
	}, nil
}
