package coretest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/icholy/digest"
)

// credentials answers the last challenge of the server for a request. The text is
//
//	@ USER PASSWORD [ALGORITHM] [nc=NUMBER]
//
// without an algorithm the first one that was offered is used.
func (p *player) credentials(text string, m Message) (string, error) {
	words := strings.Fields(text)
	if len(words) < 3 {
		return "", fmt.Errorf("%q: want @ USER PASSWORD [ALGORITHM] [nc=NUMBER]", text)
	}
	res, ok := p.last(false, func(m Message) bool { return m.Header("WWW-Authenticate") != "" })
	if !ok {
		return "", fmt.Errorf("%q: the server has not challenged", text)
	}
	count, wanted := 1, ""
	for _, word := range words[3:] {
		if number, ok := strings.CutPrefix(word, "nc="); ok {
			count, _ = strconv.Atoi(number)
		} else {
			wanted = word
		}
	}
	var chosen *digest.Challenge
	for _, value := range slices.Backward(res.Headers("WWW-Authenticate")) {
		c, err := digest.ParseChallenge(value)
		if err != nil {
			return "", err
		}
		if wanted == "" || c.Algorithm == wanted {
			chosen = c
		}
	}
	if chosen == nil {
		return "", fmt.Errorf("%q: that algorithm was not offered", text)
	}
	cred, err := digest.Digest(chosen, digest.Options{Method: m.Method(), URI: m.URI(), Username: words[1], Password: words[2], Count: count})
	if err != nil {
		return "", err
	}
	return cred.String(), nil
}
