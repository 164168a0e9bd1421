package main

import (
	"fmt"
	"strings"
	"time"

	"offhook/core"
	"offhook/media"
)

const (
	keyDown = 100 * time.Millisecond
	keyUp   = 100 * time.Millisecond
	keyWait = 500 * time.Millisecond
)

// press sends the keys up to the next wait, or silence when none are left, and
// sets the timer to when it wants to be called again. Keys in INFO requests are
// sent one by one, so that they keep their order.
func press(c *core.Call, via, keys string, again *time.Timer) (left string) {
	if keys == "" {
		_, _ = c.Play(media.Silence(0)) // the call may just have ended
		return ""
	}
	now, left, wait := strings.Cut(keys, "w")
	if via == "info" && len(now) > 1 {
		now, left, wait = keys[:1], keys[1:], false
	}
	if now != "" {
		if err := send(c, via, now); err != nil {
			return ""
		}
	}
	next := time.Duration(len(now)) * (keyDown + keyUp)
	if wait || left == "" {
		next += keyWait
	}
	again.Reset(next)
	return left
}

// send sends keys one way.
func send(c *core.Call, via, keys string) (err error) {
	switch via {
	case "info":
		_, err = c.SendInfo("application/dtmf-relay", fmt.Sprintf("Signal=%s\r\nDuration=%d\r\n", keys, keyDown.Milliseconds()), nil)
	case "inband":
		var src media.Source
		if src, err = media.Digits(keys, keyDown, keyUp, -10); err == nil {
			_, err = c.Play(src)
		}
	default:
		_, err = c.SendDTMF(keys, keyDown, keyUp)
	}
	return err
}
