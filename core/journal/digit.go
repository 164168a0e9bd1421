package journal

import "bytes"

// Digit notes a key that was pressed.
func (j *Journal) Digit(digit byte) {
	if j == nil {
		return
	}
	j.mu.Lock()
	text := string(digit)
	if j.masked {
		text = Masked
	}
	if j.room(KindDigit, len(text)) {
		j.add(Entry{Kind: KindDigit, Text: text})
		j.call.Digits += text
	}
	j.mu.Unlock()
	j.store.changed(j)
}

// Mask says whether digits are kept out from now on, and, when they are, those of the last that the script has not read yet.
func (j *Journal) Mask(on bool, unread int) {
	if j == nil {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.masked = on
	j.capture.hide(on, unread > 0)
	if !on || unread <= 0 {
		return
	}
	digits := []rune(j.call.Digits)
	for i := max(0, len(digits)-unread); i < len(digits); i++ {
		digits[i] = []rune(Masked)[0]
	}
	j.call.Digits = string(digits)
	for i := len(j.entries) - 1; i >= 0; i-- {
		switch e := &j.entries[i]; {
		case e.Kind == KindDigit && unread == 0:
			return // of those before, the INFOs too
		case e.Kind == KindDigit:
			e.Text = Masked
			unread--
		case e.Kind == KindMessage && !e.Sent && keyPress(e.Raw):
			e.Raw = maskKey(e.Raw) // a copy: readers have the old one
		}
	}
}

// WithoutKey is an INFO that reports a key, without the key; another message as it is.
func WithoutKey(raw []byte) []byte {
	if keyPress(raw) {
		return maskKey(raw)
	}
	return raw
}

// keyPress tells whether a message is an INFO that reports a key (application/dtmf-relay or application/dtmf).
func keyPress(raw []byte) bool {
	if !bytes.HasPrefix(raw, []byte("INFO ")) {
		return false
	}
	head, body, ok := bytes.Cut(raw, []byte("\r\n\r\n"))
	return ok && len(body) > 0 && bytes.Contains(bytes.ToLower(head), []byte("application/dtmf"))
}

// maskKey is a copy of such an INFO without the key. Its length stays.
func maskKey(raw []byte) []byte {
	masked := bytes.Clone(raw)
	_, body, _ := bytes.Cut(masked, []byte("\r\n\r\n"))
	for line := range bytes.SplitSeq(body, []byte("\n")) {
		value := line // application/dtmf: nothing but the key
		if name, after, ok := bytes.Cut(line, []byte("=")); ok {
			if !bytes.EqualFold(bytes.TrimSpace(name), []byte("signal")) {
				continue
			}
			value = after
		}
		for i, c := range value {
			if c > ' ' {
				value[i] = 'x'
			}
		}
	}
	return masked
}
