package console

import (
	"net/http"
	"net/netip"
	"time"
)

// Ban is an address whose messages are dropped.
type Ban struct {
	Source string    `json:"source"` // a network: one IPv4 address, or a /64
	Reason string    `json:"reason"`
	Since  time.Time `json:"since"`
	Until  time.Time `json:"until"`
}

// Bans is what can be done about bans. The functions are called from the goroutines of requests.
type Bans struct {
	List func() []Ban               // the one that ends first at the beginning
	Lift func(netip.Prefix) (n int) // of all addresses within a network, or that it is within
}

// Lifted is how many bans were lifted.
type Lifted struct {
	Lifted int `json:"lifted"`
}

// handle serves GET /bans and POST /bans/lift?network=192.0.2.0/24.
func (b Bans) handle(mux *http.ServeMux) {
	if b.List == nil {
		return
	}
	mux.HandleFunc("GET /bans", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, b.List()) })
	mux.HandleFunc("POST /bans/lift", func(w http.ResponseWriter, r *http.Request) {
		network, err := ParseNetwork(r.FormValue("network"))
		if err != nil {
			http.Error(w, "the network is none: write 192.0.2.7 or 192.0.2.0/24", http.StatusBadRequest)
			return
		}
		writeJSON(w, http.StatusOK, Lifted{b.Lift(network)})
	})
}

// ParseNetwork reads an address or a network.
func ParseNetwork(text string) (netip.Prefix, error) {
	if address, err := netip.ParseAddr(text); err == nil {
		return address.Prefix(address.BitLen())
	}
	return netip.ParsePrefix(text)
}
