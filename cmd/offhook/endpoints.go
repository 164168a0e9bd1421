package main

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"offhook/config"
	"offhook/core/transport"
)

// endpoints are the places to listen at that a configuration names.
type endpoints struct {
	config       *config.Config
	log          *slog.Logger
	list         []transport.Endpoint
	certificates []*transport.Certificates // all that may change
}

// newEndpoints loads the certificates. It opens nothing.
func newEndpoints(c *config.Config, log *slog.Logger) (*endpoints, error) {
	e := &endpoints{config: c, log: log}
	inside := make([]netip.Prefix, len(c.SIP.LocalNets))
	for i, text := range c.SIP.LocalNets {
		inside[i] = netip.MustParsePrefix(text) // it was validated
	}
	var shared *tls.Config
	for _, name := range c.SIP.Transport {
		if isSecure(name) && shared == nil {
			var err error
			if shared, err = e.secure("tls.certificate", c.TLS.Certificate, c.TLS.Key, c.TLS.ClientAuth); err != nil {
				return nil, err
			}
		}
		e.add(name, hostOf(c.SIP.BindAddress), c.SIP.PortFor(name), shared, transport.Advertise{Addresses: external(c.SIP.ExternalIP), Inside: inside})
	}
	for i, l := range c.Listeners {
		var own *tls.Config
		if isSecure(l.Transport) {
			var err error
			if own, err = e.secure(fmt.Sprintf("listener.%d.certificate", i), l.Certificate, l.Key, l.ClientAuth); err != nil {
				return nil, err
			}
		}
		e.add(l.Transport, l.BindAddress, l.Port, own, transport.Advertise{Addresses: external(l.ExternalIP), Inside: inside})
	}
	return e, nil
}

func (e *endpoints) add(network, host string, port int, secure *tls.Config, advertise transport.Advertise) {
	at := transport.Endpoint{
		Network: network, Address: net.JoinHostPort(host, strconv.Itoa(port)), Advertise: advertise, Origins: e.config.SIP.WSOrigins,
	}
	if isSecure(network) {
		at.TLS = secure
	}
	e.list = append(e.list, at)
}

// hostOf is where a bind address of the [sip] section listens: "::" is both IP versions there.
func hostOf(bindAddress string) string {
	if ip, err := netip.ParseAddr(bindAddress); err == nil && ip == netip.IPv6Unspecified() {
		return ""
	}
	return bindAddress
}

func isSecure(network string) bool { return network == "tls" || network == "wss" }

func external(list []string) []netip.AddrPort {
	var addresses []netip.AddrPort
	for _, text := range list {
		if a, err := config.ParseExternal(text); err == nil {
			addresses = append(addresses, a)
		}
	}
	return addresses
}

// clientAuth is what the values of client_auth mean.
func clientAuth(name string) tls.ClientAuthType {
	switch name {
	case "optional":
		return tls.VerifyClientCertIfGiven
	case "required":
		return tls.RequireAndVerifyClientCert
	}
	return tls.NoClientCert
}

// secure loads certificates for an endpoint; an error names the key that they were written at.
func (e *endpoints) secure(key string, certificates, keys []string, auth string) (*tls.Config, error) {
	o := certificateOptions(e.config, e.log, certificates, keys)
	if o.ClientAuth = clientAuth(auth); o.ClientAuth != tls.NoClientCert {
		o.ClientCA = e.config.TLS.ClientCA
	}
	loaded, err := transport.LoadCertificates(o)
	if err != nil {
		return nil, &config.Error{Place: e.config.Place(key), Key: key, Problem: err.Error()}
	}
	e.certificates = append(e.certificates, loaded)
	return loaded.Config(), nil
}

func certificateOptions(c *config.Config, log *slog.Logger, certificates, keys []string) transport.CertificateOptions {
	o := transport.CertificateOptions{Log: log, MinVersion: tls.VersionTLS12}
	if c.TLS.MinVersion == "1.3" {
		o.MinVersion = tls.VersionTLS13
	}
	for i := range certificates {
		o.Pairs = append(o.Pairs, transport.KeyPair{Certificate: certificates[i], Key: keys[i]})
	}
	return o
}

// reload loads the certificates again; what cannot be loaded stays as it was.
func (e *endpoints) reload() {
	for _, c := range e.certificates {
		if err := c.Reload(); err != nil {
			e.log.Error("certificate not loaded, the one before stays in use", "error", err)
		}
	}
	if len(e.certificates) > 0 {
		e.log.Info("certificates loaded again", "endpoints", len(e.certificates))
	}
}

// clientTLS is for connections that we open.
func clientTLS(c *config.Config, log *slog.Logger) (*tls.Config, error) {
	client := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: !c.TLS.VerifyServer}
	if c.TLS.ServerCA != "" {
		roots, err := transport.LoadAuthorities(c.TLS.ServerCA)
		if err != nil {
			return nil, &config.Error{Place: c.Place("tls.server_ca"), Key: "tls.server_ca", Problem: err.Error()}
		}
		client.RootCAs = roots
	}
	if len(c.TLS.Certificate) > 0 {
		own, err := transport.LoadCertificates(certificateOptions(c, log, c.TLS.Certificate, c.TLS.Key))
		if err != nil {
			return nil, &config.Error{Place: c.Place("tls.certificate"), Key: "tls.certificate", Problem: err.Error()}
		}
		client.GetClientCertificate = own.Client
	}
	return client, nil
}

// listen opens the endpoints.
func (a *app) listen() error {
	free := a.config.SIP.Port == 0
	if free && slices.Contains(a.config.SIP.Transport, "udp") && slices.Contains(a.config.SIP.Transport, "tcp") {
		a.config.SIP.Port = freePort(a.config.SIP.BindAddress)
	}
	for i, e := range a.endpoints.list {
		simple := i < len(a.config.SIP.Transport) // it is of the [sip] section
		plain := simple && (e.Network == "udp" || e.Network == "tcp")
		if host, _, err := net.SplitHostPort(e.Address); err == nil && plain && free {
			e.Address = net.JoinHostPort(host, strconv.Itoa(a.config.SIP.Port)) // one port for both
		}
		addr, err := a.server.Open(e)
		switch {
		case err == nil:
		case plain:
			return portInUse(err, "--port")
		case simple:
			return portInUse(err, "--set sip."+e.Network+"_port=PORT")
		default:
			return portInUse(err, "port in its [[listener]]")
		}
		if plain {
			a.config.SIP.Port = int(addr.Port())
		}
		a.sip = append(a.sip, listening{e.Network, addr})
	}
	return nil
}

// freePort is a port of a host that neither UDP nor TCP has in use at this moment; 0 if none was found.
func freePort(host string) int {
	for range 20 {
		l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
		if err != nil {
			return 0
		}
		port := l.Addr().(*net.TCPAddr).Port
		conn, err := net.ListenPacket("udp", net.JoinHostPort(host, strconv.Itoa(port)))
		l.Close()
		if err == nil {
			conn.Close()
			return port
		}
	}
	return 0
}

// listening is an endpoint that is open.
type listening struct {
	network string
	addr    netip.AddrPort
}

func (l listening) String() string { return l.network + " " + l.addr.String() }

// listens names the endpoints that are open: "udp 0.0.0.0:5060".
func (a *app) listens() []string {
	all := make([]string, len(a.sip))
	for i, l := range a.sip {
		all[i] = l.String()
	}
	return all
}

// uri calls the endpoint from this machine.
func (l listening) uri() string {
	addr := l.addr
	if addr.Addr().IsUnspecified() {
		addr = netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), addr.Port())
	}
	switch {
	case l.network == "udp" && addr.Port() == 5060:
		return "sip:test@" + strings.TrimSuffix(addr.String(), ":5060")
	case l.network == "udp":
		return "sip:test@" + addr.String()
	}
	return "'sip:test@" + addr.String() + ";transport=" + l.network + "'" // the shell must not see the semicolon
}
