package main

import (
	"testing"

	"offhook/media"
)

// TestEarThatIsClosed: the pacing thread may hand over a packet while, or after, the call's end closes the ear.
func TestEarThatIsClosed(t *testing.T) {
	e, err := newEar("")
	if err != nil {
		t.Fatal(err)
	}
	if err := e.close(); err != nil {
		t.Fatal(err)
	}
	e.hear(media.Received{Payload: make([]byte, 160)})
}
