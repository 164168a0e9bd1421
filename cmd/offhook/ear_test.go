package main

import (
	"testing"

	"offhook/media"
)

// A packet that comes while the ear is closed is left out: the pacing thread, which brings it, knows nothing of the call's end.
func TestEarHearsAfterItsEnd(t *testing.T) {
	e, err := newEar("")
	if err != nil {
		t.Fatal(err)
	}
	packet := media.Received{Payload: make([]byte, 160), PayloadType: media.PCMU.PayloadType()}
	e.hear(packet)
	if err := e.close(); err != nil {
		t.Error(err)
	}
	if r := e.result(); r.Duration == 0 {
		t.Error("what came before the end was not heard")
	}
	e.hear(packet)
}
