package core

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
)

// Kinds of ids and keys; the kind stands in front of every one of them.
const (
	KindProject    = "proj"
	KindVisitor    = "vis"
	KindSession    = "sess"
	KindMessage    = "msg"
	KindAttachment = "att"
	KindOperator   = "op"
	KindAudit      = "aud"
	KindPublicKey  = "pk"
	KindSecretKey  = "sk"
	KindIdentity   = "ik"
	KindBridgeKey  = "bk"
)

var idAlphabet = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// NewID returns an id of the kind. Ids made later sort later, to the
// millisecond, so that indexes grow at their end; 80 bits are random.
func NewID(kind string) string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(wall().UnixMilli())<<16)
	_, _ = rand.Read(b[6:]) // never fails since Go 1.24
	return kind + "_" + idAlphabet.EncodeToString(b[:])
}

// NewKey returns a secret of the kind with 256 random bits.
func NewKey(kind string) string {
	var b [32]byte
	_, _ = rand.Read(b[:])
	return kind + "_" + idAlphabet.EncodeToString(b[:])
}

// SameSecret compares what somebody shows with what it has to be, in a time that tells
// nothing of where they differ. Every comparison of secrets goes through it or SameHash.
func SameSecret(shown, want string) bool { return SameHash(Hash(shown), Hash(want)) }

// SameHash is SameSecret for what Hash has made.
func SameHash(shown, want []byte) bool { return subtle.ConstantTimeCompare(shown, want) == 1 }

// Hash is how tokens, secret keys and one-time codes are stored: they carry
// 256 random bits, so a plain digest gives nothing away.
func Hash(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}
