package record

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// verdict is what came of a request.
type verdict struct {
	err     error         // nil: the records were taken
	never   bool          // it is of no use to try again
	content bool          // because of what the records say, of which some may be good
	after   time.Duration // what Retry-After asks for
}

// post sends records once.
func (h *webhook) post(ctx context.Context, lines [][]byte) verdict {
	body := lines[0]
	if h.o.Batch > 1 {
		body = append(append([]byte("["), bytes.Join(lines, []byte(","))...), ']')
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.o.URL, bytes.NewReader(body))
	if err != nil {
		return verdict{err: errors.New("the URL cannot be used"), never: true}
	}
	sum := sha256.Sum256(body)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", hex.EncodeToString(sum[:16])) // the same for the same records, after a restart too
	req.Header.Set("User-Agent", "offhook")
	if h.o.Token != "" {
		req.Header.Set("Authorization", "Bearer "+h.o.Token)
	}
	res, err := h.client.Do(req)
	if err != nil {
		if in := (*url.Error)(nil); errors.As(err, &in) {
			err = in.Err // without the URL, which may have secrets
		}
		return verdict{err: err}
	}
	defer res.Body.Close()
	_, _ = io.CopyN(io.Discard, res.Body, 64<<10) // so that the connection can be used again
	return judge(res.StatusCode, res.Header.Get("Retry-After"))
}

// judge tells what a status code means for the records.
func judge(status int, retryAfter string) verdict {
	v := verdict{err: fmt.Errorf("the far end says %d %s", status, http.StatusText(status))}
	switch {
	case status >= 200 && status < 300:
		return verdict{}
	case status == http.StatusRequestTimeout, status == http.StatusTooManyRequests, status >= 500:
		if seconds, err := strconv.ParseUint(retryAfter, 10, 31); err == nil {
			v.after = min(time.Duration(seconds)*time.Second, longestPause)
		}
	case status == http.StatusBadRequest, status == http.StatusRequestEntityTooLarge, status == http.StatusUnprocessableEntity:
		v.never, v.content = true, true
	default:
		v.never = true
	}
	return v
}

// idOf names a record in the log.
func idOf(line []byte) string {
	var c struct {
		ID string `json:"id"`
	}
	_ = json.Unmarshal(line, &c) // a line that is no record has none
	return c.ID
}
