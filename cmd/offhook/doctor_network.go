package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"offhook/config"
)

// listening looks whether the ports of SIP and of /health can be had, or whether the server that runs answers on them.
func (d *doctor) listening(ctx context.Context) {
	for _, network := range d.config.SIP.Transport {
		if network == "udp" || network == "tcp" {
			d.port(ctx, "SIP "+network, network, d.config.SIP.BindAddress, d.config.SIP.Port, "sip.port", askOptions)
		}
	}
	if d.config.Health.EnableHealthCheck {
		d.port(ctx, "health", "tcp", "", d.config.Health.HealthCheckPort, "health.health_check_port", func(ctx context.Context, _, address string) error {
			return askHealth(ctx, "http://"+address+"/health")
		})
	}
}

func (d *doctor) port(ctx context.Context, check, network, host string, port int, key string, ask func(ctx context.Context, network, address string) error) {
	address := net.JoinHostPort(host, strconv.Itoa(port))
	if port == 0 {
		d.ok(check, "any free port")
		return
	}
	if d.server != nil {
		reach := net.JoinHostPort(reachable(host), strconv.Itoa(port))
		began := time.Now()
		if err := ask(ctx, network, reach); err != nil {
			d.fail(check, "is it the server of this configuration? 'offhook top --once' says where it listens", "%s: %v", reach, err)
			return
		}
		d.ok(check, "%s answers in %.1f ms", reach, time.Since(began).Seconds()*1000)
		return
	}
	err := tryPort(network, address)
	switch {
	case err == nil:
		d.ok(check, "%s is free", address)
	case errors.Is(err, syscall.EADDRINUSE):
		d.fail(check, fmt.Sprintf("'ss -lnp sport = :%d' says who; end it, or set %s to another", port, key), "another program has %s %s", network, address)
	case errors.Is(err, syscall.EACCES):
		d.fail(check, fmt.Sprintf("run it as a service with CAP_NET_BIND_SERVICE (see its unit), or set %s to 1024 or more", key), "%v", err)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		d.fail(check, "'ip address' lists them; or set sip.bind_address to 0.0.0.0, which is all", "%s is no address of this machine", host)
	default:
		d.fail(check, "", "%v", err)
	}
}

// reachable is where a program here reaches what listens on host.
func reachable(host string) string {
	ip, err := netip.ParseAddr(host)
	switch {
	case err == nil && ip.IsUnspecified() && ip.Is6():
		return "::1"
	case err != nil || ip.IsUnspecified():
		return "127.0.0.1"
	}
	return host
}

func tryPort(network, address string) error {
	if network == "udp" {
		c, err := net.ListenPacket(network, address)
		if err == nil {
			err = c.Close()
		}
		return err
	}
	l, err := net.Listen(network, address)
	if err == nil {
		err = l.Close()
	}
	return err
}

// askOptions sends OPTIONS and waits for any final answer; over UDP more than once, as datagrams get lost.
func askOptions(ctx context.Context, network, address string) error {
	c, err := (&net.Dialer{Timeout: 2 * time.Second}).DialContext(ctx, network, address)
	if err != nil {
		return err
	}
	defer c.Close()
	id := strconv.FormatUint(rand.Uint64(), 36)
	request := fmt.Sprintf("OPTIONS sip:%s SIP/2.0\r\nVia: SIP/2.0/%s %s;rport;branch=z9hG4bK%s\r\nMax-Forwards: 70\r\nFrom: <sip:doctor@%s>;tag=%s\r\n"+
		"To: <sip:%s>\r\nCall-ID: %s\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n", address, strings.ToUpper(network), c.LocalAddr(), id, c.LocalAddr(), id, address, id)
	answer := make([]byte, 4096)
	for range 3 {
		if _, err = c.Write([]byte(request)); err != nil {
			return err
		}
		if err = c.SetReadDeadline(time.Now().Add(time.Second)); err != nil {
			return err
		}
		var n int
		if n, err = c.Read(answer); err == nil {
			if status, ok := strings.CutPrefix(string(answer[:n]), "SIP/2.0 "); !ok || !strings.HasPrefix(status, "200") {
				line, _, _ := strings.Cut(string(answer[:n]), "\r\n")
				return fmt.Errorf("OPTIONS gets %q", line)
			}
			return nil
		}
	}
	return fmt.Errorf("OPTIONS gets no answer: %w", err)
}

// rtpPorts looks whether the pairs of RTP ports suffice, and whether others are among them.
func (d *doctor) rtpPorts() {
	const check = "RTP ports"
	m := d.config.Media
	first := m.RTPPortRangeStart + m.RTPPortRangeStart%2
	pairs, calls := (m.RTPPortRangeEnd-first+1)/2, d.config.Behavior.MaxConcurrentCalls
	span := fmt.Sprintf("%d to %d are %d pairs", m.RTPPortRangeStart, m.RTPPortRangeEnd, pairs)
	if pairs < calls {
		d.fail(check, "widen media.rtp_port_range_start and _end, or lower behavior.max_concurrent_calls", "%s, but %d calls are allowed at once", span, calls)
		return
	}
	if low, high, ok := ephemeralPorts(); ok && first <= high && m.RTPPortRangeEnd >= low {
		d.warn(check, "choose a range below it, or reserve ours: sysctl net.ipv4.ip_local_reserved_ports="+fmt.Sprintf("%d-%d", first, m.RTPPortRangeEnd),
			"%s, and the kernel gives %d to %d to other programs", span, low, high)
		return
	}
	if d.server != nil {
		d.ok(check, "%s, for up to %d calls; %d are free", span, calls, d.server.Ports.Free)
		return
	}
	taken, tried := 0, 0
	for i := 0; i < pairs; i += max(1, pairs/500) { // some all over the range will do
		tried++
		if tryPort("udp", net.JoinHostPort(d.config.SIP.BindAddress, strconv.Itoa(first+2*i))) != nil {
			taken++
		}
	}
	if taken > 0 {
		d.warn(check, "calls take others, but a range of their own is better: media.rtp_port_range_start and _end", "%s; other programs have %d of %d tried", span, taken, tried)
		return
	}
	d.ok(check, "%s, for up to %d calls", span, calls)
}

// address says which address callers are told, and whether one outside could reach it.
func (d *doctor) address() {
	const check = "address"
	bind, _ := netip.ParseAddr(d.config.SIP.BindAddress)
	ip := bind
	if !bind.IsValid() || bind.IsUnspecified() {
		c, err := net.Dial("udp", "192.0.2.1:9") // sends nothing: it asks the kernel for the route
		if err != nil {
			d.warn(check, "callers on this machine only, until there is one", "there is no route to other networks: %v", err)
			return
		}
		ip = c.LocalAddr().(*net.UDPAddr).AddrPort().Addr().Unmap()
		_ = c.Close()
	}
	switch {
	case ip.IsLoopback():
		d.warn(check, "set sip.bind_address to 0.0.0.0 for others", "%s: callers on this machine only", ip)
	case ip.IsPrivate() || ip.IsLinkLocalUnicast() || carrierNAT.Contains(ip):
		d.warn(check, fmt.Sprintf("callers in that network are fine; for those outside forward UDP %d and %d-%d to it on the router",
			d.config.SIP.Port, d.config.Media.RTPPortRangeStart, d.config.Media.RTPPortRangeEnd), "callers are told %s, which is private: behind a NAT", ip)
	default:
		d.ok(check, "callers are told %s", ip)
	}
}

// carrierNAT is shared address space (RFC 6598).
var carrierNAT = netip.MustParsePrefix("100.64.0.0/10")

// firewall reads what ufw or nft of this machine let through.
func (d *doctor) firewall(ctx context.Context) {
	const check = "firewall"
	run := func(name string, args ...string) (string, bool) {
		ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		out, err := exec.CommandContext(ctx, name, args...).Output()
		return string(out), err == nil
	}
	if text, ok := run("ufw", "status"); ok && strings.Contains(text, "Status: active") {
		missing := missingRules(text, d.config)
		if len(missing) > 0 {
			d.fail(check, "ufw allow "+strings.Join(missing, "; ufw allow "), "ufw is active and lets through no %s", strings.Join(missing, ", no "))
			return
		}
		d.ok(check, "ufw is active and lets SIP and RTP through")
		return
	}
	text, ok := run("nft", "list", "ruleset")
	switch {
	case !ok:
		d.ok(check, "no rules of ufw or nft that could be read (as root there may be more); one outside of this machine must let the same ports through")
	case strings.Contains(text, "hook input") && strings.Contains(text, "policy drop") && !strings.Contains(text, strconv.Itoa(d.config.SIP.Port)):
		d.warn(check, "'nft list ruleset' has them all", "nft drops what it does not know, and names no port %d", d.config.SIP.Port)
	default:
		d.ok(check, "nft has no rule that drops all but SIP and RTP")
	}
}

// missingRules are those that 'ufw status' does not have, as 'ufw allow' wants them.
func missingRules(status string, c *config.Config) (missing []string) {
	var allowed []string
	for line := range strings.Lines(status) {
		if f := strings.Fields(line); len(f) > 1 && (f[1] == "ALLOW" || f[1] == "LIMIT") {
			allowed = append(allowed, f[0])
		}
	}
	sip := strconv.Itoa(c.SIP.Port)
	var want []string
	for _, network := range c.SIP.Transport {
		if rule := sip + "/" + map[bool]string{true: "udp", false: "tcp"}[network == "udp"]; !slices.Contains(want, rule) {
			want = append(want, rule)
		}
	}
	want = append(want, fmt.Sprintf("%d:%d/udp", c.Media.RTPPortRangeStart, c.Media.RTPPortRangeEnd))
	for _, rule := range want {
		bare, _, _ := strings.Cut(rule, "/")
		if !slices.Contains(allowed, rule) && !slices.Contains(allowed, bare) && !slices.Contains(allowed, "Anywhere") {
			missing = append(missing, rule)
		}
	}
	return missing
}
