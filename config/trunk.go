package config

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Trunk is one [[trunk]] block: a peer that calls come from. Field comments are in
// default.toml, which users read.
type Trunk struct {
	Name           string
	Sources        []netip.Prefix
	Auth           *TrunkAuth     // nil: calls need no credentials
	Account        *TrunkAccount  // nil: we have none
	Register       *TrunkRegister // nil: we register nowhere
	Codecs         []string       // nil: media.preferred_codecs
	MaxCalls       int            // 0: no limit
	CallsPerSecond float64        // 0: no limit
	Maintenance    bool
	TrustIdentity  []string // nil: the usual header fields
	Headers        TrunkHeaders
}

// TrunkAuth is what calls of a trunk must authenticate with.
type TrunkAuth struct {
	User, Realm string
	Password    Secret // or HA1
	HA1         Secret // for the one algorithm
	Algorithms  []string
}

// TrunkAccount is what challenges of a trunk are answered with.
type TrunkAccount struct {
	User     string
	Password Secret
}

// TrunkRegister says where a trunk registers.
type TrunkRegister struct {
	Registrars            []string
	User, Domain, Contact string
	Proxy                 string
	ExpiresSeconds        int
	KeepaliveSeconds      float64
}

// Expires is how long to register for.
func (r TrunkRegister) Expires() time.Duration { return seconds(float64(r.ExpiresSeconds)) }

// Keepalive is the time between two keep-alives; 0: none.
func (r TrunkRegister) Keepalive() time.Duration { return seconds(r.KeepaliveSeconds) }

// TrunkHeaders are rules for the header fields of what we send.
type TrunkHeaders struct {
	Remove []string
	Set    map[string]string
	Add    map[string]string
}

// Secret is a text that nothing prints.
type Secret struct{ text string }

// Reveal is the text.
func (s Secret) Reveal() string { return s.text }

// String, GoString and MarshalText hide it from every way of printing.
func (Secret) String() string               { return "(secret)" }
func (Secret) GoString() string             { return "(secret)" }
func (Secret) MarshalText() ([]byte, error) { return []byte("(secret)"), nil }

var (
	trunkKeys    = []string{"name", "source", "auth", "account", "register", "codecs", "max_calls", "calls_per_second", "maintenance", "trust_identity", "headers", "script"}
	authKeys     = []string{"user", "password", "password_env", "password_file", "ha1", "realm", "algorithms"}
	accountKeys  = []string{"user", "password", "password_env", "password_file"}
	registerKeys = []string{"registrar", "user", "domain", "contact", "proxy", "expires_seconds", "keepalive_seconds"}
	headersKeys  = []string{"remove", "set", "add"}
)

// trunkBlocks loads all [[trunk]] blocks of a file.
func (l *loader) trunkBlocks(value any, place func(key string) string) {
	l.blocks("trunk", value, place, func(key string, b block, table map[string]any) {
		t, script := b.trunk(table)
		l.trunks = append(l.trunks, t)
		if script != "" {
			l.scripted = append(l.scripted, scripted{Route{Trunk: t.Name, Script: script}, place(key + ".script")})
		}
	})
}

// scripted is the route that a trunk's script stands for, and where that is written.
type scripted struct {
	route Route
	place string
}

func (b block) trunk(table map[string]any) (t Trunk, script string) {
	b.known(table, trunkKeys)
	t.Name = b.name(table)
	t.Sources = b.sources(table)
	if inner, auth, ok := b.table(table, "auth"); ok {
		t.Auth = inner.auth(auth)
	}
	if inner, account, ok := b.table(table, "account"); ok {
		inner.known(account, accountKeys)
		t.Account = &TrunkAccount{User: inner.required(account, "user"), Password: inner.secret(account)}
	}
	if inner, register, ok := b.table(table, "register"); ok {
		t.Register = inner.register(register, t.Account)
	}
	if inner, headers, ok := b.table(table, "headers"); ok {
		t.Headers = inner.headers(headers)
	}
	t.Codecs = b.choices(table, "codecs", strings.Split(codecs, ", "))
	t.TrustIdentity = b.texts(table, "trust_identity")
	t.MaxCalls = int(b.number(table, "max_calls", 1, true))
	t.CallsPerSecond = b.number(table, "calls_per_second", 0.01, false)
	t.Maintenance = b.yes(table, "maintenance")
	if t.Sources == nil && t.Auth == nil && t.Register == nil {
		b.fail("source", `is missing: write source = "ADDRESS", auth or register, so that its calls can be told from others`)
	}
	if _, ok := table["script"]; ok {
		script = b.script(table["script"])
	}
	return t, script
}

// name is what call.trunk, routes, logs and metrics call a trunk.
func (b block) name(table map[string]any) string {
	name := b.required(table, "name")
	if strings.ContainsFunc(name, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && !strings.ContainsRune("-_.", r)
	}) {
		b.fail("name", "%q: write letters, digits, -, _ and . only", name)
	}
	return name
}

func (b block) sources(table map[string]any) (all []netip.Prefix) {
	for _, text := range b.texts(table, "source") {
		p, err := netip.ParsePrefix(text)
		if addr, addrErr := netip.ParseAddr(text); addrErr == nil {
			p, err = netip.PrefixFrom(addr.Unmap(), addr.Unmap().BitLen()), nil
		}
		if err != nil {
			b.fail("source", "%q is neither an IP address nor a prefix like 203.0.113.0/24", text)
			continue
		}
		all = append(all, p.Masked())
	}
	return all
}

// allAlgorithms may be offered. MD5 alone is the default, as in Asterisk and FreeSWITCH: many phones, baresip 1 and SIPp
// among them, give up when one of the challenges (RFC 8760) has an algorithm that they do not know.
var allAlgorithms = []string{"SHA-512-256", "SHA-256", "MD5"}

// hashSize is the length of an HA1 in hex digits.
var hashSize = map[string]int{"MD5": 32, "SHA-256": 64, "SHA-512-256": 64}

func (b block) auth(table map[string]any) *TrunkAuth {
	b.known(table, authKeys)
	a := &TrunkAuth{User: b.required(table, "user"), Realm: b.loader.realm()}
	if _, ok := table["realm"]; ok {
		a.Realm = b.required(table, "realm")
	}
	if strings.ContainsFunc(a.Realm+a.User, func(r rune) bool { return r < ' ' || r == '"' || r == '\\' || r == 0x7f }) {
		b.fail("realm", `realm and user must not have ", \ or control characters`)
	}
	if a.Algorithms = b.choices(table, "algorithms", allAlgorithms); a.Algorithms == nil {
		a.Algorithms = []string{"MD5"}
	}
	ha1, ok := table["ha1"]
	if !ok {
		a.Password = b.secret(table)
		return a
	}
	text, isText := ha1.(string)
	switch {
	case len(presentIn(table, "password", "password_env", "password_file")) > 0:
		b.fail("ha1", "stands for the password: write one of them")
	case len(a.Algorithms) != 1:
		b.fail("ha1", `is good for one algorithm: write algorithms = ["MD5"], or whichever it is of`)
	case !isText || len(text) != hashSize[a.Algorithms[0]] || strings.Trim(strings.ToLower(text), "0123456789abcdef") != "":
		b.fail("ha1", "is not the %d hex digits of H(user:realm:password) that %s makes", hashSize[a.Algorithms[0]], a.Algorithms[0])
	}
	a.HA1 = Secret{strings.ToLower(text)}
	return a
}

func (b block) register(table map[string]any, account *TrunkAccount) *TrunkRegister {
	b.known(table, registerKeys)
	r := &TrunkRegister{ExpiresSeconds: 3600}
	if r.Registrars = b.texts(table, "registrar"); len(r.Registrars) == 0 {
		b.fail("registrar", `is missing: write registrar = "sip:HOST", or a list of them`)
	}
	for _, uri := range r.Registrars {
		b.sipURI("registrar", uri)
	}
	if account != nil {
		r.User = account.User
	}
	if _, ok := table["user"]; ok || r.User == "" {
		r.User = b.required(table, "user")
	}
	r.Domain, r.Contact, r.Proxy = b.optional(table, "domain"), b.optional(table, "contact"), b.optional(table, "proxy")
	if r.Proxy != "" {
		b.sipURI("proxy", r.Proxy)
	}
	for name, text := range map[string]string{"user": r.User, "domain": r.Domain, "contact": r.Contact} {
		if strings.ContainsAny(text, " \t\r\n<>\"@;?") {
			b.fail(name, "%q has a character that no SIP URI has there", text)
		}
	}
	if _, ok := table["expires_seconds"]; ok {
		r.ExpiresSeconds = int(b.number(table, "expires_seconds", 10, true))
	}
	r.KeepaliveSeconds = b.number(table, "keepalive_seconds", 1, false)
	return r
}

func (b block) sipURI(name, uri string) {
	rest, ok := strings.CutPrefix(uri, "sip:")
	if !ok || rest == "" || strings.ContainsAny(rest, " \t\r\n<>\"@?") {
		b.fail(name, "%q is no SIP URI of a host: write sip:HOST or sip:HOST:PORT;transport=tcp", uri)
	}
}

func (b block) headers(table map[string]any) (h TrunkHeaders) {
	b.known(table, headersKeys)
	h.Remove = b.texts(table, "remove")
	for _, name := range h.Remove {
		b.mayRule("remove", name)
	}
	for _, key := range []string{"set", "add"} {
		inner, fields, ok := b.table(table, key)
		if !ok {
			continue
		}
		values := map[string]string{}
		for _, name := range slices.Sorted(maps.Keys(fields)) {
			b.mayRule(key, name)
			if values[name] = inner.required(fields, name); strings.ContainsAny(values[name], "\r\n") {
				inner.fail(name, "must be one line")
			}
		}
		if key == "set" {
			h.Set = values
		} else {
			h.Add = values
		}
	}
	return h
}

// fixedHeaders belong to the protocol.
var fixedHeaders = []string{"via", "from", "to", "call-id", "cseq", "contact", "max-forwards", "route", "record-route", "content-type", "content-length",
	"require", "supported", "rseq", "rack", "session-expires", "min-se", "refer-to", "authorization", "proxy-authorization", "www-authenticate",
	"proxy-authenticate", "expires", "event", "subscription-state", "retry-after"}

func (b block) mayRule(key, name string) {
	switch {
	case slices.Contains(fixedHeaders, strings.ToLower(name)):
		b.fail(key, "%s belongs to the protocol: leave it alone", name)
	case len(name) < 2 || strings.ContainsAny(name, " \t\r\n:;,\"<>@()[]{}"):
		b.fail(key, "%q is no name of a header field, or a compact form", name)
	}
}

// checkTrunks compares the trunks with each other and with the routes.
func (l *loader) checkTrunks() {
	names, users := map[string]int{}, map[string]int{}
	first := 0 // of those without an address
	for i, t := range l.trunks {
		b := block{l, fmt.Sprintf("trunk %d", i+1), func(name string) string { return l.placeOf(fmt.Sprintf("trunk.%d.%s", i, name)) }}
		if before, ok := names[t.Name]; ok && t.Name != "" {
			b.fail("name", "%q is the name of trunk %d, too", t.Name, before)
		} else {
			names[t.Name] = i + 1
		}
		b.overlaps(i, t)
		if t.Auth == nil || t.Sources != nil || t.Register != nil {
			continue
		}
		if first == 0 {
			first = i + 1
		}
		if one := l.trunks[first-1].Auth; one.Realm != t.Auth.Realm || !slices.Equal(one.Algorithms, t.Auth.Algorithms) {
			b.fail("auth", "must have realm and algorithms of trunk %d, because nothing but the user tells their calls apart", first)
		}
		if before, ok := users[t.Auth.User]; ok {
			b.fail("auth", "user %q is that of trunk %d, and nothing else tells their calls apart", t.Auth.User, before)
		}
		users[t.Auth.User] = i + 1
	}
	for i, r := range l.list {
		if _, ok := names[r.Trunk]; r.Trunk != "" && !ok {
			l.fail(l.placeOf(fmt.Sprintf("route.%d.trunk", i)), fmt.Sprintf("route %d: trunk", i+1), "there is no trunk %q, only %s", r.Trunk, listedTrunks(l.trunks))
		}
	}
}

// overlaps refuses a prefix that a trunk before takes as a whole.
func (b block) overlaps(number int, t Trunk) {
	for j, before := range b.loader.trunks[:number] {
		for _, p := range t.Sources {
			if slices.ContainsFunc(before.Sources, func(q netip.Prefix) bool { return q.Bits() <= p.Bits() && q.Contains(p.Addr()) }) {
				b.fail("source", "no call of %s comes here: trunk %d takes it before", p, j+1)
			}
		}
	}
}

func listedTrunks(all []Trunk) string {
	names := make([]string, len(all))
	for i, t := range all {
		names[i] = t.Name
	}
	if len(names) == 0 {
		return "no [[trunk]] at all"
	}
	return strings.Join(names, ", ")
}

// finish makes the routes of the trunks' scripts, which come after the written ones.
func (l *loader) finish() {
	l.checkTrunks()
	for _, s := range l.scripted {
		key := fmt.Sprintf("route.%d", len(l.list))
		l.place[key], l.place[key+".script"] = s.place, s.place
		l.list = append(l.list, s.route)
	}
}
