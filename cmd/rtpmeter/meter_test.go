package main

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/pion/rtp"
)

var peer = netip.MustParseAddrPort("127.0.0.1:10000")

func packet(t *testing.T, ssrc uint32, sequence uint16) []byte {
	t.Helper()
	b, err := (&rtp.Packet{Header: rtp.Header{Version: 2, SSRC: ssrc, SequenceNumber: sequence}, Payload: make([]byte, 160)}).Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

const ms = int64(time.Millisecond)

func TestMeter(t *testing.T) {
	m := newMeter(20 * time.Millisecond)
	for i := range 101 {
		at := int64(i)*20*ms + 1
		m.take(peer, packet(t, 1, uint16(65500+i)), at) // across the wrap
		m.take(peer, packet(t, 2, uint16(i)), at+int64(i%2)*3*ms)
		if i != 50 && i != 51 {
			m.take(peer, packet(t, 3, uint16(i)), at)
		}
	}
	m.take(peer, packet(t, 1, 65500), 100*20*ms) // an old one again
	m.take(peer, []byte{1, 2, 3}, 100*20*ms)
	r := m.result()
	if r.streams != 3 || r.full != 2 || r.packets != 101+101+99 || r.lost != 2 || r.invalid != 1 {
		t.Errorf("%+v", r)
	}
	if r.median > 20*time.Microsecond || r.p99 < 3*time.Millisecond || r.p99 > 3*time.Millisecond+bucketWidth || r.most != 3*time.Millisecond {
		t.Errorf("deviations %+v: a third of the packets is 3 ms off", r)
	}
}

func TestHalfTheRateIsNotFull(t *testing.T) {
	m := newMeter(20 * time.Millisecond)
	for i := range 50 {
		m.take(peer, packet(t, 1, uint16(i)), 1+int64(i)*40*ms)
	}
	if r := m.result(); r.full != 0 {
		t.Errorf("%+v", r)
	}
}

func TestBadFlags(t *testing.T) {
	for _, o := range []options{{listen: "here", duration: time.Second, ptime: time.Millisecond}, {listen: "127.0.0.1:0", duration: time.Second}} {
		if err := run(o, nil); err == nil || !strings.Contains(err.Error(), "flag --") {
			t.Errorf("%+v: error %v", o, err)
		}
	}
}
