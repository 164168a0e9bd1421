package media

import (
	"time"

	"offhook/media/dtmf"
)

// PlayStatus says how a playback ended.
type PlayStatus string

const (
	PlayDone        PlayStatus = "done"        // the source came to its end
	PlayInterrupted PlayStatus = "interrupted" // another Play or SendDTMF took its place
	PlayStopped     PlayStatus = "stopped"     // Stop was called
	PlayClosed      PlayStatus = "closed"      // the session was closed
	PlayFailed      PlayStatus = "failed"      // a re-INVITE chose a codec that the source cannot be had in, or pacing failed
)

// PlayResult is what came of a playback.
type PlayResult struct {
	Status   PlayStatus    // empty while it still plays
	Position time.Duration // how far into the source it came
	Packets  uint64        // RTP packets that the kernel took
}

// Playback is what a session sends: a source, or a string of digits.
type Playback struct {
	session *Session
	source  Source // nil for digits
	done    chan struct{}

	// Guarded by session.mu.
	clip    *Clip // of source
	keys    *dtmf.Sequence
	ptime   time.Duration // of clip and keys
	frame   int64         // the next one to send
	packets uint64
	status  PlayStatus
}

// Done is closed when the playback has ended, for whatever reason: when a source has played to its end,
// one ptime after its last packet left.
func (p *Playback) Done() <-chan struct{} { return p.done }

// Stop ends the playback before its next packet. Once it has ended, Stop does nothing.
func (p *Playback) Stop() {
	p.session.mu.Lock()
	defer p.session.mu.Unlock()
	p.session.finish(p, PlayStopped)
}

// Result tells how far the playback came and, once Done is closed, how it ended.
func (p *Playback) Result() PlayResult {
	p.session.mu.Lock()
	defer p.session.mu.Unlock()
	return PlayResult{Status: p.status, Position: p.position(), Packets: p.packets}
}

func (p *Playback) position() time.Duration { return time.Duration(p.frame) * p.ptime }

// frames is how many there are; 0 = endless.
func (p *Playback) frames() int64 {
	if p.keys != nil {
		return p.keys.Len()
	}
	return p.clip.Len()
}

// ended reports whether no frame is left.
func (p *Playback) ended() bool { return p.frames() > 0 && p.frame >= p.frames() }

// skip leaves out n frames, or as many as there are, and returns how many.
func (p *Playback) skip(n int64) int64 {
	if p.frames() > 0 {
		n = min(n, p.frames()-p.frame)
	}
	p.frame += n
	return n
}
