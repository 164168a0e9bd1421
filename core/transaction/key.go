package transaction

import (
	"hash/maphash"
	"strconv"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// magicCookie begins the branch of every element that follows RFC 3261 (§8.1.1.7).
const magicCookie = sip.RFC3261BranchMagicCookie

// A key names a transaction, or a request that may come merged. It is a hash of what the RFC compares, under two
// secret seeds: 16 bytes without a pointer instead of some 100 in the tables, and 2^-128 for a wrong match.
type key [2]uint64

// keySeeds belong to one layer, so that keys cannot be forged from outside.
type keySeeds [2]maphash.Seed

func newKeySeeds() keySeeds { return keySeeds{maphash.MakeSeed(), maphash.MakeSeed()} }

func (s *keySeeds) hash(b []byte) key {
	return key{maphash.Bytes(s[0], b), maphash.Bytes(s[1], b)}
}

// keyBuffer is enough for the usual key; longer ones are appended to the heap.
type keyBuffer [256]byte

// serverKey names the server transaction of method that req belongs to (RFC 3261 §17.2.3): its own, or for an ACK or
// a CANCEL that of its INVITE when method says so. req has passed checkRequest.
//
// Call-ID and CSeq number are compared in addition: they are the same in all the messages of a transaction, and
// clients that use one branch for more than one request exist.
func (s *keySeeds) serverKey(req *sip.Request, method sip.RequestMethod) key {
	var buffer keyBuffer
	b := appendCommon(buffer[:0], string(*req.CallID()), req.CSeq().SeqNo, method)
	via := req.Via()
	branch := branchOf(via)
	b = appendLower(b, via.Host)
	b = append(b, ':')
	b = strconv.AppendInt(b, int64(via.Port), 10)
	b = appendField(b, branch)
	if rfc2543(branch) {
		b = append2543(b, req, via)
	}
	return s.hash(b)
}

// rfc2543 reports whether branch is not the unique one that RFC 3261 asks for.
func rfc2543(branch string) bool {
	return len(branch) <= len(magicCookie) || !strings.HasPrefix(branch, magicCookie)
}

// append2543 appends what else identifies a request without a unique branch: Request-URI, From tag and the whole top
// Via. The To tag is left out: that of the ACK is compared with the response's (Server.owns), and those of requests
// within one dialog do not differ.
func append2543(b []byte, req *sip.Request, via *sip.ViaHeader) []byte {
	b = appendField(b, req.Recipient.String())
	b = appendField(b, tagOf(req.From().Params))
	b = appendField(b, via.Transport)
	for _, p := range via.Params {
		// Written by our transport, and not necessarily the same in each copy (RFC 3581 §4).
		if strings.EqualFold(p.K, "received") || strings.EqualFold(p.K, "rport") {
			continue
		}
		b = appendField(b, p.K)
		b = appendField(b, p.V)
	}
	return b
}

// clientKey names the client transaction that a response with this top Via belongs to (RFC 3261 §17.1.3), with
// Call-ID and CSeq number as in serverKey.
func (s *keySeeds) clientKey(via *sip.ViaHeader, callID string, cseq *sip.CSeqHeader) key {
	var buffer keyBuffer
	b := appendCommon(buffer[:0], callID, cseq.SeqNo, cseq.MethodName)
	return s.hash(appendField(b, branchOf(via)))
}

// mergedKey names what copies of one request that came on several paths have in common (RFC 3261 §8.2.2.2).
func (s *keySeeds) mergedKey(req *sip.Request) key {
	var buffer keyBuffer
	b := appendCommon(buffer[:0], string(*req.CallID()), req.CSeq().SeqNo, req.Method)
	return s.hash(appendField(b, tagOf(req.From().Params)))
}

// appendCommon appends what all keys compare. Every field ends in a byte that occurs in none.
func appendCommon(b []byte, callID string, number uint32, method sip.RequestMethod) []byte {
	b = appendField(b, callID)
	b = strconv.AppendUint(b, uint64(number), 10)
	b = appendField(b, "")
	return appendField(b, string(method))
}

func appendField(b []byte, s string) []byte { return append(append(b, s...), 0) }

func appendLower(b []byte, s string) []byte {
	for i := range len(s) {
		c := s[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		b = append(b, c)
	}
	return b
}

func branchOf(via *sip.ViaHeader) string { return param(via.Params, "branch") }

func tagOf(params sip.HeaderParams) string { return param(params, "tag") }

// param is the value of a parameter, whose name has no case (RFC 3261 §7.3.1).
func param(params sip.HeaderParams, name string) string {
	for _, p := range params {
		if strings.EqualFold(p.K, name) {
			return p.V
		}
	}
	return ""
}
