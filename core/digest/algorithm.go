package digest

import (
	"crypto/md5"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"hash"
	"strings"
)

// Algorithm is a hash of RFC 8760 §2.1. A greater one is stronger.
type Algorithm uint8

// The algorithms, the weakest first.
const (
	MD5 Algorithm = iota + 1
	SHA256
	SHA512256
)

// strongest are all algorithms in the order in which a server offers them (RFC 8760 §2.3).
var strongest = [...]Algorithm{SHA512256, SHA256, MD5}

// ParseAlgorithm reads the value of an algorithm parameter; none is MD5.
func ParseAlgorithm(name string) (Algorithm, error) {
	switch strings.ToUpper(name) {
	case "", "MD5":
		return MD5, nil
	case "SHA-256":
		return SHA256, nil
	case "SHA-512-256":
		return SHA512256, nil
	}
	return 0, fmt.Errorf("%q is no algorithm: write MD5, SHA-256 or SHA-512-256", name)
}

func (a Algorithm) String() string {
	switch a {
	case MD5:
		return "MD5"
	case SHA256:
		return "SHA-256"
	case SHA512256:
		return "SHA-512-256"
	}
	return "no algorithm"
}

// Size is the length of a hash in bytes.
func (a Algorithm) Size() int { return a.new().Size() }

func (a Algorithm) new() hash.Hash {
	switch a {
	case SHA256:
		return sha256.New()
	case SHA512256:
		return sha512.New512_256()
	}
	return md5.New()
}

// HA1 is H(user:realm:password) in hex, which stands for the password in that
// realm (RFC 7616 §3.4.2).
func (a Algorithm) HA1(user, realm, password string) string {
	h := a.new()
	fmt.Fprintf(h, "%s:%s:%s", user, realm, password)
	return hex.EncodeToString(h.Sum(nil))
}
