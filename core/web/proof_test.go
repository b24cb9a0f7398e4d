package web

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// solve finds the proof of a challenge as a page does.
func solve(challenge string) string {
	for n := 0; ; n++ {
		if proof := fmt.Sprint(challenge, ".", n); solves(proof) {
			return proof
		}
	}
}

func solves(proof string) bool {
	sum := sha256.Sum256([]byte(proof))
	return sum[0] == 0 && sum[1] == 0 // 16 bits
}

func TestProofs(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	p := &proofs{key: []byte("key"), now: func() time.Time { return now }}
	proof := solve(p.challenge("proj_a", "192.0.2.1"))
	if len(proof) > maxProof {
		t.Errorf("%d bytes: %s", len(proof), proof)
	}
	cut := strings.LastIndexByte(proof, '.')
	wrong := ""
	for n := 0; wrong == "" || solves(wrong); n++ {
		wrong = fmt.Sprint(proof[:cut], ".", n)
	}
	easier := "1" + proof[2:]
	later := strings.Replace(proof, ".", ".z", 1)
	for what, foreign := range map[string]string{
		"nothing": "", "no work": wrong, "fewer bits": easier, "another time": later, "the challenge": proof[:cut],
		"another's": solve((&proofs{key: []byte("other"), now: p.now}).challenge("proj_a", "192.0.2.1")),
		"long":      proof + strings.Repeat("0", 200), "dots": "....", "text": "16.a.b.c.d",
	} {
		if p.take(foreign, "proj_a", "192.0.2.1") {
			t.Errorf("%s is taken: %s", what, foreign)
		}
	}
	if p.take(proof, "proj_b", "192.0.2.1") || p.take(proof, "proj_a", "192.0.2.2") {
		t.Error("it is taken of another project or address")
	}
	now = now.Add(proofWithin)
	if !p.take(proof, "proj_a", "192.0.2.1") {
		t.Error("a good proof is not taken")
	}
	if p.take(proof, "proj_a", "192.0.2.1") || p.take(proof[:cut]+".00", "proj_a", "192.0.2.1") {
		t.Error("it is taken twice")
	}
	late := solve(p.challenge("proj_a", "192.0.2.1"))
	now = now.Add(proofWithin + time.Second)
	if p.take(late, "proj_a", "192.0.2.1") {
		t.Error("it is taken too late")
	}
	if !p.take(solve(p.challenge("proj_a", "192.0.2.1")), "proj_a", "192.0.2.1") || len(p.used) != 1 {
		t.Errorf("%d used ones are remembered", len(p.used))
	}
}

// While a project is flooded, new visitors have to prove work; nobody else does.
func TestProofOfWorkWhileFlooded(t *testing.T) {
	h := newHouse(t, func(o *Options) {
		o.Proof, o.Limits = ProofFlooded, Limits{Visitors: Limit{1, time.Hour}}
	})
	_, w := h.open(nil)
	hello := obj{"type": "hello", "key": h.acme.PublicKey}
	refused := h.dial(acmeOrigin)
	refused.send(hello)
	e := refused.want("error")
	equal(t, "code", e.text("code"), "rate_limited")
	equal(t, "closed", refused.closed(), closeTooMany)
	if !strings.HasPrefix(e.text("challenge"), "16.") || !strings.Contains(e.text("message"), "wait a moment") {
		t.Errorf("the refusal is %v", e)
	}
	proof := solve(e.text("challenge"))
	solved, _ := h.open(obj{"proof": proof})
	solved.post("1", "I am here")
	again := h.dial(acmeOrigin)
	again.send(obj{"type": "hello", "key": h.acme.PublicKey, "proof": proof})
	if e := again.want("error"); e.text("challenge") == "" || e.text("challenge") == strings.TrimSuffix(proof, proof[strings.LastIndexByte(proof, '.'):]) {
		t.Errorf("a second use is answered with %v", e)
	}
	h.again(w, nil) // known ones are let in
	h.open(obj{"identity": sign(t, identityKey, jwt.SigningMethodHS256, jwt.MapClaims{"sub": "olga", "exp": time.Now().Add(time.Hour).Unix()})})
	_, o, _ := h.call("GET", "/metrics", nil, nil)
	if !strings.Contains(o.text("raw"), `pocketping_refused_total{limit="visitors"} 3`) {
		t.Error("no metric tells of the flood")
	}

	// The same without a socket.
	header := map[string]string{"Origin": acmeOrigin, "Content-Type": "application/json"}
	frames := func(frame obj) obj {
		status, o, _ := h.call("POST", "/v1/frames", header, []obj{frame})
		answers, _ := decodeList(o.text("raw"))
		if status != 200 || len(answers) != 1 {
			t.Fatalf("%d %v", status, o)
		}
		return answers[0].(map[string]any)
	}
	hello["proof"] = solve(frames(hello).text("challenge"))
	equal(t, "frames with a proof", frames(hello).text("type"), "welcome")
}

// Without it, more than the project takes are sent away in words.
func TestNewVisitorsOfAProject(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.Limits = Limits{Visitors: Limit{1, time.Hour}} })
	h.open(nil)
	refused := h.dial(acmeOrigin)
	refused.send(obj{"type": "hello", "key": h.acme.PublicKey})
	e := refused.want("error")
	equal(t, "words", e.text("message"), "too many new visitors, wait a moment")
	equal(t, "challenge", e.text("challenge"), "")
}

func TestConnectionsOfOneAddress(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.Limits = Limits{Open: 2} })
	first, w := h.open(nil)
	h.again(w, nil)
	third := h.dial(acmeOrigin)
	equal(t, "a third", third.closed(), closeTooMany)
	header := map[string]string{"Origin": acmeOrigin, "Authorization": "Bearer " + w.text("visitor", "token")}
	status, o, _ := h.call("GET", "/v1/stream", header, nil)
	equal(t, "a stream", fmt.Sprint(status, " ", o.text("error", "message")), "429 too many connections are open from your network, close other pages and wait a moment")
	_ = first.conn.CloseNow()
	until(t, "one is gone", func() bool { return h.srv.sockets.count() == 1 })
	h.again(w, nil)
	h.srv.held.mu.Lock()
	defer h.srv.held.mu.Unlock()
	if n := len(h.srv.held.n); n != 1 {
		t.Errorf("%d addresses are held", n)
	}
}
