package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"

	"github.com/spf13/cobra"

	"offhook/core/console"
)

func newTraceCommand() *cobra.Command {
	o := &controlFlags{}
	var call, to, rtp string
	cmd := &cobra.Command{
		Use:   "trace on|off",
		Short: "Have the running server keep the RTP of calls, for 'offhook calls pcap'",
		Long: "Have the running server keep the RTP packets of calls, or keep them no more. Messages are kept anyway. It holds for calls\n" +
			"in progress and those to come, until it is changed or the server ends; journal.rtp says how it begins. Of each call the\n" +
			"last packets are kept, as many as journal.rtp_max_bytes holds.",
		Example: "  offhook trace on\n  offhook trace on --rtp full --to 4930123456\n  offhook trace on --call 2n0o351kpo\n  offhook trace off",
		Args: func(_ *cobra.Command, args []string) error {
			switch {
			case len(args) != 1 || args[0] != "on" && args[0] != "off":
				return errors.New("trace: write on or off after it")
			case call != "" && to != "":
				return errors.New("trace: --call names one call: leave --to out")
			case rtp != "headers" && rtp != "full":
				return fmt.Errorf("trace: flag --rtp: %q is not a choice: write headers or full", rtp)
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if args[0] == "off" {
				rtp = "off"
			}
			var t console.Traced
			q := url.Values{"rtp": {rtp}, "call": {call}, "to": {to}}
			if err := o.ask(cmd, http.MethodPost, "/trace?"+q.Encode(), &t); err != nil {
				return err
			}
			if o.json {
				return failed(json.NewEncoder(cmd.OutOrStdout()).Encode(t))
			}
			fmt.Fprintf(cmd.OutOrStdout(), "RTP: %s, %d calls in progress\n", t.RTP, t.Calls)
			return nil
		},
	}
	o.addTo(cmd)
	cmd.Flags().StringVar(&call, "call", "", "only the call in progress with this `ID`")
	cmd.Flags().StringVar(&to, "to", "", "only calls to this `user`")
	cmd.Flags().StringVar(&rtp, "rtp", "headers", "`what` is kept of each packet: headers or full")
	return cmd
}

func newCallsPcapCommand() *cobra.Command {
	o := &controlFlags{}
	var name string
	cmd := &cobra.Command{
		Use:   "pcap ID",
		Short: "Write the messages of a call, and its RTP if it was kept, as a pcap file",
		Long: "Write the messages of a call as a pcap file for Wireshark, tshark or sngrep, and the RTP packets that journal.rtp or\n" +
			"'offhook trace' had the server keep. Messages of streams are written as datagrams, what was encrypted as it is inside.",
		Example: "  offhook calls pcap 2n0o351kpo -o call.pcap",
		Args:    oneCall,
		RunE: func(cmd *cobra.Command, args []string) error {
			if name == "" {
				return errors.New("calls pcap: write -o FILE, or -o - for standard output")
			}
			body, err := o.open(cmd, http.MethodGet, "/calls/"+url.PathEscape(args[0])+"/pcap")
			if err != nil {
				return err
			}
			defer body.Close()
			if name == "-" {
				_, err := io.Copy(cmd.OutOrStdout(), body)
				return failed(err)
			}
			f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600) // people's calls
			if err != nil {
				return failed(err)
			}
			_, err = io.Copy(f, body)
			return failed(errors.Join(err, f.Close()))
		},
	}
	o.addTo(cmd)
	cmd.ValidArgsFunction = o.completeCalls(false)
	cmd.Flags().StringVarP(&name, "output", "o", "", "`file` to write; - is standard output")
	return cmd
}
