package web

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/pocketping/pocketping/core"
)

// When new visitors are asked for a proof of work; see Settings.
const (
	ProofOff     = "off"
	ProofFlooded = "flooded" // once a project has more of them than Limits.Visitors
	ProofAlways  = "always"
)

const (
	proofBits   = 16 // 65,536 hashes on average
	proofWithin = 2 * time.Minute
	maxProof    = 128 // bytes
)

// proofs makes challenges and takes what solves them. A challenge is
// "<bits>.<until>.<nonce>.<mac>" and bound to a project and an address, so that nothing has to be
// remembered but what was used. A proof is the challenge, a dot and a number, whose SHA-256 begins
// with that many zero bits; it lets one new visitor in.
type proofs struct {
	key []byte
	now func() time.Time

	mu    sync.Mutex
	used  map[string]time.Time // until when, by challenge
	swept time.Time
	told  time.Time
}

// challenge is a new one.
func (p *proofs) challenge(project, address string) string {
	var nonce [8]byte
	_, _ = rand.Read(nonce[:])
	until := strconv.FormatInt(p.now().Add(proofWithin).Unix(), 36)
	head := fmt.Sprintf("%d.%s.%s", proofBits, until, base64.RawURLEncoding.EncodeToString(nonce[:]))
	return head + "." + p.sign(head, project, address)
}

func (p *proofs) sign(head, project, address string) string {
	mac := hmac.New(sha256.New, p.key)
	fmt.Fprintf(mac, "proof\n%s\n%s\n%s", head, project, address)
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:16])
}

// take reports whether the proof solves a challenge that this project gave this address, in
// time and for the first time.
func (p *proofs) take(proof, project, address string) bool {
	parts := strings.Split(proof, ".")
	if len(proof) > maxProof || len(parts) != 5 {
		return false
	}
	head := strings.Join(parts[:3], ".")
	if !core.SameSecret(parts[3], p.sign(head, project, address)) {
		return false
	}
	// What is signed was made here.
	zeros, _ := strconv.Atoi(parts[0])
	unix, _ := strconv.ParseInt(parts[1], 36, 64)
	sum, until := sha256.Sum256([]byte(proof)), time.Unix(unix, 0)
	now := p.now()
	if now.After(until) || bits.LeadingZeros64(binary.BigEndian.Uint64(sum[:])) < zeros {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, again := p.used[head]; again {
		return false
	}
	p.sweep(now)
	p.used[head] = until
	return true
}

// sweep forgets what is too old to be used again.
func (p *proofs) sweep(now time.Time) {
	if p.used == nil {
		p.used = map[string]time.Time{}
	}
	if now.Sub(p.swept) < proofWithin {
		return
	}
	p.swept = now
	for head, until := range p.used {
		if now.After(until) {
			delete(p.used, head)
		}
	}
}

// flooded reports, once a minute, that it is time to tell the admin.
func (p *proofs) flooded() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	if now.Sub(p.told) < time.Minute {
		return false
	}
	p.told = now
	return true
}

// challenged refuses a hello until its page has solved the challenge.
type challenged struct {
	refusal   *core.Error
	challenge string
}

func (c *challenged) Error() string { return c.refusal.Error() }
func (c *challenged) Unwrap() error { return c.refusal }

// challengeOf is what a refused page has to solve; empty when that would not help.
func challengeOf(err error) string {
	if c := new(challenged); errors.As(err, &c) {
		return c.challenge
	}
	return ""
}

// mayBegin refuses a visitor whom nobody knows yet, as far as there are too many of them.
func (s *Server) mayBegin(p *core.Project, proof string, from caller) error {
	if err := s.limits.sessions.peek(from.address); err != nil {
		return err
	}
	when := s.set.Load().Proof
	over := s.limits.visitors.take(p.ID)
	switch {
	case when == ProofAlways, when == ProofFlooded && over != nil:
		if over != nil && s.proofs.flooded() {
			s.log.Warn("more new visitors than limits.visitors: their browsers are asked for a proof of work", "project", p.Slug)
		}
		if !s.proofs.take(proof, p.ID, from.address) {
			return &challenged{
				refusal:   &core.Error{Code: core.CodeRateLimited, Message: "many people come at once: your browser is being checked, wait a moment", RetryAfter: time.Second},
				challenge: s.proofs.challenge(p.ID, from.address),
			}
		}
	case over != nil:
		return over
	}
	return s.limits.sessions.take(from.address)
}
