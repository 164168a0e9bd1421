package transport

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/gobwas/ws"
)

// subprotocol is the WebSocket subprotocol of SIP (RFC 7118 §4).
const subprotocol = "sip"

// maxHandshake bounds the HTTP request or response that opens a WebSocket, in bytes.
const maxHandshake = 8 << 10

var errNoSubprotocol = errors.New(`the subprotocol "sip" is missing (RFC 7118 §4)`)

// acceptUpgrade answers the HTTP request that opens a WebSocket, and returns
// what the client sent right behind it.
func acceptUpgrade(conn io.ReadWriter, origins []string) (early []byte, err error) {
	request, early, err := readRequest(conn)
	if err != nil {
		return nil, err
	}
	agreed := false
	upgrader := ws.Upgrader{
		Protocol: func(name []byte) bool {
			agreed = agreed || string(name) == subprotocol
			return string(name) == subprotocol
		},
		OnHeader: func(name, value []byte) error {
			if strings.EqualFold(string(name), "Origin") && !allowed(origins, string(value)) {
				return ws.RejectConnectionError(ws.RejectionStatus(http.StatusForbidden), ws.RejectionReason("origin not allowed"))
			}
			return nil
		},
		OnBeforeUpgrade: func() (ws.HandshakeHeader, error) {
			if agreed {
				return nil, nil
			}
			return nil, ws.RejectConnectionError(ws.RejectionStatus(http.StatusBadRequest), ws.RejectionReason(errNoSubprotocol.Error()))
		},
	}
	_, err = upgrader.Upgrade(struct {
		io.Reader
		io.Writer
	}{bytes.NewReader(request), conn})
	return early, err
}

// readRequest reads a header section of HTTP and no more than came with its end.
func readRequest(r io.Reader) (request, early []byte, err error) {
	buf := make([]byte, maxHandshake)
	for n := 0; n < len(buf); {
		got, err := r.Read(buf[n:])
		if n += got; err != nil {
			return nil, nil, err
		}
		if end := bytes.Index(buf[:n], headerEnd); end >= 0 {
			end += len(headerEnd)
			return buf[:end], buf[end:n], nil
		}
	}
	return nil, nil, fmt.Errorf("the request is longer than %d bytes", maxHandshake)
}

// allowed tells whether pages of an origin may connect.
func allowed(origins []string, origin string) bool {
	if len(origins) == 0 {
		return true
	}
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" { // "null" is the origin of files and sandboxes
		return false
	}
	for _, pattern := range origins {
		host := u.Host
		if strings.Contains(pattern, "://") {
			host = u.Scheme + "://" + u.Host
		} else if !strings.Contains(pattern, ":") {
			host = u.Hostname()
		}
		if suffix, wild := strings.CutPrefix(pattern, "*"); wild && strings.HasSuffix(strings.ToLower(host), strings.ToLower(suffix)) || strings.EqualFold(pattern, host) {
			return true
		}
	}
	return false
}

// requestUpgrade opens a WebSocket as the client, and returns what the server
// sent right behind its answer. The caller bounds the time.
func requestUpgrade(conn net.Conn, name string, remote netip.AddrPort) (early []byte, err error) {
	host := net.JoinHostPort(name, fmt.Sprint(remote.Port()))
	for _, usual := range []string{":80", ":443"} {
		host = strings.TrimSuffix(host, usual)
	}
	in, hs, err := ws.Dialer{Protocols: []string{subprotocol}}.Upgrade(struct {
		io.Reader
		io.Writer
	}{io.LimitReader(conn, maxHandshake), conn}, &url.URL{Scheme: "ws", Host: host, Path: "/"})
	if err != nil {
		return nil, err
	}
	if hs.Protocol != subprotocol {
		return nil, errNoSubprotocol
	}
	return drained(in), nil
}

// drained returns what a reader, which may be nil, holds already.
func drained(in *bufio.Reader) []byte {
	if in == nil {
		return nil
	}
	early, _ := in.Peek(in.Buffered()) // it holds them: no error
	early = bytes.Clone(early)
	ws.PutReader(in)
	return early
}
