package sdp

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/pion/sdp/v3"
)

// read reads what we need of a description: v=, t=, c=, m= and a=. It passes
// over all else, and takes lines in any order and without the carriage return,
// as phones and gateways write them. pion/sdp's own parser refuses a whole offer
// for one line that it does not know, as m=image or b=CR, where RFC 3264 §6 wants
// a stream to be rejected and RFC 8866 §5.8 a line to be ignored.
func read(body []byte) (*sdp.SessionDescription, error) {
	d := &sdp.SessionDescription{}
	number, versions := 0, 0
	for line := range bytes.Lines(body) {
		number++
		key, value, ok := strings.Cut(strings.TrimRight(string(line), "\r\n"), "=")
		if !ok {
			continue
		}
		problem := ""
		switch key {
		case "v":
			versions++
			problem = readVersion(value)
		case "t":
			problem = readTime(d, value)
		case "c":
			readConnection(d, value)
		case "m":
			problem = readMedia(d, value)
		case "a":
			readAttribute(d, value)
		}
		if problem != "" {
			return nil, syntaxError("line %d: %s=%.60q: %s", number, key, value, problem)
		}
	}
	switch {
	case versions != 1:
		return nil, syntaxError("%d v= lines, want one", versions)
	case len(d.MediaDescriptions) == 0:
		return nil, syntaxError("no m= line")
	}
	return d, nil
}

func readVersion(value string) (problem string) {
	if strings.TrimSpace(value) != "0" {
		return "unknown version, want 0"
	}
	return ""
}

func readTime(d *sdp.SessionDescription, value string) (problem string) {
	var t sdp.TimeDescription
	fields := strings.Fields(value)
	if len(fields) != 2 {
		return "want two times"
	}
	for i, to := range []*uint64{&t.Timing.StartTime, &t.Timing.StopTime} {
		n, err := strconv.ParseUint(fields[i], 10, 64)
		if err != nil {
			return "want two times"
		}
		*to = n
	}
	d.TimeDescriptions = append(d.TimeDescriptions, t)
	return ""
}

// readConnection keeps c= of the session or of the latest stream as it is: it
// matters only to a stream that we use, see addressOf.
func readConnection(d *sdp.SessionDescription, value string) {
	c := &sdp.ConnectionInformation{}
	if fields := strings.Fields(value); len(fields) == 3 {
		c.NetworkType, c.AddressType, c.Address = fields[0], fields[1], &sdp.Address{Address: fields[2]}
	}
	if n := len(d.MediaDescriptions); n > 0 {
		d.MediaDescriptions[n-1].ConnectionInformation = c
	} else {
		d.ConnectionInformation = c
	}
}

// readMedia begins a stream: m=audio 4000 RTP/AVP 0 8.
func readMedia(d *sdp.SessionDescription, value string) (problem string) {
	fields := strings.Fields(value)
	if len(fields) < 3 {
		return "want a medium, a port, a protocol and formats"
	}
	number, _, _ := strings.Cut(fields[1], "/") // how many ports is for layered streams only
	port, err := strconv.ParseUint(number, 10, 16)
	if err != nil {
		return "want a port from 0 to 65535"
	}
	if len(fields) == 3 && port != 0 {
		return "want a format after the protocol"
	}
	d.MediaDescriptions = append(d.MediaDescriptions, &sdp.MediaDescription{MediaName: sdp.MediaName{
		Media: fields[0], Port: sdp.RangedPort{Value: int(port)}, Protos: strings.Split(fields[2], "/"), Formats: fields[3:],
	}})
	return ""
}

func readAttribute(d *sdp.SessionDescription, value string) {
	key, value, _ := strings.Cut(value, ":")
	to := &d.Attributes
	if n := len(d.MediaDescriptions); n > 0 {
		to = &d.MediaDescriptions[n-1].Attributes
	}
	*to = append(*to, sdp.NewAttribute(strings.TrimSpace(key), strings.TrimSpace(value)))
}
