package sdp

import (
	"bytes"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"offhook/media"
)

func testLocal() Local {
	return Local{Address: netip.MustParseAddr("192.0.2.1"), Port: 10000, ID: 42, Version: 3}
}

func testCapabilities() Capabilities {
	return Capabilities{Codecs: []media.Codec{media.PCMU, media.PCMA}, DTMF: true}
}

// TestGoldenAnswers answers testdata/answers/NAME.offer.sdp and compares with NAME.answer.sdp.
func TestGoldenAnswers(t *testing.T) {
	offers, err := filepath.Glob("testdata/answers/*.offer.sdp")
	if err != nil || len(offers) < 11 {
		t.Fatalf("%d offers, error %v", len(offers), err)
	}
	for _, path := range offers {
		name, _ := strings.CutSuffix(path, ".offer.sdp")
		t.Run(filepath.Base(name), func(t *testing.T) {
			offer, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			want, err := os.ReadFile(name + ".answer.sdp")
			if err != nil {
				t.Fatal(err)
			}
			local := testLocal()
			if bytes.Contains(offer, []byte("IP6")) {
				local.Address = netip.MustParseAddr("2001:db8::1%eth0")
			}
			got, _, err := Answer(offer, local, testCapabilities())
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("answer\n%s\nwant\n%s", got, want)
			}
		})
	}
}
