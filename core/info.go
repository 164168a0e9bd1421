package core

import (
	"bufio"
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"offhook/core/transaction"
)

// info takes an INFO within the dialog: a digit in one of the two content types
// that phones send, or anything else, which scripts may look at.
func (c *Call) info(tx *transaction.Server, req *sip.Request) {
	if err := tx.Respond(c.server.response(req, 200, "")); err != nil {
		c.log.Debug("200 to INFO not sent", "error", err)
	}
	if c.state == Ended {
		return
	}
	contentType := ""
	if h := req.ContentType(); h != nil {
		contentType = h.Value()
	}
	if digit, duration, ok := infoDigit(mediaType(contentType), req.Body()); ok {
		c.log.Debug("digit", "via", "info")
		if c.heard.informs(digit) {
			return
		}
		c.journal.Digit(digit)
		c.emit(Event{Kind: EventDigit, Digit: digit, Duration: duration, Via: "info"})
		return
	}
	c.emit(Event{Kind: EventInfo, ContentType: contentType, Body: string(req.Body())})
}

// SendInfo sends INFO (RFC 6086). The outcome is the status of the response; 408,
// when there was none. Errors: ErrEnded, ErrNotAnswered.
func (c *Call) SendInfo(contentType, body string, h Headers) (*Pending, error) {
	c.shard.Lock()
	defer c.shard.Unlock()
	if err := c.mayAsk(); err != nil {
		return nil, fmt.Errorf("send INFO: %w", err)
	}
	p := newPending()
	req := c.newRequest(sip.INFO, h)
	req.AppendHeader(sip.NewHeader("Content-Type", contentType))
	req.SetBody([]byte(body))
	err := c.sendInDialog(req, func(res *sip.Response, err error) {
		if err == nil && res.IsProvisional() {
			return
		}
		code := outcome(res, err)
		p.finish(code)
		c.lost(sip.INFO, code)
	}, nil)
	if err != nil {
		p.finish(outcome(nil, err))
	}
	return p, nil
}

// infoDigit reads the body of an INFO that reports a key:
//
//	application/dtmf-relay   Signal=5\r\nDuration=160 (ms)
//	application/dtmf         5
func infoDigit(mediaType string, body []byte) (digit byte, duration time.Duration, ok bool) {
	signal := ""
	switch mediaType {
	case "application/dtmf":
		signal = strings.TrimSpace(string(body))
	case "application/dtmf-relay":
		for scan := bufio.NewScanner(bytes.NewReader(body)); scan.Scan(); {
			key, value, _ := strings.Cut(scan.Text(), "=")
			value = strings.TrimSpace(value)
			switch strings.ToLower(strings.TrimSpace(key)) {
			case "signal":
				signal = value
			case "duration":
				if ms, err := strconv.Atoi(value); err == nil && ms > 0 && ms < 60_000 {
					duration = time.Duration(ms) * time.Millisecond
				}
			}
		}
	}
	switch signal { // some phones send the event numbers of RFC 4733
	case "10":
		signal = "*"
	case "11":
		signal = "#"
	}
	if len(signal) != 1 {
		return 0, 0, false
	}
	digit = strings.ToUpper(signal)[0]
	return digit, duration, strings.IndexByte("0123456789*#ABCD", digit) >= 0
}
