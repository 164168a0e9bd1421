package ogg

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"
)

// page is a page of a stream; a packet of a multiple of 255 octets goes on with the next one.
func page(flags byte, granule int64, serial uint32, packets ...string) string {
	b := append([]byte("OggS\x00"), flags)
	b = binary.LittleEndian.AppendUint64(b, uint64(granule))
	b = binary.LittleEndian.AppendUint32(b, serial)
	b = append(b, make([]byte, 9)...) // number, checksum, segments
	for _, p := range packets {
		for n := len(p); ; n -= 255 {
			if n == 0 && len(p) > 0 {
				break
			}
			b = append(b, byte(min(n, 255)))
			b[26]++
			if n < 255 {
				break
			}
		}
	}
	return string(b) + strings.Join(packets, "")
}

func TestPackets(t *testing.T) {
	long := strings.Repeat("x", 255)
	file := page(0, 0, 7, "head", "") +
		page(0, 0, 9, "another stream") +
		page(0, -1, 7, "b", long) +
		page(flagContinued, 50, 7, "end of it") +
		page(flagLast, 90, 7, "c", "d") +
		page(0, 0, 7, "beyond the end")
	r := NewReader(strings.NewReader(file))
	for _, want := range []struct {
		packet string
		end    int64 // 0: not known
	}{{"head", 0}, {"", 0}, {"b", 0}, {long + "end of it", 0}, {"c", 0}, {"d", 90}} {
		got, err := r.Next()
		if err != nil || string(got) != want.packet {
			t.Fatalf("%q, %v; want %q", got, err, want.packet)
		}
		if end, ok := r.End(); ok != (want.end > 0) || end != want.end {
			t.Errorf("after %q: end %d, %v; want %d", got, end, ok, want.end)
		}
	}
	if _, err := r.Next(); !errors.Is(err, io.EOF) {
		t.Errorf("after the last page: %v", err)
	}
}

func TestWrongPages(t *testing.T) {
	long := strings.Repeat("x", 255)
	most := page(flagContinued, -1, 7, strings.Repeat("y", 255*255))
	for name, c := range map[string]struct{ file, says string }{
		"nothing":             {"", "unexpected EOF"},
		"another format":      {strings.Repeat("RIFF", 10), `no Ogg page where one should be, but "RIFF"`},
		"cut in its lacing":   {page(0, 0, 7, "head")[:27], "unexpected EOF"},
		"cut in a packet":     {page(0, 0, 7, "head")[:30], "unexpected EOF"},
		"a page lost":         {page(0, -1, 7, long) + page(0, 0, 7, "new"), "a page is missing"},
		"a page lost before":  {page(flagContinued, -1, 7, "rest"), "a page is missing"},
		"an unending packet":  {page(0, -1, 7, long) + strings.Repeat(most, 17), "packet of more than"},
		"cut between streams": {page(0, -1, 7, long) + page(0, 0, 9, "other")[:29], "unexpected EOF"},
	} {
		if _, err := NewReader(bytes.NewReader([]byte(c.file))).Next(); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", name, err, c.says)
		}
	}
}
