package transport

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"
	"unicode/utf8"

	"github.com/gobwas/ws"
)

// webSocket is how messages lie in a WebSocket (RFC 6455 §5, RFC 7118 §5): each is
// one message of text or binary frames, whole or in fragments, with control
// frames in between. Where one ends is known whatever is in it, so that a
// malformed SIP message does not end the connection, as it does over TCP.
type webSocket struct {
	limits *Limits
	client bool   // we are: ours are masked, the peer's are not
	buf    []byte // of the peer's frames
	start  int    // of the bytes not consumed yet
	end    int
	need   int    // bytes of the frame at start, if its header is there
	parts  []byte // the fragments of a message so far
	split  bool   // its last fragment has not come
}

var errClosed = errors.New("closed by the peer")

// newWebSocket begins with what has come with the handshake.
func newWebSocket(limits *Limits, client bool, early []byte) *webSocket {
	w := &webSocket{limits: limits, client: client, buf: make([]byte, max(smallBuffer, len(early)))}
	w.end = copy(w.buf, early)
	return w
}

func (w *webSocket) space() []byte {
	if w.start > 0 {
		copy(w.buf, w.buf[w.start:w.end])
		w.start, w.end = 0, w.end-w.start
	}
	need := max(w.need, w.end+1)
	switch {
	case need > len(w.buf):
		grown := make([]byte, need)
		copy(grown, w.buf[:w.end])
		w.buf = grown
	case w.end == 0 && len(w.buf) > smallBuffer:
		w.buf = make([]byte, smallBuffer)
	}
	return w.buf[w.end:]
}

func (w *webSocket) add(n int) { w.end += n }

func (w *webSocket) partial() bool { return w.end > w.start || w.split }

func (w *webSocket) idle() time.Duration { return w.limits.Ping }

func (w *webSocket) probe() []byte { return w.frame(nil, ws.OpPing, nil) }

func (w *webSocket) farewell() []byte {
	return w.frame(nil, ws.OpClose, ws.NewCloseFrameBody(ws.StatusGoingAway, ""))
}

// wrap appends b as one message. RFC 7118 §5 takes both kinds; text must be UTF-8.
func (w *webSocket) wrap(queue, b []byte) []byte {
	if utf8.Valid(b) {
		return w.frame(queue, ws.OpText, b)
	}
	return w.frame(queue, ws.OpBinary, b)
}

// frame appends one frame to out.
func (w *webSocket) frame(out []byte, op ws.OpCode, payload []byte) []byte {
	h := ws.Header{Fin: true, OpCode: op, Length: int64(len(payload)), Masked: w.client}
	if w.client {
		h.Mask = ws.NewMask()
	}
	head := bytes.NewBuffer(out)
	_ = ws.WriteHeader(head, h) // fails for no such length
	out = append(head.Bytes(), payload...)
	if w.client {
		ws.Cipher(out[len(out)-len(payload):], h.Mask, 0)
	}
	return out
}

// deliver takes the next frame, if it is complete.
func (w *webSocket) deliver(s *stream, due *time.Time) (bool, error) {
	h, payload, err := w.next()
	if err != nil || payload == nil {
		return false, w.fail(s, err)
	}
	switch {
	case h.OpCode == ws.OpPing:
		s.layer.count.keepAlives.Add(1)
		return true, s.enqueue(w.frame(nil, ws.OpPong, payload))
	case h.OpCode == ws.OpPong:
	case h.OpCode == ws.OpClose:
		_ = s.enqueue(w.frame(nil, ws.OpClose, payload[:min(len(payload), 2)])) // the same status; it ends in any case
		return false, errClosed
	case !h.Fin:
		w.parts, w.split = append(w.parts, payload...), true
	default:
		if w.split {
			payload = append(w.parts, payload...)
		}
		w.parts, w.split = nil, false
		*due = time.Time{}
		if bytes.Equal(payload, headerEnd) { // RFC 5626 §4.4.1, which RFC 7118 §6 allows
			if err := s.send([]byte("\r\n"), s.local, s.remote); err != nil {
				return false, err
			}
		}
		s.layer.Deliver(payload, s.flow())
	}
	return true, nil
}

// next cuts off a frame; payload is nil when it is not all there. It is valid
// until the next call of space.
func (w *webSocket) next() (h ws.Header, payload []byte, err error) {
	in := bytes.NewReader(w.buf[w.start:w.end])
	if h, err = ws.ReadHeader(in); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return h, nil, nil
		}
		return h, nil, err
	}
	state := ws.StateServerSide
	if w.client {
		state = ws.StateClientSide
	}
	if w.split {
		state = state.Set(ws.StateFragmented)
	}
	if err := ws.CheckHeader(h, state); err != nil {
		return h, nil, err
	}
	if h.Length > int64(w.limits.Message-len(w.parts)) {
		return h, nil, faultTooLarge
	}
	begin := w.end - in.Len()
	if w.need = begin - w.start + int(h.Length); w.end-w.start < w.need {
		return h, nil, nil
	}
	payload = w.buf[begin : w.start+w.need]
	w.start, w.need = w.start+w.need, 0
	if h.Masked {
		ws.Cipher(payload, h.Mask, 0)
	}
	return h, payload, nil
}

// fail says goodbye to a peer that breaks the protocol (RFC 6455 §7.4.1).
func (w *webSocket) fail(s *stream, err error) error {
	if err == nil {
		return nil
	}
	s.layer.count.malformed.Add(1)
	s.layer.count.dropped.Add(1)
	status := ws.StatusProtocolError
	if err == faultTooLarge {
		status = ws.StatusMessageTooBig
	}
	_ = s.enqueue(w.frame(nil, ws.OpClose, ws.NewCloseFrameBody(status, ""))) // it ends in any case
	return fmt.Errorf("WebSocket: %w", err)
}
