package config

import (
	"fmt"
	"maps"
	"net/netip"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// TLS is the [tls] section.
type TLS struct {
	Certificate  []string `koanf:"certificate"`
	Key          []string `koanf:"key"`
	MinVersion   string   `koanf:"min_version"`
	ClientAuth   string   `koanf:"client_auth"`
	ClientCA     string   `koanf:"client_ca"`
	VerifyServer bool     `koanf:"verify_server"`
	ServerCA     string   `koanf:"server_ca"`
}

// Listener is one [[listener]] block: an endpoint besides those of the [sip]
// section. What is not written is as there.
type Listener struct {
	Transport   string   `koanf:"transport"`
	BindAddress string   `koanf:"bind_address"`
	Port        int      `koanf:"port"` // -1: that of the transport
	ExternalIP  []string `koanf:"external_ip"`
	Certificate []string `koanf:"certificate"`
	Key         []string `koanf:"key"`
	ClientAuth  string   `koanf:"client_auth"`
}

// listeners loads all [[listener]] blocks of a file. place finds "listener.0.port".
func (l *loader) listeners(value any, place func(key string) string) {
	blocks, ok := value.([]any)
	if !ok {
		l.fail(place("listener"), "listener", "is a list: write [[listener]], with two brackets, above each")
		return
	}
	for i, block := range blocks {
		key := fmt.Sprintf("listener.%d", i)
		table, ok := block.(map[string]any)
		if !ok {
			l.fail(place(key), "listener", "%s is not a listener: write a [[listener]] block for each", show(block))
			continue
		}
		l.place[key] = place(key)
		at := Listener{Port: -1}
		l.block(&at, table, title(key+"."), func(name string) string {
			l.place[key+"."+name] = place(key + "." + name)
			return l.place[key+"."+name]
		})
		l.ports = append(l.ports, at)
	}
}

// block reads a table into the fields of the struct that into points to.
func (l *loader) block(into any, table map[string]any, title string, place func(name string) string) {
	v := reflect.ValueOf(into).Elem()
	known := map[string]int{}
	for i := range v.NumField() {
		known[v.Type().Field(i).Tag.Get("koanf")] = i
	}
	for _, name := range slices.Sorted(maps.Keys(table)) {
		field, ok := known[name]
		if !ok {
			l.fail(place(name), title+name, "%s", unknownIn(slices.Sorted(maps.Keys(known)), name))
			continue
		}
		value, err := coerce(v.Field(field).Type(), table[name], false)
		if err != nil {
			l.fail(place(name), title+name, "%v", err)
			continue
		}
		place(name)
		v.Field(field).Set(reflect.ValueOf(value))
	}
}

// transports are all there are, in the order of their ports.
var transports = []string{"udp", "tcp", "tls", "ws", "wss"}

const writeTransports = `write "udp", "tcp", "tls", "ws" or "wss"`

// isSecure tells whether a transport needs a certificate.
func isSecure(transport string) bool { return transport == "tls" || transport == "wss" }

// PortFor is the port of a transport that is listed in sip.transport.
func (s *SIP) PortFor(transport string) int {
	switch transport {
	case "tls":
		return s.TLSPort
	case "ws":
		return s.WSPort
	case "wss":
		return s.WSSPort
	}
	return s.Port
}

func (t *TLS) validate(fail report) {
	checkPairs(fail, "tls.", t.Certificate, t.Key)
	if t.MinVersion != "1.2" && t.MinVersion != "1.3" {
		fail("tls.min_version", "%q is not a choice: write \"1.2\" or \"1.3\"", t.MinVersion)
	}
	checkClientAuth(fail, "tls.client_auth", t.ClientAuth)
	if t.ClientAuth != "off" && t.ClientCA == "" {
		fail("tls.client_ca", "is empty, but tls.client_auth is %q: write the PEM file of the authorities of clients' certificates", t.ClientAuth)
	}
}

func checkClientAuth(fail report, key, value string) {
	if !slices.Contains([]string{"off", "optional", "required"}, value) {
		fail(key, "%q is not a choice: write \"off\", \"optional\" or \"required\"", value)
	}
}

// checkPairs checks that each certificate has its key.
func checkPairs(fail report, prefix string, certificates, keys []string) {
	if len(certificates) != len(keys) {
		fail(prefix+"key", "names %d files for %d certificates: write one for each, in the same order", len(keys), len(certificates))
	}
}

// validateListeners checks what goes beyond one section.
func (c *Config) validateListeners(fail report) {
	if len(c.SIP.Transport) == 0 && len(c.Listeners) == 0 {
		fail("sip.transport", "is empty: %s, or a list of them", writeTransports)
	}
	for _, t := range c.SIP.Transport {
		switch {
		case !slices.Contains(transports, t):
			fail("sip.transport", "%q is not a transport: %s, or a list of them", t, writeTransports)
		case isSecure(t) && len(c.TLS.Certificate) == 0:
			fail("tls.certificate", "is empty, but sip.transport names %q: write the PEM files of a certificate and its key: certificate = \"cert.pem\" and key = \"key.pem\"", t)
		}
	}
	for i := range c.Listeners {
		l := &c.Listeners[i]
		l.validate(c, func(name, format string, args ...any) { fail(fmt.Sprintf("listener.%d.%s", i, name), format, args...) })
	}
}

// title is how an error names a key: "listener.0.port" is "listener 1: port".
func title(key string) string {
	rest, ok := strings.CutPrefix(key, "listener.")
	number, name, _ := strings.Cut(rest, ".")
	if i, err := strconv.Atoi(number); ok && err == nil {
		return fmt.Sprintf("listener %d: %s", i+1, name)
	}
	return key
}

func (l *Listener) validate(c *Config, fail report) {
	if l.Transport == "" {
		fail("transport", "is missing: %s", writeTransports)
	} else if !slices.Contains(transports, l.Transport) {
		fail("transport", "%q is not a transport: %s", l.Transport, writeTransports)
	}
	if l.BindAddress == "" {
		l.BindAddress = c.SIP.BindAddress
	}
	checkBindAddress(fail, "bind_address", l.BindAddress)
	if l.Port == -1 {
		l.Port = c.SIP.PortFor(l.Transport)
	}
	checkPort(fail, "port", l.Port)
	if l.ExternalIP == nil {
		l.ExternalIP = c.SIP.ExternalIP
	}
	checkExternalIP(fail, "external_ip", l.ExternalIP)
	if checkPairs(fail, "", l.Certificate, l.Key); len(l.Certificate) == 0 {
		l.Certificate, l.Key = c.TLS.Certificate, c.TLS.Key
	}
	if isSecure(l.Transport) && len(l.Certificate) == 0 {
		fail("certificate", "is missing: write certificate and key here, or in the [tls] section for all")
	}
	if l.ClientAuth == "" {
		l.ClientAuth = c.TLS.ClientAuth
	}
	checkClientAuth(fail, "client_auth", l.ClientAuth)
	if l.ClientAuth != "off" && c.TLS.ClientCA == "" && isSecure(l.Transport) {
		fail("client_auth", "is %q, but tls.client_ca is empty: write the PEM file of the authorities of clients' certificates there", l.ClientAuth)
	}
}

func checkBindAddress(fail report, key, address string) {
	if _, err := netip.ParseAddr(address); err != nil {
		fail(key, "%q is not an IP address: write one of this machine's, or \"0.0.0.0\" for all", address)
	}
}

// checkExternalIP takes at most one address of each IP version, with or without a port.
func checkExternalIP(fail report, key string, list []string) {
	seen := map[bool]bool{}
	for _, text := range list {
		a, err := ParseExternal(text)
		switch {
		case err != nil || a.Addr().IsUnspecified():
			fail(key, "%q is not an IP address: write one as \"203.0.113.5\" or \"203.0.113.5:5070\"", text)
		case seen[a.Addr().Is4()]:
			fail(key, "has two addresses of one IP version: write one for IPv4 and one for IPv6 at most")
		default:
			seen[a.Addr().Is4()] = true
		}
	}
}

// ParseExternal reads an address with or without a port; 0 means none.
func ParseExternal(text string) (netip.AddrPort, error) {
	if a, err := netip.ParseAddrPort(text); err == nil {
		return netip.AddrPortFrom(a.Addr().Unmap(), a.Port()), nil
	}
	a, err := netip.ParseAddr(text)
	return netip.AddrPortFrom(a.Unmap(), 0), err
}

func checkNets(fail report, key string, list []string) {
	for _, text := range list {
		if p, err := netip.ParsePrefix(text); err != nil || p != p.Masked() {
			fail(key, "%q is not a network: write one as \"10.0.0.0/8\"", text)
		}
	}
}
