package coretest

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/pion/rtp"

	"offhook/media"
	"offhook/media/dtmf"
)

// stream is the caller's end of RTP.
type stream struct {
	local     netip.AddrPort
	listening []netip.AddrPort // local, and those before it
	remote    netip.AddrPort   // of the server; zero: not known yet
	codec     media.Codec
	dtmf      uint8 // payload type of telephone-event; 0: not agreed
	version   int   // of the o= line

	ssrc     uint32
	sequence uint16
	began    time.Time
	origin   uint32 // RTP timestamp at began
	heard    uint64 // packets
}

func newStream(local netip.AddrPort) stream {
	return stream{
		local: local, listening: []netip.AddrPort{local},
		ssrc: rand.Uint32(), sequence: uint16(rand.Uint32()), origin: rand.Uint32(), began: time.Now(),
	}
}

// ErrNoMedia tells that the server has not said where it wants RTP.
var ErrNoMedia = errors.New("the server has no RTP session")

// Codec is the codec agreed on; false before there is one.
func (c *Caller) Codec() (media.Codec, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stream.codec, c.stream.remote.IsValid()
}

// Heard counts the RTP packets that came.
func (c *Caller) Heard() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stream.heard
}

func (c *Caller) hearRTP(packet []byte) {
	var p rtp.Packet
	if p.Unmarshal(packet) != nil {
		return
	}
	c.mu.Lock()
	c.stream.heard++
	c.mu.Unlock()
	if c.o.OnRTP != nil {
		c.hearing.Lock()
		defer c.hearing.Unlock()
		c.o.OnRTP(time.Now(), &p)
	}
}

func (c *Caller) hearRTCP(packet []byte) {
	if c.o.OnRTCP != nil {
		c.hearing.Lock()
		defer c.hearing.Unlock()
		c.o.OnRTCP(time.Now(), packet)
	}
}

// SendRTP sends a datagram to the server's RTP port as it stands.
func (c *Caller) SendRTP(packet []byte) error {
	c.mu.Lock()
	remote, local := c.stream.remote, c.stream.local
	c.mu.Unlock()
	if !remote.IsValid() || !c.network.engine.Inject(remote, local, packet) {
		return ErrNoMedia
	}
	return nil
}

// Speak sends a clip, frame by frame in real time. It returns when the clip has
// been said, when ctx or the call has ended, or with ErrNoMedia.
func (c *Caller) Speak(ctx context.Context, clip *media.Clip) error {
	return c.pace(ctx, clip.Len(), clip.Ptime(), func(i int64, at uint32) *rtp.Packet {
		return c.packet(clip.Codec().PayloadType(), i == 0, at, clip.Frame(i))
	})
}

// Press sends digits by RFC 4733, each down for on and followed by gap; zero:
// 100 ms both. It returns when they have been sent, as Speak does.
func (c *Caller) Press(ctx context.Context, digits string, on, gap time.Duration) error {
	c.mu.Lock()
	pt, clock := c.stream.dtmf, c.stream.codec.ClockRate()
	c.mu.Unlock()
	keys, err := dtmf.Lay(digits, on, gap, c.o.Ptime, clock)
	if err != nil {
		return err
	}
	if pt == 0 {
		return media.ErrNoDTMF
	}
	unit := uint32(c.o.Ptime * time.Duration(clock) / time.Second)
	return c.pace(ctx, keys.Len(), c.o.Ptime, func(i int64, at uint32) *rtp.Packet {
		p, ok := keys.At(i)
		if !ok {
			return nil
		}
		return c.packet(pt, p.Marker, at-uint32(i-p.Began)*unit, p.Payload.Append(nil))
	})
}

// packet makes the next packet of the stream.
func (c *Caller) packet(payloadType uint8, marker bool, timestamp uint32, payload []byte) *rtp.Packet {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stream.sequence++
	return &rtp.Packet{
		Header: rtp.Header{
			Version: 2, PayloadType: payloadType, Marker: marker, SequenceNumber: c.stream.sequence,
			Timestamp: timestamp, SSRC: c.stream.ssrc,
		},
		Payload: payload,
	}
}

// pace sends n frames (0: without end) at absolute deadlines; frame makes the
// packet of one, with the timestamp of its instant, or nil.
func (c *Caller) pace(ctx context.Context, n int64, ptime time.Duration, frame func(i int64, at uint32) *rtp.Packet) error {
	c.mu.Lock()
	clock := time.Duration(c.stream.codec.ClockRate())
	c.mu.Unlock()
	start := time.Now()
	origin := c.stream.origin + uint32(start.Sub(c.stream.began)*clock/time.Second)
	unit := uint32(ptime * clock / time.Second)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for i := int64(0); n == 0 || i < n; i++ {
		timer.Reset(time.Until(start.Add(time.Duration(i) * ptime)))
		select {
		case <-timer.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-c.done:
			return nil
		}
		p := frame(i, origin+uint32(i)*unit)
		if p == nil {
			continue
		}
		packet, err := p.Marshal()
		if err != nil {
			return err
		}
		if err := c.SendRTP(packet); err != nil {
			return err
		}
	}
	timer.Reset(time.Until(start.Add(time.Duration(n) * ptime)))
	select {
	case <-timer.C:
	case <-ctx.Done():
	case <-c.done:
	}
	return nil
}
