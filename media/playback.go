package media

import "time"

// PlayStatus says how a playback ended.
type PlayStatus string

const (
	PlayDone        PlayStatus = "done"        // the source came to its end
	PlayInterrupted PlayStatus = "interrupted" // another Play or SendDTMF took its place
	PlayStopped     PlayStatus = "stopped"     // Stop was called
	PlayClosed      PlayStatus = "closed"      // the session was closed
	PlayFailed      PlayStatus = "failed"      // the source could not be had in the codec that a re-INVITE chose
)

// PlayResult is what came of a playback.
type PlayResult struct {
	Status   PlayStatus    // empty while it still plays
	Position time.Duration // how far into the source it came
	Packets  uint64        // RTP packets handed to the socket
}

// Playback is a source that a session sends.
type Playback struct {
	session *Session
	source  Source
	done    chan struct{}
	result  PlayResult
}

// Done is closed when the playback has ended, for whatever reason.
func (p *Playback) Done() <-chan struct{} { return p.done }

// Stop ends the playback before the next packet; it does nothing once the playback has ended.
func (p *Playback) Stop() { panic("media: not yet") }

// Result tells how far the playback came and, once Done is closed, how it ended.
func (p *Playback) Result() PlayResult { panic("media: not yet") }
